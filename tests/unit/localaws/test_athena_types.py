"""Types as Hive, Trino and DuckDB spell them, and the numbers Trino computes with."""

from __future__ import annotations

import pytest
import sqlglot

from localaws.athena.dialect import AthenaSql
from localaws.athena.failures import QueryFailed
from localaws.athena.hivetypes import duckdb_type, hive_type, trino_type
from localaws.athena.inference import types_of

SPELLINGS = [
    # Hive, DuckDB, Trino
    ("int", "INTEGER", "integer"),
    ("bigint", "BIGINT", "bigint"),
    ("string", "VARCHAR", "varchar"),
    ("float", "FLOAT", "real"),
    ("decimal(10,2)", "DECIMAL(10, 2)", "decimal(10,2)"),
    ("timestamp", "TIMESTAMP", "timestamp(3)"),
    ("binary", "BLOB", "varbinary"),
    ("array<int>", "INTEGER[]", "array(integer)"),
    ("map<string,double>", "MAP(VARCHAR, DOUBLE)", "map(varchar, double)"),
    (
        "struct<a:int,b:array<struct<c:string>>>",
        'STRUCT("a" INTEGER, "b" STRUCT("c" VARCHAR)[])',
        'row("a" integer, "b" array(row("c" varchar)))',
    ),
]


@pytest.mark.parametrize(("hive", "duckdb", "trino"), SPELLINGS, ids=[case[0] for case in SPELLINGS])
def test_spellings(hive, duckdb, trino):
    """
    Each type in all three languages.
    """
    assert duckdb == duckdb_type(hive)
    assert hive == hive_type(duckdb)
    assert trino == trino_type(duckdb)


@pytest.mark.parametrize("text", ["varchar(10)", "char(3)", "VARCHAR(10)"])
def test_texts_of_a_length(text):
    """
    DuckDB knows one kind of text.
    """
    assert "VARCHAR" == duckdb_type(text)


@pytest.mark.parametrize("text", ["blob", "array<>", "struct", ""])
def test_what_hive_does_not_know(text):
    """
    Refused by name.
    """
    with pytest.raises(QueryFailed, match="Unsupported type"):
        duckdb_type(text)


def test_what_hive_cannot_store():
    """
    A time with a zone has no Hive type; Athena says it so.
    """
    with pytest.raises(
        QueryFailed, match=r"NOT_SUPPORTED: Unsupported Hive type: timestamp\(3\) with time zone"
    ):
        hive_type("TIMESTAMP WITH TIME ZONE")


COLUMNS = {"id": "BIGINT", "n": "INTEGER", "x": "DOUBLE", "s": "VARCHAR", "d": "DATE", "ts": "TIMESTAMP"}
COLUMNS |= {"dec": "DECIMAL(10, 2)"}
INFERRED = [
    ("1.5", "DECIMAL(2, 1)"),
    ("1e0", "DOUBLE"),
    ("x * 1.5", "DOUBLE"),
    ("id * 1.5", "DECIMAL(21, 1)"),
    ("dec * dec", "DECIMAL(20, 4)"),
    ("dec + 1", "DECIMAL(13, 2)"),
    ("dec / 3", "DECIMAL(10, 2)"),
    ("id / 3", "BIGINT"),
    ("n / 2", "INT"),
    ("sum(dec)", "DECIMAL(38, 2)"),
    ("avg(dec)", "DECIMAL(10, 2)"),
    ("avg(id)", "DOUBLE"),
    ("sum(n)", "BIGINT"),
    ("round(dec, 1)", "DECIMAL(11, 2)"),
    ("round(dec)", "DECIMAL(9, 0)"),
    ("coalesce(dec, 1.234)", "DECIMAL(11, 3)"),
    ("coalesce(dec, x)", "DOUBLE"),
    ("CASE WHEN true THEN n ELSE id END", "BIGINT"),
    ("lag(dec) OVER (ORDER BY d)", "DECIMAL(10, 2)"),
    ("ts - ts", "INTERVAL"),
    ("date_trunc('day', ts)", None),
]


@pytest.mark.parametrize(("expression", "kind"), INFERRED, ids=[case[0] for case in INFERRED])
def test_inference(expression, kind):
    """
    An expression's type is Trino's; what depends on more than is known is left open.
    """
    tree = sqlglot.parse_one(f"SELECT {expression} AS a FROM t", read=AthenaSql)
    types = types_of(tree, {"d": {"t": COLUMNS}}, "d")
    found = types.of(tree.selects[0].this)
    assert kind == (found.sql("duckdb").replace("TIMESTAMPNTZ", "TIMESTAMP") if found else None)


def test_a_column_that_is_not_there():
    """
    It is named, and no type is told.
    """
    tree = sqlglot.parse_one("SELECT nope FROM t", read=AthenaSql)
    assert "nope" == types_of(tree, {"d": {"t": COLUMNS}}, "d").unresolved
