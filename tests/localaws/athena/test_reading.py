"""Files read as Athena's SerDes read them."""

from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

COMMA = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"
QUOTED = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'"
OPENX = "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'"
HEADER = "TBLPROPERTIES ('skip.header.line.count'='1')"


def parquet(**data) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(data), sink)
    return sink.getvalue()


class TestLazySimple:
    def test_what_does_not_fit_is_null(self, run, table):
        """
        An empty or unreadable number is NULL; an empty text stays an empty text; \\N is NULL.
        """
        name = table("i int, d double, s string", {"a.csv": "1,2.5,x\n,,\nNA,1e3,\\N\n1.5,z,y\n"}, COMMA)
        rows = [("1", "2.5", "x"), (None, None, ""), (None, "1000.0", None), (None, None, "y")]
        assert rows == run(f"SELECT * FROM {name}").rows

    def test_rows_that_are_too_short_or_too_long(self, run, table):
        """
        What is missing is NULL, what is too much is dropped.
        """
        name = table("a string, b string, c string", {"a.csv": "1\n2,3\n4,5,6,7\n"}, COMMA)
        assert [("1", None, None), ("2", "3", None), ("4", "5", "6")] == run(f"SELECT * FROM {name}").rows

    def test_quotes_are_signs_like_any_other(self, run, table):
        """
        LazySimpleSerDe knows no quotes: a comma inside them cuts the value.
        """
        name = table("a string, b string", {"a.csv": '"x,y",z\n'}, COMMA)
        assert [('"x', 'y"')] == run(f"SELECT * FROM {name}").rows

    def test_the_header_is_skipped_in_each_file(self, run, table):
        """
        skip.header.line.count holds for every file of the table.
        """
        name = table("a int", {"1.csv": "a\n1\n", "2.csv": "a\n2\n"}, COMMA, HEADER)
        assert [("1",), ("2",)] == sorted(run(f"SELECT * FROM {name}").rows)

    def test_times_are_as_hive_writes_them(self, run, table):
        """
        2013-01-01 10:00:00 is a timestamp; the ISO form is none, and NULL.
        """
        text = "2013-01-01 10:00:00,2013-01-01\n2013-01-01T10:00:00Z,2013-01-01 10:00:00\n"
        name = table("t timestamp, d date", {"a.csv": text}, COMMA)
        assert [("2013-01-01 10:00:00.000", "2013-01-01"), (None, None)] == run(f"SELECT * FROM {name}").rows

    def test_booleans(self, run, table):
        """
        true and false in any case; anything else is NULL.
        """
        name = table("b boolean, n int", {"a.csv": "true,1\nFALSE,2\n1,3\n"}, COMMA)
        assert [("true",), ("false",), (None,)] == run(f"SELECT b FROM {name} ORDER BY n").rows

    def test_the_default_delimiter_is_control_a(self, run, table):
        """
        Without FIELDS TERMINATED BY, fields are parted by \\001 and items of a collection by \\002.
        """
        name = table("a string, b array<int>, c map<string,int>", {"a": "x\x011\x022\x01k\x037\x02l\x038\n"})
        assert [("x", "[1, 2]", "{k=7, l=8}")] == run(f"SELECT * FROM {name}").rows

    def test_delimiters_are_read_with_their_escapes(self, run, table):
        """
        '\\t' and '\\;' in DDL are a tab and a semicolon.
        """
        tab = table("a string, b string", {"a": "x\ty\n"}, r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\t'")
        semicolon = table(
            "a string, b string", {"a": "x;y\n"}, r"ROW FORMAT DELIMITED FIELDS TERMINATED BY '\;'"
        )
        for name in (tab, semicolon):
            assert [("x", "y")] == run(f"SELECT * FROM {name}").rows

    def test_an_escaped_delimiter(self, run, table):
        """
        ESCAPED BY '\\' lets a delimiter be part of a value.
        """
        name = table("a string, b string", {"a": "x\\,y,z\n"}, COMMA + r" ESCAPED BY '\\'")
        assert [("x,y", "z")] == run(f"SELECT * FROM {name}").rows

    def test_gzip(self, run, table):
        """
        Files that end in .gz are unpacked.
        """
        name = table("a int", {"a.csv.gz": gzip.compress(b"1\n2\n")}, COMMA)
        assert [("2",)] == run(f"SELECT count(*) FROM {name}").rows

    def test_hidden_files_are_not_read(self, run, table):
        """
        Names that begin with _ or . are Hive's own.
        """
        name = table(
            "a int", {"a.csv": "1\n", "_SUCCESS": "2\n", ".hidden": "3\n", "_tmp/b.csv": "4\n"}, COMMA
        )
        assert [("1",)] == run(f"SELECT * FROM {name}").rows

    def test_decimals_and_lengths(self, run, table):
        """
        A decimal has its scale, a varchar its length.
        """
        name = table("a decimal(5,2), b varchar(3)", {"a.csv": "1.5,abcdef\n"}, COMMA)
        answer = run(f"SELECT * FROM {name}")
        assert [("1.50", "abc")] == answer.rows
        assert (5, 2) == (answer.columns[0]["Precision"], answer.columns[0]["Scale"])

    def test_a_folder_without_files(self, run, table):
        """
        It is an empty table with its columns.
        """
        answer = run(f"SELECT * FROM {table('a int, b string', {}, COMMA)}")
        assert ([], ["a", "b"], ["integer", "varchar"]) == (answer.rows, answer.names, answer.types)


class TestOpenCsv:
    def test_quotes_part_values(self, run, table):
        """
        Quoted values may hold the separator and doubled quotes; empty texts are not NULL.
        """
        name = table("a string, b string", {"a.csv": '"x,y","z ""q"""\n"two",\n'}, QUOTED)
        assert [("x,y", 'z "q"'), ("two", "")] == run(f"SELECT * FROM {name}").rows

    def test_numbers(self, run, table):
        """
        Numbers are read from quoted and bare values.
        """
        name = table("a bigint, b double", {"a.csv": '"1","2.5"\n3,4\n'}, QUOTED)
        assert [("4", "6.5")] == run(f"SELECT sum(a), sum(b) FROM {name}").rows

    def test_what_is_no_number_ends_the_query(self, ask, table):
        """
        HIVE_BAD_DATA, as in Athena; LazySimpleSerDe would give NULL.
        """
        answer = ask(f"SELECT * FROM {table('a string, b int', {'a.csv': 'x,NA'}, QUOTED)}")
        reason = "HIVE_BAD_DATA: Error parsing field value 'NA' for field 1: For input string: \"NA\""
        assert ("FAILED", reason) == (answer.state, answer.reason)

    def test_other_signs(self, run, table):
        """
        separatorChar and quoteChar are taken from the SerDe's properties.
        """
        how = QUOTED + " WITH SERDEPROPERTIES ('separatorChar' = '|', 'quoteChar' = '''')"
        assert [("x|y", "z")] == run(
            f"SELECT * FROM {table('a string, b string', {'a': chr(39) + 'x|y' + chr(39) + '|z'}, how)}"
        ).rows


class TestJson:
    def test_columns_by_key(self, run, table):
        """
        Keys are found in any case and order; what is missing is NULL.
        """
        lines = '{"Id": 1, "name": "x", "ok": true}\n{"name": "y", "more": 5}\n'
        name = table("id int, name string, ok boolean", {"a.json": lines}, OPENX)
        assert [("1", "x", "true"), (None, "y", None)] == run(f"SELECT * FROM {name} ORDER BY name").rows

    def test_nested_values(self, run, table):
        """
        Structs, arrays and maps are read as such.
        """
        lines = '{"a": {"b": 1, "c": "x"}, "l": [1, 2], "m": {"k": 3}}\n'
        name = table("a struct<b:int,c:string>, l array<int>, m map<string,int>", {"a.json": lines}, OPENX)
        assert [("1", "x", "2", "3")] == run(f"SELECT a.b, a.c, l[2], m['k'] FROM {name}").rows
        assert [("{b=1, c=x}", "[1, 2]", "{k=3}")] == run(f"SELECT * FROM {name}").rows

    def test_mapped_keys(self, run, table):
        """
        mapping.column names the key of a column.
        """
        how = OPENX + " WITH SERDEPROPERTIES ('mapping.stamp' = 'ts.value')"
        assert [("7",)] == run(
            f"SELECT stamp FROM {table('stamp int', {'a': chr(123) + chr(34) + 'ts.value' + chr(34) + ':7}'}, how)}"
        ).rows

    def test_a_line_that_is_no_json(self, ask, run, table):
        """
        It ends the query, unless the table says to ignore such lines.
        """
        lines = '{"a": 1}\nno json\n'
        answer = ask(f"SELECT * FROM {table('a int', {'a': lines}, OPENX)}")
        assert "FAILED" == answer.state
        assert answer.reason.startswith("HIVE_CURSOR_ERROR: Row is not a valid JSON Object")
        how = OPENX + " WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true')"
        assert ("1",) in run(f"SELECT a FROM {table('a int', {'a': lines}, how)}").rows


class TestParquet:
    def test_types(self, run, table):
        """
        Values come with the table's types.
        """
        data = parquet(
            i=pa.array([1], pa.int32()),
            b=pa.array([2], pa.int64()),
            t=pa.array([1357034400000000], pa.timestamp("us")),
            d=pa.array([15706], pa.date32()),
            n=pa.array(["1.5"], pa.string()).cast(pa.decimal128(5, 2)),
            l=pa.array([["x", None]], pa.list_(pa.string())),
        )
        columns = "i int, b bigint, t timestamp, d date, n decimal(5,2), l array<string>"
        answer = run(f"SELECT * FROM {table(columns, {'a': data}, 'STORED AS PARQUET')}")
        assert [("1", "2", "2013-01-01 10:00:00.000", "2013-01-01", "1.50", "[x, null]")] == answer.rows
        assert ["integer", "bigint", "timestamp", "date", "decimal", "array"] == answer.types

    def test_columns_the_files_have_not(self, run, table):
        """
        Columns are found by name; one that is missing in a file is NULL.
        """
        files = {"1": parquet(b=["x"], a=[1]), "2": parquet(a=[2])}
        name = table("a bigint, b string, c double", files, "STORED AS PARQUET")
        assert [("1", "x", None), ("2", None, None)] == run(f"SELECT * FROM {name} ORDER BY a").rows

    def test_a_type_of_another_kind(self, ask, table):
        """
        A number in the files and a string in the table is HIVE_BAD_DATA, as in Athena.
        """
        answer = ask(f"SELECT * FROM {table('a string', {'1': parquet(a=[1])}, 'STORED AS PARQUET')}")
        assert answer.reason.startswith("HIVE_BAD_DATA: Field a's type BIGINT in parquet file s3://")
        assert answer.reason.endswith("is incompatible with type varchar defined in table schema")

    def test_only_the_columns_used_are_scanned(self, run, table):
        """
        DataScannedInBytes counts the chunks of the columns a query names.
        """
        data = parquet(a=list(range(20000)), b=[f"text {n * 7919}" for n in range(20000)])
        name = table("a bigint, b string", {"1": data}, "STORED AS PARQUET")
        one, both = run(f"SELECT sum(a) FROM {name}").scanned, run(f"SELECT * FROM {name}").scanned
        assert 0 < one < both == len(data)
        assert 0 == run(f"SELECT count(*) FROM {name}").scanned


class TestPartitions:
    @pytest.fixture
    def partitioned(self, run, table) -> str:
        files = {
            f"year={year}/origin={origin}/a.csv": f"{year % 100}\n"
            for year in (2012, 2013)
            for origin in ("EWR", "JFK")
        }
        name = table("n int", files, "PARTITIONED BY (year int, origin string) " + COMMA)
        run(f"MSCK REPAIR TABLE {name}")
        return name

    def test_values_are_typed_columns(self, run, partitioned):
        """
        Partition values are columns behind the others, of their own types.
        """
        answer = run(f"SELECT * FROM {partitioned} WHERE year > 2012 ORDER BY origin")
        assert [("13", "2013", "EWR"), ("13", "2013", "JFK")] == answer.rows
        assert ["integer", "integer", "varchar"] == answer.types

    @pytest.mark.parametrize(
        ("condition", "files"),
        [
            ("year = 2013", 2),
            ("year = 2013 AND origin = 'EWR'", 1),
            ("origin IN ('EWR') AND n > 0", 2),
            ("year BETWEEN 2013 AND 2014", 2),
            ("year = 2013 OR n = 12", 4),
            ("year > 2020", 0),
            ("year + 1 = 2014", 4),
        ],
    )
    def test_only_the_partitions_needed_are_read(self, run, partitioned, condition, files):
        """
        Conditions on the keys decide which folders are looked at; three bytes lie in each.
        """
        assert 3 * files == run(f"SELECT * FROM {partitioned} WHERE {condition}").scanned

    def test_pruning_in_a_join(self, run, partitioned):
        """
        A condition counts for the table whose name it bears.
        """
        sql = f"SELECT count(*) FROM {partitioned} a JOIN {partitioned} b ON a.n = b.n WHERE a.year = 2013"
        answer = run(sql)
        assert ([("4",)], 3 * 2 + 3 * 4) == (answer.rows, answer.scanned)

    def test_the_null_partition(self, run, table):
        """
        __HIVE_DEFAULT_PARTITION__ is NULL.
        """
        files = {"k=__HIVE_DEFAULT_PARTITION__/a": "1\n", "k=x/a": "2\n"}
        name = table("n int", files, "PARTITIONED BY (k string) " + COMMA)
        run(f"MSCK REPAIR TABLE {name}")
        assert [("1",)] == run(f"SELECT n FROM {name} WHERE k IS NULL").rows
