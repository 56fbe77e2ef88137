"""The hold-out is cut by a rule and written so that values survive."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foldline.errors import DataError
from foldline.folds import Schema
from preprocessing.holdout import held_out, holdout_rule, write_holdout

SCHEMA = Schema("id", "y", ("x",), ("c",))


@pytest.mark.parametrize(
    ("values", "start"),
    [
        ([dt.date(2013, 11, 30), dt.date(2013, 12, 1), dt.date(2013, 12, 2)], "2013-12-01"),
        ([dt.datetime(2013, 11, 30, 23), dt.datetime(2013, 12, 1), dt.datetime(2014, 1, 1)], "2013-12-01"),
        (["2013-11-30", "2013-12-01", "2013-12-02"], "2013-12-01"),
        ([11, 12, 13], 12),
        ([0.5, 1.5, 2.5], 1.5),
    ],
)
def test_rows_from_a_value_on_are_held_out(values, start):
    """
    The rule compares in the column's own type: dates, times, texts, numbers.
    """
    rows = pa.table({"when": pa.chunked_array([values])})

    assert [False, True, True] == held_out(rows, {"column": "when", "from": start}).tolist()


def test_without_a_rule_nothing_is_held_out():
    """
    All rows go to the folds.
    """
    assert [False, False] == held_out(pa.table({"x": [1, 2]}), None).tolist()
    assert "" == holdout_rule(None)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("2014-01-01", "when >= 2014-01-01 holds out none of 2 rows"),
        ("2012-01-01", "when >= 2012-01-01 holds out all of 2 rows"),
        ("december", "'december' cannot be compared with when, which is of type date32"),
    ],
)
def test_a_rule_that_cuts_nothing_or_everything_is_refused(start, message):
    """
    An empty hold-out or an empty rest is an error, and so is a value of another type.
    """
    rows = pa.table({"when": [dt.date(2013, 1, 1), dt.date(2013, 6, 1)]})

    with pytest.raises(DataError, match=message) as caught:
        held_out(rows, {"column": "when", "from": start})

    assert caught.value.where.startswith("preprocessing.yaml: holdout")


def test_a_row_the_rule_cannot_place_is_refused():
    """
    A missing date is neither before nor after.
    """
    with pytest.raises(DataError, match="1 rows have no when"):
        held_out(pa.table({"when": [1, None]}), {"column": "when", "from": 1})


@settings(deadline=None)
@given(
    numbers=st.lists(st.floats(allow_infinity=False), min_size=2, max_size=20),
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=12),
)
def test_numbers_and_texts_survive_exactly(tmp_path_factory, numbers, text):
    """
    Every float64 reads back as itself, a missing one as nothing; quotes and commas are quoted.
    """
    folder = tmp_path_factory.mktemp("holdout")
    ids = [f"r{number:03d}" for number in range(len(numbers))]
    labels = pa.array([1] + [0] * (len(numbers) - 1), pa.int8())
    write_holdout(
        folder, pa.table({"row_id": ids, "label": labels, "x": numbers, "c": [text] * len(ids)}), SCHEMA, ""
    )

    with (folder / "features" / "part-00000.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))

    assert [[row_id, text] for row_id in ids] == [[line[0], line[2]] for line in lines]
    for number, line in zip(numbers, lines, strict=True):
        assert line[1] == "" if math.isnan(number) else number == float(line[1])


def test_labels_and_summary_lie_beside_the_features(tmp_path):
    """
    Answers are a Parquet file with all features; the summary says how many rows by which rule.
    """
    rows = pa.table(
        {
            "row_id": ["a", "b"],
            "label": pa.array([0, 1], pa.int8()),
            "when": [1, 2],
            "x": [1.0, 2.0],
            "c": ["u", ""],
        }
    )

    write_holdout(tmp_path, rows, SCHEMA, "when >= 1")

    assert rows.drop_columns(["when"]).to_pydict() == pq.read_table(tmp_path / "labels").to_pydict()
    assert {"rows": 2, "positives": 1, "rule": "when >= 1"} == json.loads(
        (tmp_path / "holdout.json").read_text()
    )
    assert "a,1.0,u\nb,2.0,\n" == (tmp_path / "features" / "part-00000.csv").read_text()


def test_a_holdout_of_one_class_is_refused(tmp_path):
    """
    It could not be scored, so the split says so before anything is trained.
    """
    rows = pa.table({"row_id": ["a"], "label": pa.array([0], pa.int8()), "x": [1.0], "c": ["u"]})

    with pytest.raises(DataError, match="the hold-out has one class only: 0 of 1 rows are positive"):
        write_holdout(tmp_path, rows, SCHEMA, "when >= 1")
