"""Statements told apart and taken apart."""

from __future__ import annotations

import pytest

from localaws.athena.lexer import hive_string, words_of
from localaws.athena.statements import statement_of
from localaws.errors import AwsError


class TestWords:
    def test_what_is_quoted_counts_for_nothing(self):
        """
        Brackets, dashes and semicolons inside strings and names are text.
        """
        words = words_of("SELECT ')--;' AS \"a;(b\" -- ) x\n/* ' */ FROM t;")
        assert ["SELECT", "')--;'", "AS", '"a;(b"', "FROM", "t"] == [word.text for word in words]

    def test_doubled_quotes(self):
        """
        A doubled quote is the quote itself.
        """
        assert ["it's", 'a"b'] == [word.value for word in words_of("'it''s' \"a\"\"b\"")]

    def test_a_backslash_is_an_escape_in_hive_only(self):
        """
        Trino's string ends at the quote behind a backslash.
        """
        assert ["'a\\'", "b"] == [word.text for word in words_of("'a\\' b")][:2]
        assert ["a' b"] == [word.value for word in words_of("'a\\' b'", hive=True)]

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (r"'\t'", "\t"),
            (r"'\001'", "\x01"),
            (r"'\u0041'", "A"),
            (r"'\;'", ";"),
            (r"'\\'", "\\"),
            ("'|'", "|"),
        ],
    )
    def test_hive_strings(self, text, value):
        """
        The signs that field delimiters are written with.
        """
        assert value == hive_string(text)


KINDS = [
    ("SELECT 1", "DML", "SELECT"),
    ("(SELECT 1)", "DML", "SELECT"),
    ("WITH a AS (SELECT 1 AS b) SELECT b FROM a", "DML", "SELECT"),
    ("VALUES 1, 2", "DML", "SELECT"),
    ("EXPLAIN SELECT 1", "DML", "EXPLAIN"),
    ("unload (SELECT 1 AS a) TO 's3://b/p/' WITH (format = 'PARQUET')", "DML", "UNLOAD"),
    ("INSERT INTO t SELECT 1", "DML", "INSERT"),
    ("CREATE TABLE t AS SELECT 1 AS a", "DDL", "CREATE_TABLE_AS_SELECT"),
    ("CREATE OR REPLACE VIEW v AS SELECT 1 AS a", "DDL", "CREATE_VIEW"),
    ("CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/'", "DDL", "CREATE_TABLE"),
    ("CREATE DATABASE d", "DDL", "CREATE_DATABASE"),
    ("DROP TABLE IF EXISTS t", "DDL", "DROP_TABLE"),
    ("MSCK REPAIR TABLE t", "DDL", "MSCK_REPAIR"),
    ("ALTER TABLE d.t ADD IF NOT EXISTS PARTITION (a = 1)", "DDL", "ALTER_TABLE_ADD_PARTITION"),
    ("ALTER TABLE `t` DROP PARTITION (a = 1)", "DDL", "ALTER_TABLE_DROP_PARTITION"),
    ("SHOW TABLES IN d", "UTILITY", "SHOW_TABLES"),
    ("describe t", "UTILITY", "DESCRIBE_TABLE"),
]


@pytest.mark.parametrize(("sql", "kind", "name"), KINDS, ids=[case[0] for case in KINDS])
def test_kinds(sql, kind, name):
    """
    A statement has Athena's type and name, whatever comments stand before it.
    """
    found = statement_of(f"-- a note\n/* one\nmore */ {sql} ;")
    assert (kind, name, True) == (found.type, found.name, found.served)


@pytest.mark.parametrize(
    "sql",
    [
        "MERGE INTO t USING s ON a = b",
        "EXPLAIN ANALYZE SELECT 1",
        "SHOW FUNCTIONS",
    ],
)
def test_what_athena_runs_and_this_does_not(sql):
    """
    Taken on, and refused by name when it runs.
    """
    assert not statement_of(sql).served


class TestParts:
    def test_unload(self):
        """
        The query, where it goes and how.
        """
        sql = "UNLOAD (SELECT ')' AS a\n FROM t) TO 's3://b/p/' WITH (format='PARQUET', partitioned_by = ARRAY['x', 'y'])"
        found = statement_of(sql)
        assert "SELECT ')' AS a\n FROM t" == found.query.strip()
        assert "s3://b/p/" == found.location
        assert {"format": "PARQUET", "partitioned_by": ["x", "y"]} == found.options

    def test_the_query_keeps_its_place(self):
        """
        Errors in the query inside are told by their place in the whole.
        """
        sql = "UNLOAD (\n  SELECT 1 AS a) TO 's3://b/p/'"
        query = statement_of(sql).query
        assert sql.index("SELECT") == query.index("SELECT")
        assert 1 == query.count("\n")

    @pytest.mark.parametrize(
        ("sql", "target", "columns"),
        [
            ("INSERT INTO t SELECT 1", (None, "t"), ()),
            ("INSERT INTO D.T (A, b) SELECT 1, 2", ("d", "t"), ("a", "b")),
            ("INSERT INTO c.d.t (SELECT 1)", ("d", "t"), ()),
            ('INSERT INTO "d"."my t" VALUES (1)', ("d", "my t"), ()),
        ],
    )
    def test_insert(self, sql, target, columns):
        """
        Table and columns; a query in brackets is no list of columns.
        """
        found = statement_of(sql)
        assert (target, columns) == (found.target, found.columns)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("FOO", "line 1:1: mismatched input 'FOO'."),
        ("", "line 1:1: mismatched input '<EOF>'."),
        ("UNLOAD (SELECT 1 AS a)", "line 1:23: mismatched input '<EOF>'. Expecting: 'TO'"),
        ("UNLOAD (SELECT 1 AS a) TO 's3://b/' AND", "line 1:37: mismatched input 'AND'. Expecting: <EOF>"),
        ("SELECT 1 FROM", "line 1:"),
    ],
)
def test_refusals(sql, message):
    """
    What cannot be read is refused with its place.
    """
    with pytest.raises(AwsError) as caught:
        statement_of(sql)
    assert "InvalidRequestException" == caught.value.code
    assert message in caught.value.message


def test_hive_undoes_backslashes_in_double_quotes():
    """
    The SageMaker SDK writes a SerDe's properties in double quotes, its escape sign as two backslashes.
    """
    told = words_of(r"""("escapeChar" = "\\", "quoteChar" = "\"", "plain" = ",")""", hive=True)

    assert ["(", "escapeChar", "=", "\\", ",", "quoteChar", "=", '"', ",", "plain", "=", ",", ")"] == [
        word.value for word in told
    ]
