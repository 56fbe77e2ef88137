"""From files to tables: folders, partitions, exclusions."""

from __future__ import annotations

from localaws.glue.classify import Classified
from localaws.glue.schema import Schema
from localaws.glue.walk import FoundFile, FoundTable, Grouping, table_name, tables_of, tree_of, visible


def file(key: str, *columns: str, classification: str = "csv") -> FoundFile:
    schema = Schema(classification, tuple((column, "bigint") for column in columns))
    return FoundFile(key, 100, Classified(schema, "none", 10, 10))


def tables(*files: FoundFile, prefix: str = "raw/", **how) -> dict[str, FoundTable]:
    return {table.name: table for table in tables_of(tree_of(prefix, files), "lake", Grouping(**how))}


def test_a_folder_of_files_alike_is_one_table():
    """
    Its name is the folder's.
    """
    found = tables(file("raw/a.csv", "x", "y"), file("raw/b.csv", "x", "y"))
    assert {"raw"} == found.keys()
    assert "raw/" == found["raw"].location
    assert 2 == len(found["raw"].files)


def test_folders_that_differ_are_tables_of_their_own():
    """
    Each is named by its own folder.
    """
    found = tables(file("raw/flights/f.csv", "x", "y"), file("raw/planes/p.csv", "t", "u"))
    assert {"flights": "raw/flights/", "planes": "raw/planes/"} == {n: t.location for n, t in found.items()}


def test_folders_that_are_alike_are_partitions():
    """
    Without ``key=value`` names the partition columns are partition_0, partition_1 …, as in Glue.
    """
    found = tables(file("raw/one/f.csv", "x", "y"), file("raw/two/p.csv", "x", "y"))
    assert ("partition_0",) == found["raw"].keys
    assert [("one",), ("two",)] == [partition.values for partition in found["raw"].partitions]


def test_hive_folders_name_the_partition_columns():
    """
    ``key=value`` folders give the columns and, with %-signs undone, the values.
    """
    found = tables(
        file("raw/f/year=2013/month=1/a.csv", "x", "y"),
        file("raw/f/year=2013/month=a%2Fb/b.csv", "x", "y"),
        file("raw/g/b.csv", "z"),
    )
    assert ("year", "month") == found["f"].keys
    assert [("2013", "1"), ("2013", "a/b")] == [partition.values for partition in found["f"].partitions]
    assert "raw/f/year=2013/month=1/" == found["f"].partitions[0].folder


def test_files_that_differ_in_one_folder_are_a_table_each():
    """
    Such a table is named by its file, and its location is the file.
    """
    found = tables(file("raw/flights.csv", "x", "y"), file("raw/planes.csv", "t", "u"))
    assert {"flights_csv": "raw/flights.csv", "planes_csv": "raw/planes.csv"} == {
        n: t.location for n, t in found.items()
    }


def test_seven_columns_of_ten_are_enough():
    """
    Files are alike from 70 % common columns on; the table has all of them.
    """
    ten, eight = [f"c{n}" for n in range(10)], [f"c{n}" for n in range(7)] + ["other"]
    found = tables(file("raw/a.csv", *ten), file("raw/b.csv", *eight))
    assert 11 == len(found["raw"].schema.columns)
    six = [f"c{n}" for n in range(6)] + ["p", "q"]
    assert {"a_csv", "b_csv"} == tables(file("raw/a.csv", *ten), file("raw/b.csv", *six)).keys()


def test_formats_are_never_mixed():
    """
    A CSV and a Parquet file of the same columns are two tables.
    """
    found = tables(file("raw/a.csv", "x"), file("raw/b.parquet", "x", classification="parquet"))
    assert {"a_csv", "b_parquet"} == found.keys()


def test_the_table_level_forces_folders_apart():
    """
    TableLevelConfiguration 3 makes each folder two under the bucket a table, alike or not.
    """
    files = [file("raw/one/f.csv", "x", "y"), file("raw/two/p.csv", "x", "y")]
    assert {"one", "two"} == tables(*files, level=3).keys()


def test_combine_compatible_schemas():
    """
    CombineCompatibleSchemas makes one table of files that share a format only.
    """
    found = tables(file("raw/a.csv", "x"), file("raw/b.csv", "y"), combine=True)
    assert (("x", "bigint"), ("y", "bigint")) == found["raw"].schema.columns


def test_a_whole_bucket_is_named_by_the_bucket():
    """
    A target without a prefix and of one schema gives the bucket's name.
    """
    assert {"lake"} == tables(file("a.csv", "x"), prefix="").keys()


def test_names():
    """
    Capitals are folded, other signs become underscores.
    """
    assert "my_table_2013_01" == table_name("My-Table.2013 01")


class TestVisible:
    def test_hidden_and_folder_keys(self):
        """
        What begins with _ or . is hidden, at any depth; a key that ends in / is a folder's marker.
        """
        keys = ["raw/a.csv", "raw/_SUCCESS", "raw/.x", "raw/_temporary/a.csv", "raw/d/"]
        assert ["raw/a.csv"] == [key for key in keys if visible(key, "raw/")]

    def test_exclusions(self):
        """
        ``*`` stays in a folder, ``**`` does not, ``{a,b}`` chooses; patterns are relative to the target.
        """
        keys = ["raw/a.csv", "raw/a.json", "raw/d/a.csv", "raw/d/e/b.csv"]

        def left(*patterns):
            return [key for key in keys if visible(key, "raw/", patterns)]

        assert ["raw/a.json", "raw/d/a.csv", "raw/d/e/b.csv"] == left("*.csv")
        assert ["raw/a.json"] == left("**.csv")
        assert ["raw/d/a.csv", "raw/d/e/b.csv"] == left("*.{csv,json}")
        assert ["raw/a.csv", "raw/a.json"] == left("d/**")
        assert ["raw/a.csv", "raw/a.json", "raw/d/e/b.csv"] == left("d/[ab].csv")
