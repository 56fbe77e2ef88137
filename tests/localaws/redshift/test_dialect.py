"""Redshift's SQL: what it means where DuckDB means something else, and what is refused."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.localaws.redshift.conftest import ROLE

MEANINGS = [
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / 2.0", "3.5000"),
    ("7::float / 2", 3.5),
    ("DATEADD(month, 1, DATE '2024-01-31')", "2024-02-29 00:00:00"),
    ("DATEDIFF(day, '2024-01-31', '2024-02-02')", 2),
    ("DATE_TRUNC('month', DATE '2024-02-10')", "2024-02-01 00:00:00"),
    ("EXTRACT(dow FROM DATE '2024-02-11')", 0),
    ("TO_CHAR(TIMESTAMP '2024-02-10 13:14:15', 'YYYY-MM-DD HH24:MI:SS')", "2024-02-10 13:14:15"),
    ("TO_DATE('20240210', 'YYYYMMDD')", "2024-02-10"),
    ("CONVERT_TIMEZONE('UTC', 'Europe/Berlin', TIMESTAMP '2024-07-01 12:00:00')", "2024-07-01 14:00:00"),
    ("NVL(NULL, 5)", 5),
    ("NVL2(NULL, 1, 2)", 2),
    ("DECODE(NULL, 1, 'one', NULL, 'none', 'other')", "none"),
    ("CONCAT('a', NULL)", None),
    ("LEN('abc')", 3),
    ("CHARINDEX('c', 'abc')", 3),
    ("'abcdef'::varchar(3)", "abc"),
    ("REGEXP_REPLACE('banana', 'a', 'o')", "bonono"),
    ("REGEXP_COUNT('banana', 'a')", 3),
    ("'a_c' LIKE 'a\\\\_c'", True),
    ("'abc' LIKE 'a\\\\_c'", False),
    ("LPAD('7', 3, '0')", "007"),
    ("JSON_EXTRACT_PATH_TEXT('{\"a\":{\"b\":\"x\"}}', 'a', 'b')", "x"),
    ("LOG(100)", 2.0),
]


@pytest.mark.parametrize(("expression", "value"), MEANINGS, ids=[case[0][:30] for case in MEANINGS])
def test_expressions(expression, value, warehouse):
    """
    An expression has the value and the type it has in Redshift.
    """
    assert [[value]] == warehouse.rows(f"SELECT {expression}")


def test_aggregates_have_redshifts_types(warehouse):
    """
    The average of whole numbers is one, cut off; a sum of bigints is a numeric.
    """
    sql = "SELECT avg(id), sum(id), sum(big), avg(price), listagg(id, '-') WITHIN GROUP (ORDER BY id) FROM t"
    assert [[4, 9, "7", "1.88", "2-7"]] == warehouse.rows(sql)


def test_names_without_an_alias(warehouse):
    """
    A column without an alias has its function's name, its column's, or ?column?.
    """
    ended = warehouse.run("SELECT count(*), id::bigint, id + 1, Name FROM t GROUP BY id, name")
    columns = warehouse.data.get_statement_result(Id=ended["Id"])["ColumnMetadata"]
    assert ["count", "id", "?column?", "name"] == [column["name"] for column in columns]


def test_divisions_in_values(warehouse):
    """
    Divisions of literals are whole-number ones in VALUES too.
    """
    warehouse.run("INSERT INTO t (id) VALUES (100 / 8)")
    assert [[1]] == warehouse.rows("SELECT count(*) FROM t WHERE id = 12")


def test_nulls_are_large(warehouse):
    """
    NULLs come last upwards, and first downwards.
    """
    assert [["ann"], [None]] == warehouse.rows("SELECT name FROM t ORDER BY name")
    assert [[None], ["ann"]] == warehouse.rows("SELECT name FROM t ORDER BY name DESC")


ERRORS = [
    ("SELECT * FROM nosuch", 'ERROR: relation "nosuch" does not exist'),
    ("SELECT nosuch FROM t", 'ERROR: column "nosuch" does not exist'),
    ("SELECT avg(nosuch) FROM t", 'ERROR: column "nosuch" does not exist'),
    ("SELEC 1", 'ERROR: syntax error at or near "SELEC"\n  Position: 1'),
    ("SELECT 1; SELECT 2", "ERROR: cannot insert multiple commands into a prepared statement"),
    ("SELECT id / 0 FROM t", "ERROR: Divide by zero"),
    ("SELECT 'x'::int", 'ERROR: invalid input syntax for integer: "x"'),
    ("CREATE TABLE t (a int)", 'ERROR: Relation "t" already exists'),
    ("DROP TABLE nosuch", 'ERROR: relation "nosuch" does not exist'),
    ("INSERT INTO t (name) VALUES ('abcdef')", "ERROR: Value too long for character type"),
    (
        "SELECT * FROM read_csv('/etc/passwd')",
        "ERROR: function read_csv does not exist, or is none that localaws runs",
    ),
    ("CREATE TABLE s (a super)", "ERROR: localaws does not run the type super"),
    ("SELECT * FROM stl_query", "ERROR: localaws does not run queries of the system table stl_query"),
    ("EXPLAIN SELECT 1", "ERROR: localaws does not run the statement EXPLAIN"),
]


@pytest.mark.parametrize(("sql", "error"), ERRORS, ids=[case[0][:30] for case in ERRORS])
def test_errors(sql, error, warehouse):
    """
    A statement that fails says why in Redshift's words; what is not served is refused by name.
    """
    assert error == warehouse.error(sql)


def test_tables_keep_what_redshift_keeps(warehouse):
    """
    Distribution, sort keys and encodings are read and left out; keys are not enforced; identities count.
    """
    warehouse.run(
        "CREATE TABLE IF NOT EXISTS o (id bigint IDENTITY(10, 5), k int NOT NULL DISTKEY, v varchar(max) ENCODE zstd, "
        "PRIMARY KEY (k)) DISTSTYLE KEY COMPOUND SORTKEY (k, v)"
    )
    warehouse.run("INSERT INTO o (k, v) VALUES (1, 'a'), (1, 'b')")
    assert [[10, 1, "a"], [15, 1, "b"]] == warehouse.rows("SELECT * FROM o ORDER BY id")
    assert "ERROR: Cannot insert a NULL value into column k" == warehouse.error(
        "INSERT INTO o (v) VALUES ('x')"
    )


class TestFiles:
    def test_unload_parquet_and_copy_back(self, warehouse, client, bucket):
        """
        What UNLOAD writes as Parquet, COPY reads again.
        """
        ended = warehouse.run(
            f"UNLOAD ('SELECT id, name FROM t') TO 's3://{bucket}/t/' {ROLE} FORMAT AS PARQUET"
        )
        assert ("FINISHED", 2) == (ended["Status"], ended["ResultRows"])
        keys = [item["Key"] for item in client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
        assert ["t/0000_part_00.parquet"] == keys
        warehouse.run("CREATE TABLE back (id int, name varchar(20))")
        assert 2 == warehouse.run(f"COPY back FROM 's3://{bucket}/t/' {ROLE} FORMAT AS PARQUET")["ResultRows"]
        assert warehouse.rows("SELECT id, name FROM t ORDER BY 1") == warehouse.rows(
            "SELECT * FROM back ORDER BY 1"
        )

    def test_unload_csv(self, warehouse, client, bucket):
        """
        PARALLEL OFF writes one file, with a header and a manifest where asked for; a place in use is refused.
        """
        unload = f"UNLOAD ('SELECT id, name FROM t ORDER BY id') TO 's3://{bucket}/t_' {ROLE} CSV HEADER"
        warehouse.run(f"{unload} PARALLEL OFF MANIFEST")
        s3 = client("s3")
        assert b"id,name\n2,\n7,ann\n" == s3.get_object(Bucket=bucket, Key="t_000")["Body"].read()
        assert (
            f"s3://{bucket}/t_000".encode() in s3.get_object(Bucket=bucket, Key="t_manifest")["Body"].read()
        )
        assert "is not empty" in warehouse.error(unload)
        assert "FINISHED" == warehouse.run(f"{unload} ALLOWOVERWRITE")["Status"]

    def test_unload_by_partition(self, warehouse, client, bucket):
        """
        PARTITION BY makes folders, and leaves the column out of the files.
        """
        warehouse.run(
            f"UNLOAD ('SELECT name, id FROM t') TO 's3://{bucket}/p/' {ROLE} FORMAT PARQUET PARTITION BY (id)"
        )
        keys = [item["Key"] for item in client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
        assert ["p/id=2/0000_part_00.parquet", "p/id=7/0000_part_01.parquet"] == keys
        body = client("s3").get_object(Bucket=bucket, Key=keys[1])["Body"].read()
        assert {"name": ["ann"]} == pq.read_table(pa.BufferReader(io.BytesIO(body).getvalue())).to_pydict()

    def test_copy_text_and_json(self, warehouse, client, bucket):
        """
        COPY reads delimited lines behind a header, and JSON by names; no row is left of one that fails.
        """
        client("s3").put_object(Bucket=bucket, Key="a.txt", Body=b"id|name\n1|ann\n|bo\n2|\n")
        client("s3").put_object(Bucket=bucket, Key="b.json", Body=b'{"name": "cy", "id": 3}\n')
        client("s3").put_object(Bucket=bucket, Key="c.csv", Body=b"4,dee\nx,eve\n")
        warehouse.run("CREATE TABLE c (id int, name varchar(20))")
        warehouse.run(f"COPY c FROM 's3://{bucket}/a' {ROLE} DELIMITER '|' IGNOREHEADER 1")
        warehouse.run(f"COPY c FROM 's3://{bucket}/b' {ROLE} FORMAT AS JSON 'auto'")
        assert "Load into table 'c' failed" in warehouse.error(f"COPY c FROM 's3://{bucket}/c' {ROLE} CSV")
        expected = [[1, "ann"], [2, ""], [3, "cy"], [None, "bo"]]
        assert expected == warehouse.rows("SELECT id, name FROM c ORDER BY id")
        assert "MAXERROR" in warehouse.error(f"COPY c FROM 's3://{bucket}/c' {ROLE} CSV MAXERROR 5")
