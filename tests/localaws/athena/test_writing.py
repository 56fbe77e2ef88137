"""UNLOAD, CREATE TABLE AS, INSERT INTO and views."""

from __future__ import annotations

import gzip
import io
import uuid

import pyarrow.parquet as pq
import pytest
from pyarrow import orc

UNLOADED = r"unloaded/[^/]+/\d{8}_\d{6}_\d{5}_[0-9a-f]{5}_[0-9a-f-]{36}"


@pytest.fixture
def target(lake) -> tuple[str, str]:
    """A prefix nothing lies under: its URI and its key."""
    key = f"unloaded/{uuid.uuid4().hex[:8]}/"
    return f"s3://{lake}/{key}", key


@pytest.fixture
def fetch(client, lake):
    return lambda key: client("s3").get_object(Bucket=lake, Key=key)["Body"].read()


@pytest.fixture
def name() -> str:
    return f"t_{uuid.uuid4().hex[:10]}"


class TestOrc:
    def test_it_is_written_and_read(self, run, nyc, name, lake, keys, fetch):
        """
        CREATE TABLE AS, INSERT and UNLOAD write ORC, by partitions too.
        """
        options = "format = 'ORC', orc_compression = 'SNAPPY', partitioned_by = ARRAY['carrier']"
        run(f"CREATE TABLE {name} WITH ({options}, external_location = 's3://{lake}/orc/{name}/') AS "
            "SELECT name, carrier FROM airlines WHERE carrier IN ('AA', 'DL')")  # fmt: skip
        run(f"INSERT INTO {name} SELECT name, carrier FROM airlines WHERE carrier = 'UA'")
        assert [("3",)] == run(f"SELECT count(*) FROM {name}").rows
        assert ["carrier=AA", "carrier=DL", "carrier=UA"] == sorted(
            key.split("/")[2] for key in keys(f"orc/{name}/")
        )
        assert "SNAPPY" == orc.ORCFile(io.BytesIO(fetch(keys(f"orc/{name}/")[0]))).compression
        run(f"UNLOAD (SELECT 1 AS a) TO 's3://{lake}/orc/{name}-unloaded/' WITH (format = 'ORC')")
        [key] = keys(f"orc/{name}-unloaded/")
        assert [{"a": 1}] == orc.read_table(io.BytesIO(fetch(key))).to_pylist()


class TestBuckets:
    def test_rows_are_spread_by_value(self, run, nyc, name, lake, keys, client):
        """
        A value's rows are in one file; the table in the catalogue tells the columns and the number of files.
        """
        options = f"external_location = 's3://{lake}/buckets/{name}/', bucketed_by = ARRAY['origin'], bucket_count = 2"
        run(f"CREATE TABLE {name} WITH ({options}) AS SELECT origin, tailnum FROM flights")
        assert {"bucket-00000", "bucket-00001"} >= {key[-12:] for key in keys(f"buckets/{name}/")}
        answer = run(f'SELECT origin, count(DISTINCT "$path") FROM {name} GROUP BY origin')
        assert {"1"} == {count for _, count in answer.rows}
        descriptor = client("glue").get_table(DatabaseName="nyc", Name=name)["Table"]["StorageDescriptor"]
        assert (["origin"], 2) == (descriptor["BucketColumns"], descriptor["NumberOfBuckets"])

    def test_nothing_is_inserted(self, ask, run, nyc, name, lake):
        """
        Athena does not insert into bucketed tables.
        """
        options = (
            f"external_location = 's3://{lake}/buckets/{name}/', bucketed_by = ARRAY['a'], bucket_count = 2"
        )
        run(f"CREATE TABLE {name} WITH ({options}) AS SELECT 1 AS a")
        assert "INSERT INTO bucketed tables" in ask(f"INSERT INTO {name} SELECT 2").reason

    def test_both_properties_are_needed(self, ask, nyc, name, lake):
        """
        INVALID_TABLE_PROPERTY.
        """
        sql = f"CREATE TABLE {name} WITH (bucketed_by = ARRAY['a']) AS SELECT 1 AS a"
        assert ask(sql).reason.startswith("INVALID_TABLE_PROPERTY: bucketed_by and bucket_count")


class TestUnload:
    def test_parquet(self, run, nyc, target, keys, fetch):
        """
        Rows become a Parquet file without an ending; names are in lower case, whole numbers in 64 bits.
        """
        uri, prefix = target
        sql = "SELECT carrier AS Carrier, count(*) AS n, sum(distance) AS d FROM flights GROUP BY carrier"
        run(f"UNLOAD ({sql}) TO '{uri}' WITH (format = 'PARQUET', compression = 'SNAPPY')")
        [key] = keys(prefix)
        table = pq.read_table(io.BytesIO(fetch(key)))
        assert ["carrier", "n", "d"] == table.column_names
        assert ["string", "int64", "int64"] == [str(kind) for kind in table.schema.types]
        assert 212 == sum(table["n"].to_pylist())
        footer = pq.read_metadata(io.BytesIO(fetch(key)))
        assert "SNAPPY" == footer.row_group(0).column(0).compression

    def test_gzip_is_the_default(self, run, nyc, target, keys, fetch):
        """
        Without a compression, Parquet is written with GZIP as Athena does.
        """
        uri, prefix = target
        run(f"UNLOAD (SELECT * FROM airlines) TO '{uri}' WITH (format = 'PARQUET')")
        footer = pq.read_metadata(io.BytesIO(fetch(keys(prefix)[0])))
        assert "GZIP" == footer.row_group(0).column(0).compression

    def test_the_manifest_lists_the_files(self, run, nyc, target, keys, fetch, lake, client):
        """
        DataManifestLocation names an object with a line for each file.
        """
        uri, prefix = target
        answer = run(f"UNLOAD (SELECT * FROM airlines) TO '{uri}' WITH (format = 'PARQUET')")
        location = answer.execution["Statistics"]["DataManifestLocation"]
        assert f"s3://{lake}/results/{answer.id}-manifest.csv" == location
        listed = fetch(location.partition(f"{lake}/")[2]).decode().split()
        assert [f"s3://{lake}/{key}" for key in keys(prefix)] == listed
        assert f"s3://{lake}/results/{answer.id}" == answer.execution["ResultConfiguration"]["OutputLocation"]
        assert f"results/{answer.id}.metadata" in keys(f"results/{answer.id}")

    def test_a_prefix_that_is_not_empty(self, ask, run, nyc, target):
        """
        HIVE_PATH_ALREADY_EXISTS; nothing is written.
        """
        sql = f"UNLOAD (SELECT * FROM airlines) TO '{target[0]}' WITH (format = 'PARQUET')"
        run(sql)
        answer = ask(sql)
        assert "FAILED" == answer.state
        assert answer.reason.startswith(
            f"HIVE_PATH_ALREADY_EXISTS: Target directory already exists: {target[0]}"
        )
        assert 2 == answer.execution["Status"]["AthenaError"]["ErrorCategory"]

    def test_no_rows_write_no_file(self, run, nyc, target, keys, fetch, lake):
        """
        The prefix stays empty and the manifest too.
        """
        uri, prefix = target
        answer = run(f"UNLOAD (SELECT * FROM airlines WHERE false) TO '{uri}' WITH (format = 'PARQUET')")
        assert [] == keys(prefix)
        assert b"" == fetch(f"results/{answer.id}-manifest.csv")

    def test_partitions_are_folders(self, run, nyc, target, keys):
        """
        partitioned_by makes key=value folders of the last columns.
        """
        uri, prefix = target
        sql = "SELECT flight, origin FROM flights WHERE origin IN ('EWR', 'JFK')"
        run(f"UNLOAD ({sql}) TO '{uri}' WITH (format = 'PARQUET', partitioned_by = ARRAY['origin'])")
        assert {f"{prefix}origin=EWR", f"{prefix}origin=JFK"} == {
            key.rpartition("/")[0] for key in keys(prefix)
        }

    def test_partitions_within_partitions(self, run, nyc, target, keys):
        """
        Several columns make folders in folders.
        """
        uri, prefix = target
        sql = "SELECT flight, origin, day FROM flights WHERE origin = 'EWR' AND day = 1"
        run(f"UNLOAD ({sql}) TO '{uri}' WITH (format = 'JSON', partitioned_by = ARRAY['origin', 'day'])")
        assert {f"{prefix}origin=EWR/day=1"} == {key.rpartition("/")[0] for key in keys(prefix)}

    def test_partition_columns_come_last(self, ask, nyc, target):
        """
        HIVE_COLUMN_ORDER_MISMATCH otherwise.
        """
        sql = f"UNLOAD (SELECT origin, flight FROM flights) TO '{target[0]}' "
        answer = ask(sql + "WITH (format = 'PARQUET', partitioned_by = ARRAY['origin'])")
        assert answer.reason.startswith("HIVE_COLUMN_ORDER_MISMATCH")

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ("format = 'TEXTFILE', compression = 'NONE'", b"1\x01x\n\\N\x01y\n"),
            ("format = 'TEXTFILE', field_delimiter = ',', compression = 'NONE'", b"1,x\n\\N,y\n"),
            ("format = 'JSON', compression = 'NONE'", b'{"a":1,"b":"x"}\n{"a":null,"b":"y"}\n'),
        ],
    )
    def test_texts(self, run, nyc, target, keys, fetch, options, expected):
        """
        TEXTFILE is parted by Control-A unless said otherwise, NULL is \\N; JSON is one object a line.
        """
        uri, prefix = target
        run(f"UNLOAD (SELECT * FROM (VALUES (1, 'x'), (NULL, 'y')) AS t (a, b)) TO '{uri}' WITH ({options})")
        assert expected == fetch(keys(prefix)[0])

    def test_texts_are_gzipped_by_default(self, run, nyc, target, keys, fetch):
        """
        The file ends in .gz.
        """
        uri, prefix = target
        run(f"UNLOAD (SELECT 1 AS a) TO '{uri}' WITH (format = 'TEXTFILE')")
        [key] = keys(prefix)
        assert key.endswith(".gz")
        assert b"1\n" == gzip.decompress(fetch(key))

    def test_times_with_a_zone_are_refused(self, ask, nyc, target):
        """
        Hive has no such type: cast to timestamp first, here as on AWS.
        """
        sql = "SELECT from_iso8601_timestamp(time_hour) AS t FROM flights"
        answer = ask(f"UNLOAD ({sql}) TO '{target[0]}' WITH (format = 'PARQUET')")
        assert "NOT_SUPPORTED: Unsupported Hive type: timestamp(3) with time zone" == answer.reason

    @pytest.mark.parametrize(
        ("options", "what"),
        [
            ("format = 'AVRO'", "UNLOAD with the format AVRO"),
            ("format = 'PARQUET', bucketed_by = ARRAY['a']", "UNLOAD with the property bucketed_by"),
            ("format = 'PARQUET', compression = 'BROTLI'", "UNLOAD with the compression BROTLI for PARQUET"),
        ],
    )
    def test_what_is_not_served(self, ask, nyc, target, options, what):
        """
        Other formats and properties are refused by name.
        """
        answer = ask(f"UNLOAD (SELECT 1 AS a) TO '{target[0]}' WITH ({options})")
        assert f"NOT_SUPPORTED: localaws does not run {what}" == answer.reason

    def test_a_missing_bucket(self, ask, nyc):
        """
        It ends the query and is named.
        """
        answer = ask("UNLOAD (SELECT 1 AS a) TO 's3://no-such-bucket-at-all/x/' WITH (format = 'PARQUET')")
        assert (
            "HIVE_WRITER_OPEN_ERROR: The specified bucket does not exist: no-such-bucket-at-all"
            == answer.reason
        )


class TestCreateTableAs:
    def test_a_table_of_a_query(self, run, nyc, name, lake, client):
        """
        The table lies under the results, in Parquet, with the query's columns.
        """
        answer = run(f"CREATE TABLE {name} AS SELECT carrier, count(*) AS n FROM flights GROUP BY carrier")
        assert [("212",)] == run(f"SELECT sum(n) FROM {name}").rows
        found = client("glue").get_table(DatabaseName="nyc", Name=name)["Table"]
        descriptor = found["StorageDescriptor"]
        assert f"s3://{lake}/results/tables/{answer.id}/" == descriptor["Location"]
        assert [("carrier", "string"), ("n", "bigint")] == [
            (c["Name"], c["Type"]) for c in descriptor["Columns"]
        ]
        assert ("DDL", "CREATE_TABLE_AS_SELECT") == (
            answer.execution["StatementType"],
            answer.execution["SubstatementType"],
        )

    def test_the_result_tells_the_rows(self, athena, run, nyc, name):
        """
        UpdateCount is the number of rows; the result has no row of its own.
        """
        answer = run(f"CREATE TABLE {name} AS SELECT * FROM airlines")
        result = athena.get_query_results(QueryExecutionId=answer.id)
        assert (16, []) == (result["UpdateCount"], result["ResultSet"]["Rows"])

    def test_location_format_and_partitions(self, run, nyc, name, target, keys):
        """
        external_location, format and partitioned_by are kept; the partitions are in the catalogue.
        """
        uri, prefix = target
        options = f"external_location = '{uri}', format = 'TEXTFILE', field_delimiter = '|', "
        options += "partitioned_by = ARRAY['origin'], write_compression = 'NONE'"
        run(f"CREATE TABLE {name} WITH ({options}) AS SELECT flight, carrier, origin FROM flights")
        assert all("/origin=" in key for key in keys(prefix))
        assert [("origin=EWR",), ("origin=JFK",), ("origin=LGA",)] == run(f"SHOW PARTITIONS {name}").rows
        expected = run(
            "SELECT origin, count(*), min(carrier) FROM flights GROUP BY origin ORDER BY origin"
        ).rows
        assert (
            expected
            == run(f"SELECT origin, count(*), min(carrier) FROM {name} GROUP BY origin ORDER BY origin").rows
        )

    def test_partitions_within_partitions(self, run, nyc, name):
        """
        Several partition columns, also in what is inserted later.
        """
        options = "format = 'PARQUET', partitioned_by = ARRAY['origin', 'day']"
        sql = "SELECT flight, origin, day FROM flights WHERE origin = 'EWR' AND day ="
        run(f"CREATE TABLE {name} WITH ({options}) AS {sql} 1")
        run(f"INSERT INTO {name} {sql} 2")
        assert [("origin=EWR/day=1",), ("origin=EWR/day=2",)] == sorted(run(f"SHOW PARTITIONS {name}").rows)
        assert [("1",), ("2",)] == run(
            f"SELECT DISTINCT day FROM {name} WHERE origin = 'EWR' ORDER BY 1"
        ).rows

    def test_a_table_that_exists(self, ask, run, nyc, name):
        """
        TABLE_ALREADY_EXISTS, in Athena's words; IF NOT EXISTS is content.
        """
        run(f"CREATE TABLE {name} AS SELECT 1 AS a")
        answer = ask(f"CREATE TABLE {name} AS SELECT 1 AS a")
        start = (
            f"TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.nyc.{name}' already exists. "
        )
        assert answer.reason.startswith(start)
        assert answer.reason.endswith("before retrying. Athena will not delete data in your account.")
        assert 1110 == answer.execution["Status"]["AthenaError"]["ErrorType"]
        run(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT 1 AS a")

    def test_columns_need_names(self, ask, nyc, name):
        """
        MISSING_COLUMN_NAME for an expression without one.
        """
        answer = ask(f"CREATE TABLE {name} AS SELECT 1 AS a, 2")
        assert answer.reason.startswith(
            "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 2"
        )


class TestInsert:
    def test_rows_are_appended(self, athena, run, nyc, name):
        """
        Values and queries add files; the rows of before stay.
        """
        run(f"CREATE TABLE {name} AS SELECT 1 AS a, 'x' AS b")
        answer = run(f"INSERT INTO {name} VALUES (2, 'y'), (3, 'z')")
        assert 2 == athena.get_query_results(QueryExecutionId=answer.id)["UpdateCount"]
        run(f"INSERT INTO {name} (b) SELECT 'w'")
        assert [("1", "x"), ("2", "y"), ("3", "z"), (None, "w")] == run(
            f"SELECT * FROM {name} ORDER BY a"
        ).rows
        assert ("DML", "INSERT") == (answer.execution["StatementType"], answer.execution["SubstatementType"])

    def test_new_partitions_are_added(self, run, table):
        """
        An INSERT into a partitioned table adds the partitions it fills.
        """
        how = "PARTITIONED BY (k string) ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"
        name = table("a int", {}, how)
        run(f"INSERT INTO {name} SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS t (a, k)")
        run(f"INSERT INTO {name} VALUES (3, 'x')")
        assert [("k=x",), ("k=y",)] == run(f"SHOW PARTITIONS {name}").rows
        assert [("1", "x"), ("2", "y"), ("3", "x")] == run(f"SELECT * FROM {name} ORDER BY a").rows

    def test_types_must_fit(self, ask, run, nyc, name):
        """
        TYPE_MISMATCH names both sides' types.
        """
        run(f"CREATE TABLE {name} AS SELECT 1 AS a, 'x' AS b")
        reason = "TYPE_MISMATCH: Insert query has mismatched column types: Table: [integer, varchar], Query: [varchar, integer]"
        assert reason == ask(f"INSERT INTO {name} VALUES ('x', 1)").reason

    def test_a_missing_table(self, ask, nyc):
        """
        TABLE_NOT_FOUND.
        """
        answer = ask("INSERT INTO nosuch VALUES (1)")
        assert "TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.nyc.nosuch' does not exist" == answer.reason


class TestViews:
    def test_a_view_is_asked_like_a_table(self, run, nyc, name):
        """
        It is stored in the catalogue and expanded where it is named, in its own database.
        """
        run(f"CREATE VIEW {name} AS SELECT carrier, count(*) AS n FROM flights GROUP BY carrier")
        sql = f"SELECT sum(v.n), count(a.name) FROM nyc.{name} v JOIN nyc.airlines a ON v.carrier = a.carrier"
        assert [("212", "13")] == run(sql, database="default").rows

    def test_the_catalogue_holds_it_as_athena_does(self, client, run, nyc, name):
        """
        TableType VIRTUAL_VIEW, with the query in base64.
        """
        run(f"CREATE VIEW {name} AS SELECT 1 AS a")
        found = client("glue").get_table(DatabaseName="nyc", Name=name)["Table"]
        assert ("VIRTUAL_VIEW", "/* Presto View */") == (found["TableType"], found["ViewExpandedText"])
        assert found["ViewOriginalText"].startswith("/* Presto View: ")
        assert {"presto_view": "true", "comment": "Presto View"} == found["Parameters"]

    def test_replacing_needs_the_word(self, ask, run, nyc, name):
        """
        CREATE VIEW of a name in use fails; CREATE OR REPLACE VIEW replaces a view, never a table.
        """
        run(f"CREATE VIEW {name} AS SELECT 1 AS a")
        assert "already exists" in ask(f"CREATE VIEW {name} AS SELECT 2 AS a").reason
        run(f"CREATE OR REPLACE VIEW {name} AS SELECT 2 AS a")
        assert [("2",)] == run(f"SELECT a FROM {name}").rows
        assert "already exists" in ask("CREATE OR REPLACE VIEW airlines AS SELECT 1 AS a").reason

    def test_a_view_of_a_view(self, run, nyc, name):
        """
        Views may stand on views, with columns named anew.
        """
        run(f"CREATE VIEW {name} AS SELECT 1 AS a")
        run(f"CREATE VIEW {name}_2 (b) AS SELECT a + 1 FROM {name}")
        assert [("2",)] == run(f"SELECT b FROM {name}_2").rows

    def test_dropping(self, ask, run, nyc, name):
        """
        DROP VIEW forgets it.
        """
        run(f"CREATE VIEW {name} AS SELECT 1 AS a")
        run(f"DROP VIEW {name}")
        assert "FAILED" == ask(f"SELECT * FROM {name}").state
