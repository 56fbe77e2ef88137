"""Records keep their order and number through split, batches and assembly; filters pick what they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.sagemaker.transform.record_filters import Filter, NoSuchPart, filtered, joined
from localaws.sagemaker.transform.records import assemble, batches, split

LINES = st.lists(
    st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")), max_size=30
)


@given(LINES, st.integers(12, 60), st.booleans())
def test_no_record_is_lost_or_moved(lines, max_bytes, several):
    """
    Whatever the payload's limit, the batches hold every record once, in order, and none is over the limit.
    """
    found = list(batches(lines, several=several, max_bytes=max_bytes))
    assert lines == [record for batch in found for record in batch.records]
    assert all(len(batch.payload) <= max_bytes for batch in found)
    assert [batch.first for batch in found] == [
        sum(len(before.records) for before in found[:number]) for number in range(len(found))
    ]
    assert several or all(1 == len(batch.records) for batch in found)


@given(LINES.filter(all))
def test_lines_assembled_are_split_again(lines):
    """
    Assembly with lines is the inverse of the split by lines.
    """
    assert lines == split(assemble(lines, "Line"), "Line")


def test_split_keeps_inner_blank_lines_and_drops_carriage_returns():
    """
    A last newline ends the last record and begins no new one.
    """
    assert [b"a", b"", b"b"] == split(b"a\r\n\r\nb\r\n", "Line")
    assert [b"a\nb\n"] == split(b"a\nb\n", "None")


def test_a_record_over_the_limit_is_named():
    """
    Its number counts from 1.
    """
    with pytest.raises(JobFailure, match="record 2 has 5 bytes"):
        list(batches([b"a", b"abcde"], several=True, max_bytes=4))


@pytest.mark.parametrize(
    ("path", "record", "part"),
    [
        ("$", [1, 2], [1, 2]),
        ("$[0]", [1, 2], 1),
        ("$[1:]", [1, 2, 3], [2, 3]),
        ("$[:-1]", [1, 2, 3], [1, 2]),
        ("$[0,2,-1]", [1, 2, 3, 4], [1, 3, 4]),
        ("$.a.b", {"a": {"b": 1}}, 1),
        ("$['a'].b[0]", {"a": {"b": [7]}}, 7),
        ("$['a', 'c']", {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}),
    ],
)
def test_filters(path, record, part):
    """
    Each form of the subset picks what JSONPath says.
    """
    assert part == Filter.parse(path).apply(record)


@pytest.mark.parametrize("path", ["$..a", "$[?(@.x)]", "$[*]", "$[1:3:2]", "$[0,1].a", "$[]"])
def test_other_paths_are_refused_by_name(path):
    """
    What the subset has not is NotImplemented, with the filter in the text.
    """
    with pytest.raises(AwsError) as refused:
        Filter.parse(path)
    assert "NotImplemented" == refused.value.code
    assert repr(path) in refused.value.message


@pytest.mark.parametrize(
    ("path", "record"), [("$[5]", [1]), ("$.a", {"b": 1}), ("$.a", [1]), ("$['a','b']", {"a": 1})]
)
def test_a_part_that_is_not_there(path, record):
    """
    A filter that finds nothing says which.
    """
    with pytest.raises(NoSuchPart, match="the record has nothing at"):
        Filter.parse(path).apply(record)


def test_csv_keeps_its_quotes():
    """
    A column with a comma is quoted again; a single column stands alone.
    """
    assert '"a,b",1' == filtered('"a,b",x,1', Filter.parse("$[0,2]"), is_csv=True)
    assert "x" == filtered('"a,b",x,1', Filter.parse("$[1]"), is_csv=True)
    assert '"a,b",x,0.5' == joined('"a,b",x', "0.5", is_csv=True)


def test_a_record_that_is_not_json():
    """
    The text is shown.
    """
    with pytest.raises(NoSuchPart, match="not JSON: 'x'"):
        filtered("x", Filter.parse("$.a"), is_csv=False)
