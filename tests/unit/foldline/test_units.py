"""Durations and sizes in step files."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from foldline.stepfiles.units import (
    Bytes,
    Duration,
    Interval,
    Seconds,
    Size,
    duration_text,
    seconds,
    size_bytes,
    size_text,
)


class Model(BaseModel):
    wait: Duration = 60
    look: Interval = 0.3
    disk: Annotated[int, Bytes(at_least="1 GiB", at_most="2 TiB", step="1 GiB")] = 2**30
    payload: Size = 1024


def fault(**values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Model(**values)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90s", 90),
        ("20m", 1200),
        ("2h", 7200),
        ("1h30m", 5400),
        ("50ms", 0.05),
        ("7d", 604800),
        ("1.5h", 5400),
    ],
)
def test_a_duration_is_seconds(text, value):
    """
    A duration is a number with a unit, or several from large to small.
    """
    assert value == seconds(text)


@pytest.mark.parametrize(
    "text", ["20", "", "m", "20 m", "-5m", "5M", "30m1h", "1e3s", "20min", 20, True, None, ["1s"]]
)
def test_what_is_no_duration(text):
    """
    A number without a unit, a unit without a number, and units out of order are refused.
    """
    with pytest.raises(ValueError, match="is no duration; write a number with a unit: "):
        seconds(text)


def test_a_plain_number_is_told_its_units():
    """
    The message for 20 shows 20 with units.
    """
    assert "20 is no duration; write a number with a unit: 20s, 20m, 20h" == fault(wait=20)


@given(st.integers(0, 10**12))
def test_a_duration_survives_its_text(milliseconds):
    """
    The text of a duration reads back as the same duration.
    """
    assert milliseconds / 1000 == seconds(duration_text(milliseconds / 1000))


@pytest.mark.parametrize(
    ("text", "value"),
    [("6 MiB", 6 * 2**20), ("30 GiB", 30 * 2**30), ("30GiB", 30 * 2**30), ("0.5 TiB", 2**39)],
)
def test_a_size_is_bytes(text, value):
    """
    A size is a number with a unit of 1024s.
    """
    assert value == size_bytes(text)


@pytest.mark.parametrize("text", ["30", 30, "30 GB", "30 gib", "GiB", "-1 GiB", "0.3 KiB", None])
def test_what_is_no_size(text):
    """
    Units of 1000s, plain numbers and parts of a byte are refused.
    """
    with pytest.raises(ValueError, match="is no size; write a number with a unit: "):
        size_bytes(text)


@given(st.integers(0, 2**50))
def test_a_size_survives_its_text(kib):
    """
    The text of a size in whole KiB reads back as the same size.
    """
    assert kib * 1024 == size_bytes(size_text(kib * 1024))


def test_bounds_are_told_in_units():
    """
    A bound is written in the message as in the model, and so is a step.
    """
    assert "512 MiB, must be a multiple of 1 GiB" == fault(disk="512 MiB")
    assert "3 TiB, must be at most 2 TiB" == fault(disk="3 TiB")
    assert "0 GiB, must be at least 1 GiB" == fault(disk="0 GiB")
    assert "0s, must be at least 1s" == fault(wait="0s")
    assert "50ms, must be whole seconds" == fault(wait="50ms")


def test_a_model_holds_plain_numbers_and_writes_units():
    """
    In Python a duration is an int of seconds; as JSON it is text with its unit again.
    """
    model = Model(wait="1h30m", look="50ms", disk="30 GiB")
    assert (5400, 0.05, 30 * 2**30) == (model.wait, model.look, model.disk)
    assert isinstance(model.wait, int)
    written = model.model_dump(mode="json")
    assert {"wait": "1h30m", "look": "50ms", "disk": "30 GiB", "payload": "1 KiB"} == written
    assert model == Model(**written)


def test_the_schema_is_a_string_with_a_pattern():
    """
    An editor is told the pattern of a duration, which takes good ones and no bare number.
    """
    pattern = Seconds().json_schema["pattern"]
    assert [True, True, False, False] == [
        bool(re.match(pattern, text)) for text in ("20m", "1h30m", "20", "")
    ]
