"""Where Athena and DuckDB would give different answers: Athena's is given."""

from __future__ import annotations

import pytest

CASES = [
    # integers and decimals
    ("7 / 2", "3", "integer"),
    ("-7 / 2", "-3", "integer"),
    ("7 / 2.0", "3.5", "decimal"),
    ("7 / 2e0", "3.5", "double"),
    ("BIGINT '100' / 60.0", "1.7", "decimal"),
    ("1.0 / 3", "0.3", "decimal"),
    ("1 / 0e0", "Infinity", "double"),
    ("CAST(2.5e0 AS integer)", "3", "integer"),
    ("CAST(-2.5e0 AS integer)", "-3", "integer"),
    ("TRY_CAST('1.5' AS integer)", None, "integer"),
    ("TRY_CAST(' ' AS integer)", None, "integer"),
    ("TRY(1 / 0)", None, "integer"),
    ("avg(CAST(x AS decimal(10, 2)))", "1.67", "decimal"),
    ("round(1.234, 1)", "1.200", "decimal"),
    ("round(1.5)", "2", "decimal"),
    ("round(100.0 * count(*) / 7, 2)", "42.9", "decimal"),
    ("round(avg(CAST(x AS decimal(10, 2))), 1)", "1.70", "decimal"),
    ("1.5 * 2e0", "3.0", "double"),
    ("CAST(x * 1.5 AS varchar)", "1.5E0", "varchar"),
    ("sum(x * 1.5) / 4", "1.875", "double"),
    ("sum(CAST(x AS decimal(10, 2)) * 1.5) / 3", "2.500", "decimal"),
    ("coalesce(CAST(1 AS decimal(4, 2)), x) / 3", "0.3333333333333333", "double"),
    ("typeof(CAST(1 AS decimal(4, 2)) + 1)", "decimal(13,2)", "varchar"),
    ("100.00 * count(*) / 7", "42.86", "decimal"),
    ("round(1.234e0, 1)", "1.2", "double"),
    ("sum(n) / count(*)", "2", "bigint"),
    ("DECIMAL '10' / DECIMAL '3'", "3", "decimal"),
    ("DECIMAL '1.5' * DECIMAL '2.25'", "3.375", "decimal"),
    ("CAST('10.7' AS decimal)", "11", "decimal"),
    ("to_base(255, 16)", "ff", "varchar"),
    ("bitwise_left_shift(1, 3)", "8", "bigint"),
    ("bitwise_right_shift(-8, 1)", "9223372036854775804", "bigint"),
    # texts
    ("CAST('ab' AS char(4))", "ab  ", "varchar"),
    ("CAST('a ' AS char(2)) = 'a'", "true", "boolean"),
    ("soundex('Ashcraft')", "A261", "varchar"),
    ("luhn_check('79927398713')", "true", "boolean"),
    ("xxhash64(to_utf8('abc'))", "44 bc 2c f5 ad 77 09 99", "varbinary"),
    ("xxhash64(to_utf8('abcdefghijklmnopqrstuvwxyz0123456789'))", "64 f2 3e cf 16 09 b7 66", "varbinary"),
    ("crc32(to_utf8('abc'))", "891568578", "bigint"),
    ("concat('a', NULL)", None, None),
    ("'a' || NULL", None, None),
    ("CAST(1e0 AS varchar)", "1.0E0", "varchar"),
    ("CAST(TIMESTAMP '2024-01-01 10:00:00' AS varchar)", "2024-01-01 10:00:00.000", "varchar"),
    ("CAST('abcdef' AS varchar(3))", "abc", "varchar"),
    ("regexp_extract('abc', 'x')", None, "varchar"),
    ("regexp_replace('abc', '(b)', '<$1>')", "a<b>c", "varchar"),
    ("split_part('a,b', ',', 3)", None, "varchar"),
    ("split('a,b,c', ',', 2)", "[a, b,c]", "array"),
    # times
    ("TRY_CAST('2013-01-01T10:00:00Z' AS timestamp)", None, "timestamp"),
    ("TRY_CAST('2013-01-01 10:00:00' AS date)", None, "date"),
    ("DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29", "date"),
    ("date_trunc('month', DATE '2024-02-03')", "2024-02-01", "date"),
    ("date_add('day', -1, DATE '2024-03-01')", "2024-02-29", "date"),
    ("date_diff('month', DATE '2024-01-31', DATE '2024-02-01')", "0", "bigint"),
    ("date_diff('day', TIMESTAMP '2024-01-01 10:00:00', TIMESTAMP '2024-01-02 09:00:00')", "0", "bigint"),
    ("DATE '2024-02-01' - DATE '2024-01-01'", "31 00:00:00.000", "interval day to second"),
    ("hour(from_iso8601_timestamp('2013-01-01T05:00:00-05:00'))", "10", "bigint"),
    ("day_of_week(DATE '2024-01-07')", "7", "bigint"),
    ("extract(DOW FROM DATE '2024-01-07')", "7", "bigint"),
    ("day_of_week(from_iso8601_date('2024-01-01'))", "1", "bigint"),
    # collections and JSON
    ("repeat('a', 2)", "[a, a]", "array"),
    ("array_distinct(ARRAY[2, 1, 2, NULL, NULL])", "[2, 1, null]", "array"),
    ("slice(ARRAY[1, 2, 3, 4], 2, 2)", "[2, 3]", "array"),
    ("slice(ARRAY[1, 2, 3, 4], -2, 2)", "[3, 4]", "array"),
    ("sequence(3, 1)", "[3, 2, 1]", "array"),
    ("array_position(ARRAY[1], 5)", "0", "bigint"),
    ("contains(ARRAY[1, NULL], 2)", None, "boolean"),
    ("element_at(ARRAY[1], 5)", None, "integer"),
    ("reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s * 10)", "30", "integer"),
    ("zip_with(ARRAY[1, 2], ARRAY[3, 4], (a, b) -> a + b)", "[4, 6]", "array"),
    ("json_extract_scalar('{\"a\": {\"b\": 1}}', '$.a')", None, "varchar"),
    ("CAST(ROW(1, 'a') AS ROW(n integer, s varchar)).s", "a", "varchar"),
    ("ARRAY[5, 6][2]", "6", "integer"),
    ("split('a,b', ',')[2]", "b", "varchar"),
    ("TRY(ARRAY[1][5])", None, "integer"),
    ("MAP(ARRAY['a'], ARRAY[1])['a']", "1", "integer"),
    ("ARRAY[1] || 2", "[1, 2]", "array"),
    ("0 || ARRAY[1]", "[0, 1]", "array"),
    ("array_frequency(ARRAY['a', 'b', 'a'])", "{a=2, b=1}", "map"),
    ("json_extract_scalar('no JSON', '$.a')", None, "varchar"),
    ("json_array_length('no JSON')", None, "bigint"),
    ("TRY(json_parse('{no'))", None, "json"),
    ("json_exists('{\"a\": 1}', 'lax $.a')", "true", "boolean"),
    # spelling of values
    ("1e7", "1.0E7", "double"),
    ("1.5e-7", "1.5E-7", "double"),
    ("123456.789e0", "123456.789", "double"),
    ("0e0", "0.0", "double"),
    ("true", "true", "boolean"),
    ("NULL", None, "unknown"),
    ("X'313233'", "31 32 33", "varbinary"),
    ("MAP(ARRAY['k'], ARRAY[ROW(1, NULL)])", "{k={field0=1, field1=null}}", "map"),
    ("INTERVAL '-90' SECOND", "-0 00:01:30.000", "interval day to second"),
    ("INTERVAL '14' MONTH", "1-2", None),
    ("ARRAY[INTERVAL '1' DAY]", "[1 00:00:00.000]", "array"),
    ("INTERVAL '90' MINUTE", "0 01:30:00.000", "interval day to second"),
]
ROWS = "FROM (VALUES (BIGINT '1', 1e0), (2, 2e0), (3, 2e0)) AS t (n, x)"


@pytest.mark.parametrize(("expression", "value", "kind"), CASES, ids=[case[0] for case in CASES])
def test_values(run, nyc, expression, value, kind):
    """
    The expression has Athena's value, type and spelling.
    """
    source = (
        ROWS
        if "(n)" in expression
        or "(x" in expression
        or ", x" in expression
        or "AS decimal" in expression
        or "(*)" in expression
        else ""
    )
    answer = run(f"SELECT {expression} {source}")
    assert value == answer.rows[0][0]
    assert kind in (answer.types[0], None)


class TestNames:
    def test_what_has_no_name_is_called_by_its_place(self, run, nyc):
        """
        _col0, _col1 … count all columns.
        """
        assert ["_col0", "a", "_col2"] == run("SELECT 1, 2 AS a, 3").names
        assert ["carrier", "name", "_col2"] == run("SELECT *, 1 FROM airlines LIMIT 1").names

    def test_two_columns_of_one_name(self, run, nyc):
        """
        Both are there.
        """
        answer = run(
            "SELECT a.carrier, b.carrier FROM airlines a JOIN airlines b ON a.carrier = b.carrier LIMIT 1"
        )
        assert ["carrier", "carrier"] == answer.names

    def test_names_in_a_union_are_the_first_part_s(self, run, nyc):
        """
        The first SELECT names the columns.
        """
        assert ["_col0", "b"] == run("SELECT 1, 2 AS b UNION ALL SELECT 3, 4").names

    def test_qualified_names(self, run, nyc):
        """
        Columns may be named with table, database and catalogue.
        """
        sql = "SELECT nyc.airlines.carrier FROM awsdatacatalog.nyc.airlines WHERE airlines.carrier = 'UA'"
        assert [("UA",)] == run(sql).rows


class TestQueries:
    def test_a_named_query_hides_a_table(self, run, nyc):
        """
        WITH airlines AS … is meant, not the table.
        """
        assert [("1",)] == run("WITH airlines AS (SELECT 1 AS a) SELECT * FROM airlines").rows

    def test_a_named_query_may_read_the_table_it_is_named_by_elsewhere(self, run, nyc):
        """
        A name with its database is always the table.
        """
        sql = "WITH airlines AS (SELECT carrier AS c FROM nyc.airlines) SELECT count(c) FROM airlines"
        assert [("16",)] == run(sql).rows

    def test_unnest(self, run, nyc):
        """
        Arrays side by side, maps, rows and the ordinality.
        """
        side = "SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['x']) AS t (a, b)"
        assert [("1", "x"), ("2", None)] == run(side).rows
        pairs = "SELECT k, v FROM (VALUES (MAP(ARRAY['a', 'b'], ARRAY[1, 2]))) AS s (m) CROSS JOIN UNNEST(m) AS t (k, v)"
        assert [("a", "1"), ("b", "2")] == sorted(run(pairs).rows)
        rows = "SELECT a, b, n FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) WITH ORDINALITY AS t (a, b, n)"
        assert [("1", "x", "1"), ("2", "y", "2")] == run(rows).rows

    def test_parameters(self, run, nyc):
        """
        ExecutionParameters are SQL literals for the question marks, in order.
        """
        sql = "WITH a AS (SELECT ? AS x) SELECT x, ?, sum(? - ?) FROM a WHERE 'z' = ? GROUP BY x HAVING count(*) < ?"
        assert [("1", "b", "7")] == run(sql, "1", "'b'", "10", "3", "'z'", "100").rows

    def test_windows_and_grouping(self, run, nyc):
        """
        Ranks over aggregates, and totals by ROLLUP.
        """
        sql = """
            SELECT origin, count(*) AS n, row_number() OVER (ORDER BY count(*) DESC) AS place FROM flights GROUP BY origin
        """
        assert ["1", "2", "3"] == sorted(row[2] for row in run(sql).rows)
        totals = run("SELECT origin, count(*) FROM flights GROUP BY ROLLUP (origin)").rows
        assert (None, "212") in totals

    def test_information_schema(self, run, nyc):
        """
        The catalogue can be asked as tables.
        """
        sql = """
            SELECT column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'nyc' AND table_name = 'airlines' ORDER BY ordinal_position
        """
        assert [("carrier", "varchar"), ("name", "varchar")] == run(sql).rows
        assert ("nyc",) in run("SELECT schema_name FROM information_schema.schemata").rows

    def test_explain(self, run, nyc):
        """
        EXPLAIN gives a plan as text.
        """
        answer = run("EXPLAIN SELECT * FROM airlines")
        assert ["Query Plan"] == answer.names
        assert answer.execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
        assert len(answer.rows) > 2
