"""The ingest statements."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from foldline.layout import S3Uri
from foldline.steps.data import IngestSettings
from preprocessing.ingest import audit_statement, literal, literals, unload_statement

QUERY = "SELECT id, air_time, dest FROM flights WHERE day >= DATE(?);\n"
TARGET = S3Uri("bucket", "table/k/g0/")


def settings(**changes: Any) -> IngestSettings:
    document: dict[str, Any] = {
        "database": "db",
        "query": "ingest.sql",
        "parameters": {"from_date": dt.date(2013, 1, 1)},
        "rules": {"no_time": "air_time IS NULL", "too_long": "air_time > 900"},
        "columns": ["id", "dest"],
    }
    return IngestSettings.model_validate({**document, **changes})


def rows(statement: str) -> list[tuple[Any, ...]]:
    """What the statement gives on five flights, by plain DuckDB."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE flights AS SELECT * FROM (VALUES "
        "(1, 100, 'A', DATE '2013-01-01'), (2, NULL, 'A', DATE '2013-01-02'), (3, 950, 'B', DATE '2013-01-02'), "
        "(4, 120, 'B', DATE '2013-01-03'), (5, 130, 'C', DATE '2012-12-31')) t(id, air_time, dest, day)"
    )
    (text,) = sqlglot.transpile(statement.replace("?", "'2013-01-01'"), read="athena", write="duckdb")
    return connection.execute(text).fetchall()


def test_the_audit_counts_each_row_by_the_first_rule_it_breaks() -> None:
    """
    Two kept, one without time, one too long; the fifth is outside the dates.
    """
    assert {("kept", 2), ("no_time", 1), ("too_long", 1)} == set(rows(audit_statement(settings(), QUERY)))


def test_the_unload_holds_the_kept_rows_and_the_named_columns() -> None:
    """
    The statement inside UNLOAD gives rows 1 and 4 with their two columns.
    """
    text = unload_statement(settings(), QUERY, TARGET)
    inner = text[len("UNLOAD (") : text.rindex(") TO 's3://bucket/table/k/g0/'")]

    assert {(1, "A"), (4, "B")} == set(rows(inner))
    assert "format = 'PARQUET'" in text


def test_without_rules_every_row_is_kept() -> None:
    """
    No rule, no drop.
    """
    assert [("kept", 4)] == rows(audit_statement(settings(rules={}), QUERY))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2013, 1, 1), "'2013-01-01'"),
        ("O'Hare", "'O''Hare'"),
        ("x'; DROP TABLE flights; --", "'x''; DROP TABLE flights; --'"),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
    ],
)
def test_a_value_becomes_one_literal_and_never_sql(value: Any, text: str) -> None:
    """
    Quotes are doubled; what Athena parses is one literal.
    """
    assert text == literal(value)
    parsed = sqlglot.parse_one(f"SELECT {literal(value)}", read="athena")
    assert 1 == len(parsed.expressions)
    assert isinstance(parsed.expressions[0], exp.Literal | exp.Boolean)


def test_parameters_keep_the_order_of_the_file() -> None:
    """
    The first `?` is the first parameter.
    """
    given = settings(parameters={"to_date": dt.date(2013, 2, 1), "from_date": dt.date(2013, 1, 1)})

    assert ["'2013-02-01'", "'2013-01-01'"] == literals(given.parameters)
