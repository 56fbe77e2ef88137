"""SQL for source databases: values are bound, names quoted, rows divided so that none is lost or read twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foldline.sourcesql import (
    bound,
    names_in,
    query_faults,
    quoted,
    shard_query,
    table_query,
    window_query,
)

KEYS = st.one_of(
    st.none(),
    st.integers(-(2**53), 2**53),
    st.sampled_from([0, 1, -1, 7, 7, 7]),
    st.floats(-10, 10, allow_nan=False),
)


@pytest.mark.parametrize(
    ("style", "text", "values"),
    [
        ("qmark", "SELECT 5 % 2 FROM t WHERE a > ? AND b = ? AND c < ?", (1, "x", 1)),
        ("numeric", "SELECT 5 % 2 FROM t WHERE a > :1 AND b = :2 AND c < :3", (1, "x", 1)),
        ("named", "SELECT 5 % 2 FROM t WHERE a > :low AND b = :name AND c < :low", {"low": 1, "name": "x"}),
        ("format", "SELECT 5 %% 2 FROM t WHERE a > %s AND b = %s AND c < %s", (1, "x", 1)),
        (
            "pyformat",
            "SELECT 5 %% 2 FROM t WHERE a > %(low)s AND b = %(name)s AND c < %(low)s",
            {"low": 1, "name": "x"},
        ),
    ],
)
def test_values_are_bound_as_the_driver_takes_them(style: str, text: str, values: Any) -> None:
    """
    Every style of PEP 249; a percent sign stays one.
    """
    query = "SELECT 5 % 2 FROM t WHERE a > :low AND b = :name AND c < :low"
    statement = bound(query, {"low": 1, "name": "x"}, style)

    assert (text, values) == (statement.text, statement.values)


@pytest.mark.parametrize(
    "text",
    ["':a'", "'it''s :a'", '":a"', "`:a`", "-- :a", "/* :a */", "x::a", "$$ :a $$", "$q$ :a $q$", "a:a"],
)
def test_what_only_looks_like_a_value_is_none(text: str) -> None:
    """
    Texts, quoted names, comments, casts and dollar quotes are left alone.
    """
    assert [] == names_in(f"SELECT {text}")
    assert f"SELECT {text}" == bound(f"SELECT {text}", {"a": 1}, "pyformat").text


def test_a_hostile_value_stays_a_value() -> None:
    """
    The text that is sent does not depend on it.
    """
    with closing(sqlite3.connect(":memory:")) as base:
        statement = bound("SELECT :x, '%', ':x'", {"x": "1'; DROP TABLE t; --%s:x"}, "qmark")

        assert [("1'; DROP TABLE t; --%s:x", "%", ":x")] == base.execute(
            statement.text, statement.values
        ).fetchall()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("DELETE FROM t", "must be a SELECT"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", "DELETE"),
        ("SELECT 1; DROP TABLE t", "DROP"),
        ("-- only a comment", "must be a SELECT"),
    ],
)
def test_only_one_select_is_let_pass(text: str, words: str) -> None:
    """
    What writes, or is several statements, is told.
    """
    assert words in "; ".join(query_faults(text))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'DROP; it' AS \"delete\" FROM t;",
        "(SELECT 1)",
        "with a as (select 1) select * from a -- update\n",
        "SELECT created_at, TRUNCATE(x, 2) FROM t",
    ],
)
def test_words_in_texts_and_names_are_no_fault(text: str) -> None:
    """
    Only what the database would do counts.
    """
    assert [] == list(query_faults(text))


def test_names_are_quoted_part_by_part() -> None:
    """
    A schema is a part of its own; MySQL has its own mark.
    """
    assert 'SELECT "a", "b" FROM "shop"."orders"' == table_query("shop.orders", ["a", "b"])
    assert "`a``b`" == quoted("a`b", "mysql")


@pytest.mark.parametrize("shards", [1, 2, 3, 7])
@settings(max_examples=40)
@given(keys=st.lists(KEYS, max_size=40))
def test_every_row_is_in_exactly_one_shard(shards: int, keys: list[Any]) -> None:
    """
    Whatever the keys: NULL, negative, many times the same, or no whole number.
    """
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE t (row INTEGER, k)")
        base.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(keys)))
        found = [
            row
            for shard in range(shards)
            for (row, _) in base.execute(shard_query("SELECT * FROM t -- all", "k", shard, shards))
        ]

    assert list(range(len(keys))) == sorted(found)


def test_a_window_is_open_below_and_closed_above() -> None:
    """
    A row at the border is in one window only.
    """
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE t (k)")
        base.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(10)])

        def rows(start: int | None, end: int) -> list[int]:
            text = window_query("SELECT k FROM t", "k", "", first=start is None)
            statement = bound(text, {"foldline_from": start, "foldline_to": end}, "qmark")
            return [key for (key,) in base.execute(statement.text, statement.values)]

        assert [list(range(4)), list(range(4, 10))] == [rows(None, 3), rows(3, 9)]
