"""What Athena refuses is refused here, in its words and with its places."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

ALIAS = "cannot be resolved or requester is not authorized to access requested resources"

FAILED = [
    ("SELECT nosuch FROM flights", f"COLUMN_NOT_FOUND: line 1:8: Column 'nosuch' {ALIAS}"),
    ("SELECT f.nosuch\nFROM flights f", f"COLUMN_NOT_FOUND: line 1:8: Column 'f.nosuch' {ALIAS}"),
    ("SELECT year + 1 AS y FROM flights WHERE y > 1", f"COLUMN_NOT_FOUND: line 1:41: Column 'y' {ALIAS}"),
    ("SELECT 1 AS a,\n  a + 1", f"COLUMN_NOT_FOUND: line 2:3: Column 'a' {ALIAS}"),
    (
        "SELECT carrier FROM flights f JOIN airlines a ON f.carrier = a.carrier",
        "AMBIGUOUS_NAME: line 1:8: Column 'carrier' is ambiguous",
    ),
    ("SELECT * FROM nosuch", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.nyc.nosuch' does not exist"),
    ("SELECT * FROM nosuch.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nosuch' does not exist"),
    ("SELECT * FROM other.nyc.flights", "CATALOG_NOT_FOUND: line 1:15: Catalog 'other' not found"),
    ("SELECT nosuch(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nosuch' not registered"),
    ("SELECT list_sum(ARRAY[1])", "FUNCTION_NOT_FOUND: line 1:8: Function 'list_sum' not registered"),
    (
        "SELECT dep_time FROM flights WHERE dep_time > 5",
        "TYPE_MISMATCH: line 1:45: Cannot apply operator: varchar > integer",
    ),
    (
        "SELECT year || '!' FROM flights",
        "TYPE_MISMATCH: line 1:13: Unexpected parameters (bigint, varchar(1)) for function concat",
    ),
    (
        "SELECT DATE '2024-01-01' = '2024-01-01'",
        "TYPE_MISMATCH: line 1:26: Cannot apply operator: date = varchar(10)",
    ),
    ("SELECT 'a' + 1", "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) + integer"),
    (
        "SELECT CASE WHEN year > 1 THEN 'a' ELSE 2 END FROM flights",
        "TYPE_MISMATCH: line 1:41: All CASE results must be the same type",
    ),
    (
        "SELECT coalesce(carrier, 0) FROM flights",
        "TYPE_MISMATCH: line 1:26: All COALESCE operands must be the same type",
    ),
    (
        "SELECT 1 UNION ALL SELECT 'a'",
        "TYPE_MISMATCH: line 1:1: column 1 in UNION query has incompatible types: integer, varchar",
    ),
    (
        "SELECT sum(carrier) FROM flights",
        "TYPE_MISMATCH: line 1:8: Unexpected parameters (varchar) for function sum",
    ),
    (
        "SELECT carrier, count(*) FROM flights",
        "EXPRESSION_NOT_AGGREGATE: line 1:8: 'carrier' must be an aggregate expression or appear in GROUP BY clause",
    ),
    ("SELECT 1/0", "DIVISION_BY_ZERO: Division by zero"),
    ("SELECT CAST('abc' AS integer)", "INVALID_CAST_ARGUMENT: Cannot cast 'abc' to INT"),
    ("SELECT CAST('1.5' AS bigint)", "INVALID_CAST_ARGUMENT: Cannot cast '1.5' to BIGINT"),
    (
        "SELECT CAST('2013-01-01T10:00:00Z' AS timestamp)",
        "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: 2013-01-01T10:00:00Z",
    ),
    ("SELECT CAST('maybe' AS boolean)", "INVALID_CAST_ARGUMENT: Cannot cast 'maybe' to BOOLEAN"),
    (
        "SELECT CAST('1000.5' AS decimal(4, 2))",
        "INVALID_CAST_ARGUMENT: Cannot cast VARCHAR '1000.5' to DECIMAL(4, 2)",
    ),
    ("SELECT CAST(300 AS tinyint)", "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for tinyint: 300"),
    ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"),
    (
        "SELECT sum(x) FROM (VALUES 9223372036854775807, 1) AS t (x)",
        "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow",
    ),
    ("SELECT ARRAY[1][0]", "INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1"),
    (
        "SELECT ARRAY[1, 2][5]",
        "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 5 > 2",
    ),
    ("SELECT MAP(ARRAY['a'], ARRAY[1])['z']", "INVALID_FUNCTION_ARGUMENT: Key not present in map: z"),
    ("SELECT json_parse('{no')", "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{no'"),
    (
        "SELECT (SELECT carrier FROM airlines)",
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
    ),
    ("SELECT ?", "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 1 but found 0"),
    ("DELETE FROM flights", "NOT_SUPPORTED: localaws does not run DELETE statements"),
    ("EXECUTE prepared USING 1", "PreparedStatement prepared was not found in workGroup primary"),
    ("SHOW FUNCTIONS", "NOT_SUPPORTED: localaws does not run SHOW statements"),
    ("EXPLAIN ANALYZE SELECT 1", "NOT_SUPPORTED: localaws does not run EXPLAIN statements"),
    (
        "SELECT * FROM read_csv('/etc/passwd')",
        "FUNCTION_NOT_FOUND: line 1:15: Function 'read_csv' not registered",
    ),
]


@pytest.mark.parametrize(("sql", "reason"), FAILED, ids=[sql for sql, _ in FAILED])
def test_queries_that_fail(ask, nyc, sql, reason):
    """
    The query ends FAILED; its reason begins as Athena's does, places included.
    """
    answer = ask(sql)
    assert "FAILED" == answer.state
    assert reason == answer.reason[: len(reason)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER', 'ANALYZE'"),
        ("SELECT 1 FROM", "line 1:10: mismatched input 'FROM'"),
        ("SELECT\n  (1", "line 2:"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed."),
        ("UNLOAD SELECT 1", "line 1:8: mismatched input 'SELECT'. Expecting: '('"),
        ("UNLOAD (SELECT 1 FROM WHERE) TO 's3://b/'", "line 1:"),
    ],
)
def test_statements_that_cannot_be_read(start_query, nyc, sql, message):
    """
    StartQueryExecution refuses them at once, as MALFORMED_QUERY.
    """
    with pytest.raises(ClientError) as error:
        start_query(sql)
    response = error.value.response
    assert "InvalidRequestException" == response["Error"]["Code"]
    assert "MALFORMED_QUERY" == response["AthenaErrorCode"]
    assert message == response["Error"]["Message"][: len(message)]


def test_the_error_has_its_numbers(ask, nyc):
    """
    AthenaError tells category, type and message; a user's mistake is not worth another try.
    """
    status = ask("SELECT * FROM nosuch").execution["Status"]
    expected = {
        "ErrorCategory": 2,
        "ErrorType": 1301,
        "Retryable": False,
        "ErrorMessage": status["StateChangeReason"],
    }
    assert expected == status["AthenaError"]


def test_no_colours_in_reasons(ask, nyc):
    """
    What the parser underlines on a terminal is plain here.
    """
    assert "\x1b" not in ask("SELECT nosuch(1)").reason


def test_queries_read_no_files_of_the_machine(ask, nyc):
    """
    A path is no table's name, whatever DuckDB would make of it.
    """
    assert "FAILED" == ask('SELECT * FROM "/etc/passwd"').state


def test_the_place_inside_an_unload(ask, nyc, lake):
    """
    Lines and columns count from the beginning of the statement.
    """
    answer = ask(
        f"UNLOAD (\n  SELECT nosuch FROM flights\n) TO 's3://{lake}/never/' WITH (format = 'PARQUET')"
    )
    assert answer.reason.startswith("COLUMN_NOT_FOUND: line 2:10: Column 'nosuch'")
