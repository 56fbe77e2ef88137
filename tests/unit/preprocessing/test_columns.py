"""Columns of a source: exact, or refused; parts of bounded size, bounded memory."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tracemalloc
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foldline.errors import DataError
from preprocessing.columns import arrow_type, batch, check_names, glue_type, schema_of
from preprocessing.parts import write_parts
from preprocessing.source import Source, is_database_error, may_pass, paramstyle

UTC = dt.UTC


def described(*names: str) -> list[tuple[Any, ...]]:
    """A cursor's description that tells no types, as SQLite's."""
    return [(name, None, None, None, None, None, None) for name in names]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("bigint", 2**63 - 1),
        ("bigint", 2**53 + 1),
        ("smallint", -32768),
        ("decimal(38,0)", Decimal(10**37)),
        ("decimal(20,10)", Decimal("0.0000000001")),
        ("string", "é\n\"'\t\x7f𝄞"),
        ("binary", b"\x00\xff"),
        ("date", dt.date(1, 1, 1)),
        ("date", dt.date(9999, 12, 31)),
        ("timestamp", dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("timestamptz", dt.datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),
        ("boolean", False),
        ("double", 0.1),
    ],
)
def test_values_come_back_as_they_were(word: str, value: Any) -> None:
    """
    Beside a NULL, which stays one.
    """
    schema = pa.schema([("a", arrow_type(word))])

    assert [value, None] == batch([(value,), (None,)], schema)["a"].to_pylist()


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("bigint", 2**63),
        ("bigint", 1.5),
        ("bigint", "1"),
        ("bigint", True),
        ("int", 2**31),
        ("double", 2**53 + 1),
        ("string", 1),
        ("decimal(4,2)", Decimal("123.45")),
        ("decimal(4,2)", Decimal("1.234")),
        ("decimal(4,2)", 1.25),
        ("decimal(4,2)", Decimal("NaN")),
        ("timestamp", dt.datetime(2026, 1, 1, tzinfo=UTC)),
        ("timestamptz", dt.datetime(2026, 1, 1)),
        ("timestamp", "yesterday"),
        ("date", "2026-13-01"),
        ("date", dt.datetime(2026, 1, 1)),
        ("boolean", 2),
    ],
)
def test_what_would_lose_something_is_refused(word: str, value: Any) -> None:
    """
    Nothing is rounded, cut or reinterpreted; the error names the column and how to mend it.
    """
    schema = pa.schema([("amount", arrow_type(word))])

    with pytest.raises(DataError, match="'amount' holds what is no") as caught:
        batch([(value,)], schema)
    assert "`types`" in str(caught.value)


def test_a_declared_type_wins_over_what_is_seen() -> None:
    """
    Then what the database says, then the first value that is not NULL; a column of NULL is text.
    """
    rows = [(None, None, 1), (1, None, 2)]
    schema = schema_of(described("a", "b", "c"), rows, {"c": "decimal(10,2)"}, postgres=False)

    assert ["bigint", "string", "decimal(10,2)"] == [glue_type(field.type) for field in schema]


def test_the_databases_own_types_do_not_depend_on_the_rows() -> None:
    """
    Hosts with other rows, or none, have the same columns.
    """
    description = [
        ("a", 20, None, 8, None, None),
        ("b", 1700, None, None, 18, 2),
        ("c", 1700, None, None, None, None),
        ("d", 1184, None, 8, None, None),
    ]
    schema = schema_of(description, [], {}, postgres=True)

    wanted = ["bigint", "decimal(18,2)", "decimal(38,18)", "timestamp"]
    assert wanted == [glue_type(field.type) for field in schema]


@pytest.mark.parametrize("names", [["a", "A"], ["a", "a"], [""], ["a\nb"], ["x" * 256]])
def test_names_that_cannot_be_columns_are_refused(names: list[str]) -> None:
    """
    They are never renamed silently.
    """
    with pytest.raises(DataError):
        check_names(names)


def test_a_type_for_a_column_that_is_not_there_is_refused() -> None:
    """
    A misspelt name would else do nothing.
    """
    with pytest.raises(DataError, match="amuont"):
        schema_of(described("amount"), [], {"amuont": "bigint"}, postgres=False)


def test_parts_hold_all_rows_in_order_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    """
    A batch that does not fit is cut; a file ends at its limit, and no empty one follows.
    """
    schema = pa.schema([("a", pa.int64())])
    rows = [[(number,) for number in range(start, start + 7)] for start in range(0, 28, 7)]

    def written(folder: Path) -> list[Any]:
        folder.mkdir()
        return list(write_parts((batch(some, schema) for some in rows), schema, folder, "x-", 14))

    first, second = written(tmp_path / "1"), written(tmp_path / "2")

    assert [14, 14] == [part.rows for part in first]
    assert ["x-part-00000.parquet", "x-part-00001.parquet"] == [part.path.name for part in first]
    assert list(range(28)) == [one for part in first for one in pq.read_table(part.path)["a"].to_pylist()]
    assert [part.sha256 for part in first] == [part.sha256 for part in second]


def test_no_row_is_one_file_with_columns(tmp_path: Path) -> None:
    """
    Who reads it finds the schema.
    """
    schema = pa.schema([("a", pa.int64())])
    (part,) = write_parts([], schema, tmp_path, "", 10)

    assert (0, ["a"]) == (part.rows, pq.read_table(part.path).column_names)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """
    60,000 rows of 200 characters, 500 at a time: a fraction of the 12 MB they are.
    """
    text = (
        "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 60000) "
        "SELECT k, hex(zeroblob(98)) || printf('%04d', k) AS note FROM n"
    )
    schema = pa.schema([("k", pa.int64()), ("note", pa.string())])
    with closing(sqlite3.connect(":memory:")) as base:
        source = Source(base, "sqlite", 500)
        source.begin()
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        _, batches = source.stream(text)
        rows, most = 0, 0
        for part in write_parts((batch(some, schema) for some in batches), schema, tmp_path, "", 20_000):
            rows += part.rows
            most = max(most, pa.total_allocated_bytes() - before)
            part.path.unlink()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert 60_000 == rows
    assert peak + most < 4_000_000


def test_a_drivers_errors_are_told_apart() -> None:
    """
    A missing table is the statement's fault, a locked file passes; another error is none of the driver's.
    """
    with closing(sqlite3.connect(":memory:")) as base:
        assert "qmark" == paramstyle(base)
        with pytest.raises(sqlite3.OperationalError) as caught:
            base.execute("SELECT * FROM nowhere")

    assert (True, False) == (is_database_error(caught.value), may_pass(caught.value))
    assert may_pass(sqlite3.OperationalError("database is locked"))
    assert not is_database_error(OSError("no space"))
