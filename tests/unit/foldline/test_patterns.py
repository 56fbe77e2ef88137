"""Java's patterns in Python's spelling."""

from __future__ import annotations

import pytest

from foldline.patterns import compiled


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Prüfung 7: ok", "no?"),
        (r"([\p{L}\p{N}]*)${1,256}", "äb1", "a b"),
        (r"\p{Alnum}+", "abc1", "ä"),
        (r"\A\S[\p{Print}]*\z", "ab c", " ab"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a\t😀", "a\nb"),
        (r"[\w-_]*", "a-b_c", "a b"),
        (r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", "a--b", "-a"),
        (r"\d+", "12", "١٢"),
    ],
)
def test_a_pattern_takes_what_java_takes(pattern, good, bad):
    """
    Classes, surrogate pairs, loose hyphens and quantified ends mean what they mean in Java.
    """
    assert compiled(pattern).fullmatch(good)
    assert not compiled(pattern).fullmatch(bad)


def test_a_pattern_beyond_us_is_no_pattern():
    """
    What cannot be translated is not checked, rather than refused by mistake.
    """
    assert compiled(r"\p{Emoji_Modifier}+") is None


@pytest.mark.parametrize(
    "service", ["sagemaker", "sagemaker-runtime", "athena", "glue", "s3", "sts", "iam", "logs"]
)
def test_every_pattern_of_our_services_is_understood(service):
    """
    No pattern in the models of the services we call is left unchecked.
    """
    from botocore.loaders import create_loader

    shapes = create_loader().load_service_model(service, "service-2")["shapes"]
    patterns = {shape["pattern"] for shape in shapes.values() if "pattern" in shape}
    assert set() == {pattern for pattern in patterns if compiled(pattern) is None}
