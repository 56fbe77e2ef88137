"""Schemas that change: partitions older than their table's columns, and nested columns that have grown."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def parquet(**columns) -> bytes:
    """A Parquet file of some columns."""
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@pytest.fixture
def aged(run, table, put, lake):
    """A partitioned Parquet table with a first partition ``p=1``, to be changed by a test."""
    name = table(
        "n int, s string", {"p=1/a": parquet(n=[1], s=["x"])}, "PARTITIONED BY (p int) STORED AS PARQUET"
    )
    run(f"MSCK REPAIR TABLE {name}")
    return name


class TestPartitions:
    def test_a_column_that_came_later(self, run, aged, put):
        """
        It is NULL in files that have it not, and read from those that do, whatever their partition's schema says.
        """
        run(f"ALTER TABLE {aged} ADD COLUMNS (later double)")
        put(f"tables/{aged}/p=1/b", parquet(n=[2], later=[1.5], s=["y"]))
        put(f"tables/{aged}/p=2/c", parquet(later=[2.5], n=[3]))
        run(f"MSCK REPAIR TABLE {aged}")
        rows = run(f"SELECT n, s, later, p FROM {aged} ORDER BY n").rows
        assert [("1", "x", None, "1"), ("2", "y", "1.5", "1"), ("3", None, "2.5", "2")] == rows

    def test_a_type_that_grew(self, run, client, aged):
        """
        A partition's int is the table's bigint.
        """
        glue = client("glue")
        found = glue.get_table(DatabaseName="nyc", Name=aged)["Table"]
        found["StorageDescriptor"]["Columns"][0]["Type"] = "bigint"
        kept = {
            key: found[key]
            for key in ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
        }
        glue.update_table(DatabaseName="nyc", TableInput=kept)
        answer = run(f"SELECT n FROM {aged}")
        assert ([("1",)], ["bigint"]) == (answer.rows, answer.types)

    def test_a_type_that_does_not_fit(self, ask, client, aged):
        """
        HIVE_PARTITION_SCHEMA_MISMATCH, with the column, the partition and both types.
        """
        glue = client("glue")
        found = glue.get_table(DatabaseName="nyc", Name=aged)["Table"]
        found["StorageDescriptor"]["Columns"][1]["Type"] = "int"
        kept = {
            key: found[key]
            for key in ("Name", "StorageDescriptor", "PartitionKeys", "TableType", "Parameters")
        }
        glue.update_table(DatabaseName="nyc", TableInput=kept)
        reason = ask(f"SELECT s FROM {aged}").reason
        assert reason.startswith(
            "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition"
        )
        assert "but partition 'p=1' declared column 's' as type 'string'" in reason

    def test_text_knows_its_columns_by_their_places(self, run, table):
        """
        A column that was given another name is read from where it was; no star shows the old one.
        """
        how = "PARTITIONED BY (p int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ','"
        name = table("a int, b string", {"p=1/x": "1,one\n"}, how)
        run(f"MSCK REPAIR TABLE {name}")
        run(f"ALTER TABLE {name} CHANGE COLUMN a n bigint")
        answer = run(f"SELECT * FROM {name}")
        assert ([("1", "one", "1")], ["n", "b", "p"]) == (answer.rows, answer.names)


class TestNested:
    def test_a_field_that_came_later(self, run, table):
        """
        A struct's fields are found by name; one a file has not is NULL, in a list of structs as well.
        """
        name = table(
            "id int, r struct<a:int,b:string>, l array<struct<a:int,b:string>>",
            {
                "old": parquet(id=pa.array([1], pa.int32()), r=[{"a": 1}], l=[[{"a": 1}]]),
                "new": parquet(
                    id=pa.array([2], pa.int32()), r=[{"b": "x", "a": 2}], l=[[{"b": "y", "a": 3}]]
                ),
            },
            "STORED AS PARQUET",
        )
        rows = run(f"SELECT id, r.a, r.b, l[1].a, l[1].b FROM {name} ORDER BY id").rows
        assert [("1", "1", None, "1", None), ("2", "2", "x", "3", "y")] == rows
