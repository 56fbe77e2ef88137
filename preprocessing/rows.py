"""Rows in the form every later step reads: id, label, numbers, categories, sorted by id. Container side."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from foldline.errors import DataError
from foldline.folds import Schema
from preprocessing.table import LABEL, ROW_ID, require_columns

CONFIG = "preprocessing.yaml"


def canonical_rows(table: pa.Table, schema: Schema, keep: tuple[str, ...] = ()) -> pa.Table:
    """The table's rows as ``row_id``, ``label``, the kept columns and the features, sorted by row id.

    Row ids are strings, labels int8, numbers float64 with NaN for missing, categories strings with ``""``
    for missing; kept columns that are no features go along as they are.

    Raises:
        DataError: A column is missing, of the wrong type or holds what no model can read; a row id is
            missing, repeated or holds a line break; a label is neither 0 nor 1, or all are the same.
    """
    require_columns(table, (schema.row_id, schema.label, *keep, *schema.features), CONFIG)
    kept = tuple(name for name in dict.fromkeys(keep) if name not in schema.features)
    clashes = sorted({ROW_ID, LABEL} & {*schema.features, *kept})
    if clashes:
        raise DataError(
            f"a feature cannot be called {' or '.join(clashes)}", where=CONFIG, mend="rename it in ingest.sql"
        )
    columns = {ROW_ID: _row_ids(table, schema.row_id), LABEL: _labels(table, schema.label)}
    columns |= {name: table[name] for name in kept}
    columns |= {name: _numbers(table, name) for name in schema.numeric}
    columns |= {name: _categories(table, name) for name in schema.categorical}
    rows = pa.table(columns)
    return rows.take(pc.sort_indices(rows[ROW_ID])).combine_chunks()


def group_numbers(column: pa.ChunkedArray, name: str) -> NDArray[np.int64]:
    """The number of each row's group, from 0, in the order of the groups' values.

    Raises:
        DataError: A row has no value.
    """
    if column.null_count:
        raise DataError(
            f"{column.null_count} rows have no {name}, so they belong to no group",
            where=f"{CONFIG}: folds.column",
            mend=f"drop these rows by a rule in ingest.yaml ({name} IS NULL)",
        )
    coded = column.combine_chunks().dictionary_encode()
    ranks = np.empty(len(coded.dictionary), dtype=np.int64)
    ranks[np.asarray(pc.sort_indices(coded.dictionary))] = np.arange(len(ranks))
    numbers: NDArray[np.int64] = ranks[np.asarray(coded.indices)]
    return numbers


def _row_ids(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table[name]
    where = f"{CONFIG}: row_id: {name}"
    if column.null_count:
        raise DataError(
            f"{column.null_count} rows have no {name}", where=where, mend="choose a column without gaps"
        )
    ids = _cast(column, pa.string(), name, "row ids are strings or integers")
    counts = pc.value_counts(ids)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(repeated):
        examples = ", ".join(f"{pair['values']!r} x{pair['counts']}" for pair in repeated[:3].to_pylist())
        raise DataError(
            f"{len(repeated)} values of {name} are on more than one row",
            where=where,
            cause=examples,
            mend="drop duplicates by a rule in ingest.yaml, or choose a column that is unique",
        )
    if pc.any(pc.match_substring_regex(ids, "[\r\n]")).as_py():
        raise DataError(
            f"a value of {name} holds a line break", where=where, mend="a row must be one line of CSV"
        )
    return ids


def _labels(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table[name]
    where = f"{CONFIG}: label: {name}"
    mend = "make it 0 or 1 in ingest.sql, such as CASE WHEN … THEN 1 ELSE 0 END"
    values = pc.unique(column)
    found = values.to_pylist()[:5]
    if len(values) > 2 or not set(found) <= {0, 1}:
        raise DataError(f"the label {name} must be 0 or 1", where=where, cause=f"found {found}", mend=mend)
    if len(values) < 2:
        raise DataError(
            f"the label {name} has one class only: {found[0]!r} on all {len(column)} rows",
            where=where,
            mend="look at the query's parameters and rules: a model needs rows of both classes",
        )
    return pc.cast(column, pa.int8(), safe=False)


def _numbers(table: pa.Table, name: str) -> pa.ChunkedArray:
    column = table[name]
    kind = column.type
    if not (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or kind == pa.bool_()
    ):
        raise DataError(
            f"the numeric feature {name} is of type {kind}",
            where=f"{CONFIG}: numeric",
            mend=f"list {name} under `categorical`, or cast it in ingest.sql: TRY_CAST({name} AS DOUBLE)",
        )
    numbers = pc.fill_null(pc.cast(column, pa.float64(), safe=False), float("nan"))
    if pc.any(pc.is_inf(numbers)).as_py():
        raise DataError(
            f"the numeric feature {name} holds an infinite value",
            where=f"{CONFIG}: numeric",
            mend="make it NULL in ingest.sql: NULLIF, or a CASE around the division",
        )
    return numbers


def _categories(table: pa.Table, name: str) -> pa.ChunkedArray:
    values = _cast(table[name], pa.string(), name, "categorical features are strings, integers or booleans")
    return pc.fill_null(values, "")


def _cast(column: pa.ChunkedArray, kind: pa.DataType, name: str, rule: str) -> pa.ChunkedArray:
    try:
        return pc.cast(column, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {name} is of type {column.type}: {rule}", where=CONFIG, cause=str(error)
        ) from error
