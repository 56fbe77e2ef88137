"""Keys in S3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foldline.layout import PipelineLayout, S3Uri, each_generation, of_generation, path_slug

RUN = PipelineLayout("bucket", "flights").run("manual__2026-01-01T00:00:00+00:00")


def test_prefixes_end_with_a_slash() -> None:
    """
    A prefix never matches its longer neighbour.
    """
    prefixes = [RUN.root, RUN.folds, RUN.jobs, RUN.quality, RUN.holdout, RUN.table("k"), RUN.predictions("k")]

    assert [True] * len(prefixes) == [str(prefix).endswith("/") for prefix in prefixes]


def test_fold_numbers_are_padded() -> None:
    """
    Fold 1 does not also match folds 10 to 19.
    """
    assert not str(RUN.train_manifest(10)).startswith(
        str(RUN.train_manifest(1)).removesuffix("/train.manifest")
    )


@given(st.text(max_size=300))
def test_any_run_id_is_one_safe_key_part(run_id: str) -> None:
    """
    No slash, no dot-dot, no control character survives.
    """
    part = path_slug(run_id)

    assert part
    assert "/" not in part
    assert part not in (".", "..")
    assert part.isascii()
    assert part.isprintable()


def test_run_ids_that_clean_to_the_same_text_stay_apart() -> None:
    """
    `a:b` and `a+b` are two runs.
    """
    assert path_slug("a:b") != path_slug("a+b")


@pytest.mark.parametrize("text", ["http://bucket/key", "s3:/bucket", "s3://B_/k", "bucket/key", ""])
def test_what_is_no_s3_address_is_refused(text: str) -> None:
    """
    The error shows the text and the form that is wanted.
    """
    with pytest.raises(ValueError, match="s3://bucket/key"):
        S3Uri.parse(text)


def test_an_address_survives_a_round_trip() -> None:
    """
    Parse and print are inverse.
    """
    assert "s3://bucket/a/b.csv" == str(S3Uri.parse("s3://bucket/a/b.csv"))
    assert "s3://bucket/a/b/" == str(S3Uri.parse("s3://bucket/a") / "b/")


def test_each_generation_has_a_folder_of_its_own():
    """
    The request's texts at any depth are of the generation that is sent; what holds no such folder stays.
    """
    target = each_generation(RUN.outputs("copy", "k"))
    request = {"Output": [{"S3Uri": str(target / "rows/")}], "Volume": 1}

    assert RUN.outputs("copy", "k") / "g2/" == of_generation(target, 2)
    assert {"Output": [{"S3Uri": f"{RUN.outputs('copy', 'k')}g1/rows/"}], "Volume": 1} == of_generation(
        request, 1
    )
    assert RUN.root == of_generation(RUN.root, 1)
