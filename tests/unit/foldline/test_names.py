"""Names follow from identity alone."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from foldline.names import Identity, spec_hash

TEXT = st.text(min_size=0, max_size=120)


def identity(**changes: object) -> Identity:
    fields: dict[str, object] = {
        "env": "local",
        "dag": "flights",
        "run": "manual__2026",
        "task": "training",
        "map_index": -1,
        "kind": "training",
        "spec_hash": "abc",
    }
    return Identity(**{**fields, **changes})  # type: ignore[arg-type]


@given(dag=TEXT, run=TEXT, task=TEXT, index=st.integers(-1, 10_000), limit=st.sampled_from([32, 63]))
def test_every_name_is_one_that_sagemaker_takes(
    dag: str, run: str, task: str, index: int, limit: int
) -> None:
    """
    Any ids, in any script, give a name of legal characters and length.
    """
    name = identity(dag=dag, run=run, task=task, map_index=index).name(1, limit)

    assert len(name) <= limit
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)


def test_the_same_identity_has_the_same_name() -> None:
    """
    Nothing but identity and generation goes into a name.
    """
    assert identity().name(0) == identity().name(0)


def test_each_part_of_the_identity_changes_the_name() -> None:
    """
    Another environment, run, fold, request or epoch is other work.
    """
    others = [
        identity(env="dev"),
        identity(dag="other"),
        identity(run="manual__2027"),
        identity(task="tuning"),
        identity(map_index=3),
        identity(kind="transform"),
        identity(spec_hash="abd"),
        identity(epoch=1),
    ]
    names = {one.name(0) for one in others} | {identity().name(0), identity().name(1)}

    assert len(others) + 2 == len(names)


def test_ids_that_look_alike_after_cleaning_stay_apart() -> None:
    """
    `a.b` and `a_b` share a slug and not a name.
    """
    assert identity(task="a.b").name() != identity(task="a_b").name()


def test_a_request_is_the_same_work_whatever_its_tags_and_order() -> None:
    """
    Tags and the order of members are no part of the work.
    """
    assert spec_hash({"a": 1, "b": [2]}) == spec_hash(
        {"b": [2], "a": 1, "Tags": [{"Key": "x", "Value": "y"}]}
    )
    assert spec_hash({"a": 1}) != spec_hash({"a": 2})


def test_tags_are_within_what_aws_allows() -> None:
    """
    At most 50 tags, keys of 128 and values of 256 characters.
    """
    tags = identity(task="t" * 400, dag="d" * 400).tags(2)

    assert len(tags) <= 50
    assert all(len(key) <= 128 and len(value) <= 256 for key, value in tags.items())
