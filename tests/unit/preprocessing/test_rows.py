"""Canonical rows: one form for all later steps, or an error that says which column to mend."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from foldline.errors import DataError
from foldline.folds import Schema
from preprocessing.rows import canonical_rows, group_numbers

SCHEMA = Schema("id", "y", ("x",), ("c",))


def small(**columns) -> pa.Table:
    return pa.table({"id": ["b", "a"], "y": [1, 0], "x": [1.5, None], "c": ["u", None], **columns})


def test_rows_are_sorted_and_missing_values_have_one_form():
    """
    Rows come by id; a missing number is NaN, a missing category the empty string.
    """
    rows = canonical_rows(small(), SCHEMA)

    assert ["row_id", "label", "x", "c"] == rows.column_names
    assert ["a", "b"] == rows["row_id"].to_pylist()
    assert ["", "u"] == rows["c"].to_pylist()
    assert math.isnan(rows["x"][0].as_py())
    assert 1.5 == rows["x"][1].as_py()
    assert (pa.string(), pa.int8(), pa.float64(), pa.string()) == tuple(rows.schema.types)


def test_integer_ids_decimals_and_booleans_are_read():
    """
    Whatever Athena calls a number is a float64; an integer id is its digits.
    """
    table = small(
        id=[7, 5], x=pa.array([1, 2], pa.decimal128(9, 2)), c=pa.array([True, False]), y=[True, False]
    )

    assert {"row_id": ["5", "7"], "label": [0, 1], "x": [2.0, 1.0], "c": ["false", "true"]} == canonical_rows(
        table, SCHEMA
    ).to_pydict()


def test_kept_columns_go_along_once():
    """
    A group column that is no feature is kept as it is; one that is a feature is not doubled.
    """
    assert ["row_id", "label", "day", "x", "c"] == canonical_rows(
        small(day=[1, 2]), SCHEMA, ("day", "c", "day")
    ).column_names


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a", None]}, "1 rows have no id"),
        ({"id": ["a", "a"]}, "1 values of id are on more than one row"),
        ({"id": ["a", "b\nc"]}, "holds a line break"),
        ({"id": [["a"], ["b"]]}, "row ids are strings or integers"),
        ({"y": [1, 1]}, "the label y has one class only: 1 on all 2 rows"),
        ({"y": [1, 2]}, "the label y must be 0 or 1"),
        ({"y": [1, None]}, "the label y must be 0 or 1"),
        ({"y": ["yes", "no"]}, "the label y must be 0 or 1"),
        ({"x": ["1", "2"]}, "the numeric feature x is of type string"),
        ({"x": [1.0, math.inf]}, "the numeric feature x holds an infinite value"),
        ({"c": [["u"], ["v"]]}, "column c is of type list"),
    ],
)
def test_what_no_model_can_read_is_refused(columns, message):
    """
    Each fault is an error of the data that names the column, and says how to mend it.
    """
    with pytest.raises(DataError, match=message) as caught:
        canonical_rows(small(**columns), SCHEMA)

    assert caught.value.where.startswith("preprocessing.yaml")


def test_a_missing_column_names_the_nearest(table, schema):
    """
    A column that preprocessing.yaml names and the table lacks is found before any work.
    """
    with pytest.raises(DataError, match=r"temp: did you mean 'tempp'\?"):
        canonical_rows(table.rename_columns({"temp": "tempp"}), schema)


def test_a_feature_cannot_take_a_name_of_ours():
    """
    Shards call two columns row_id and label, so no feature may.
    """
    with pytest.raises(DataError, match="a feature cannot be called label"):
        canonical_rows(small(label=[1.0, 2.0]), Schema("id", "y", ("label",), ()))


def test_groups_are_numbered_by_value_not_by_row():
    """
    The order of the rows does not number the groups.
    """
    column = pa.chunked_array([["d", "b"], ["a", "b"]])

    assert [2, 1, 0, 1] == group_numbers(column, "day").tolist()
    assert np.int64 == group_numbers(column, "day").dtype


def test_a_row_without_group_is_refused():
    """
    It could be in any fold, so it is an error.
    """
    with pytest.raises(DataError, match="1 rows have no day, so they belong to no group"):
        group_numbers(pa.chunked_array([["d", None]]), "day")
