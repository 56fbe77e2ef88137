"""Databases, tables and partitions through boto3."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

COLUMNS = [{"Name": "id", "Type": "bigint"}]


@pytest.fixture(scope="module")
def glue(client: Callable):
    return client("glue")


@pytest.fixture
def database(glue) -> str:
    name = f"db_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": name})
    return name


def table(name: str, **more) -> dict:
    return {"Name": name, "StorageDescriptor": {"Columns": COLUMNS, "Location": "s3://lake/t/"}, **more}


def refused(code: str, message: str, call: Callable, **request) -> None:
    with pytest.raises(ClientError) as error:
        call(**request)
    assert (code, message) == (
        error.value.response["Error"]["Code"],
        error.value.response["Error"]["Message"],
    )


class TestDatabases:
    def test_names_are_folded(self, glue):
        """
        A database created in capitals is found in small letters, as in Glue.
        """
        name = f"Db_{uuid.uuid4().hex[:8]}"
        glue.create_database(DatabaseInput={"Name": name, "Description": "flights"})
        found = glue.get_database(Name=name)["Database"]
        assert (name.lower(), "flights") == (found["Name"], found["Description"])
        assert found["CreateTime"]

    def test_a_second_one_of_a_name(self, glue, database):
        """
        CreateDatabase of a name in use is AlreadyExistsException.
        """
        refused(
            "AlreadyExistsException",
            "Database already exists.",
            glue.create_database,
            DatabaseInput={"Name": database},
        )

    def test_one_that_is_not_there(self, glue):
        """
        EntityNotFoundException names it.
        """
        refused("EntityNotFoundException", "Database nosuch not found.", glue.get_database, Name="nosuch")
        refused("EntityNotFoundException", "Database nosuch not found.", glue.delete_database, Name="nosuch")

    def test_update_and_list(self, glue, database):
        """
        UpdateDatabase replaces the description; GetDatabases pages over all.
        """
        glue.update_database(Name=database, DatabaseInput={"Name": database, "Parameters": {"a": "b"}})
        assert {"a": "b"} == glue.get_database(Name=database)["Database"]["Parameters"]
        pages = glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 1})
        assert database in [found["Name"] for page in pages for found in page["DatabaseList"]]

    def test_deletion_takes_the_tables(self, glue, database):
        """
        DeleteDatabase removes its tables and their partitions.
        """
        glue.create_table(DatabaseName=database, TableInput=table("t"))
        glue.delete_database(Name=database)
        glue.create_database(DatabaseInput={"Name": database})
        assert [] == glue.get_tables(DatabaseName=database)["TableList"]


class TestTables:
    def test_a_table_comes_back_as_given(self, glue, database):
        """
        The definition is kept; the catalogue adds times, version, catalogue and creator.
        """
        body = table("T1", Parameters={"classification": "csv"}, TableType="EXTERNAL_TABLE", Owner="me")
        glue.create_table(DatabaseName=database, TableInput=body)
        found = glue.get_table(DatabaseName=database, Name="T1")["Table"]
        assert "t1" == found["Name"]
        assert body["StorageDescriptor"] == found["StorageDescriptor"]
        assert {"classification": "csv"} == found["Parameters"]
        assert ("0", "123456789012", 0, []) == (
            found["VersionId"],
            found["CatalogId"],
            found["Retention"],
            found["PartitionKeys"],
        )

    def test_errors(self, glue, database):
        """
        AlreadyExistsException and EntityNotFoundException, with Glue's texts.
        """
        glue.create_table(DatabaseName=database, TableInput=table("t"))
        exists = ("AlreadyExistsException", "Table already exists.")
        refused(*exists, glue.create_table, DatabaseName=database, TableInput=table("T"))
        missing = ("EntityNotFoundException", "Table x not found.")
        refused(*missing, glue.get_table, DatabaseName=database, Name="x")
        refused(*missing, glue.delete_table, DatabaseName=database, Name="x")
        refused(*missing, glue.update_table, DatabaseName=database, TableInput=table("x"))
        refused(
            "EntityNotFoundException",
            "Database nosuch not found.",
            glue.create_table,
            DatabaseName="nosuch",
            TableInput=table("t"),
        )

    def test_update_replaces_and_counts(self, glue, database):
        """
        UpdateTable replaces what is given and makes a new version.
        """
        glue.create_table(DatabaseName=database, TableInput=table("t", Description="old"))
        glue.update_table(DatabaseName=database, TableInput=table("t", Parameters={"k": "v"}))
        found = glue.get_table(DatabaseName=database, Name="t")["Table"]
        assert ("1", {"k": "v"}) == (found["VersionId"], found["Parameters"])
        assert "Description" not in found

    def test_lists_are_by_name_and_paged(self, glue, database):
        """
        GetTables pages in the order of names and filters by an expression.
        """
        for name in ("b", "a", "c1", "c2"):
            glue.create_table(DatabaseName=database, TableInput=table(name))
        pages = list(
            glue.get_paginator("get_tables").paginate(DatabaseName=database, PaginationConfig={"PageSize": 3})
        )
        assert [["a", "b", "c1"], ["c2"]] == [[t["Name"] for t in page["TableList"]] for page in pages]
        found = glue.get_tables(DatabaseName=database, Expression="c*")["TableList"]
        assert ["c1", "c2"] == [t["Name"] for t in found]

    def test_a_bad_token(self, glue, database):
        """
        A token that is not ours is InvalidInputException.
        """
        message = "Invalid continuation token provided."
        refused("InvalidInputException", message, glue.get_tables, DatabaseName=database, NextToken="xyz")

    def test_batch_delete_names_what_it_could_not(self, glue, database):
        """
        BatchDeleteTable deletes what is there and reports the rest.
        """
        glue.create_table(DatabaseName=database, TableInput=table("a"))
        errors = glue.batch_delete_table(DatabaseName=database, TablesToDelete=["a", "b"])["Errors"]
        assert [("b", "EntityNotFoundException")] == [
            (e["TableName"], e["ErrorDetail"]["ErrorCode"]) for e in errors
        ]

    def test_a_request_is_checked_against_the_model(self, glue, database):
        """
        A name that is too long is InvalidInputException with AWS's validation text.
        """
        with pytest.raises(ClientError) as error:
            glue.get_table(DatabaseName=database, Name="x" * 256)
        assert "InvalidInputException" == error.value.response["Error"]["Code"]
        assert "Member must have length less than or equal to 255" in str(error.value)

    def test_lake_formation_is_refused_by_name(self, glue, database):
        """
        What is not there says so: NotImplemented, naming the operation.
        """
        message = "localaws does not implement glue.GetUnfilteredTableMetadata"
        place = {"CatalogId": "123456789012", "DatabaseName": database, "Name": "t"}
        wanted = {"SupportedPermissionTypes": ["COLUMN_PERMISSION"]}
        refused("NotImplemented", message, glue.get_unfiltered_table_metadata, **place, **wanted)


class TestPartitions:
    @pytest.fixture
    def partitioned(self, glue, database) -> dict:
        keys = [{"Name": "year", "Type": "int"}, {"Name": "origin", "Type": "string"}]
        glue.create_table(DatabaseName=database, TableInput=table("t", PartitionKeys=keys))
        bodies = [
            {
                "Values": [str(year), origin],
                "StorageDescriptor": {"Columns": COLUMNS, "Location": f"s3://l/{year}/"},
            }
            for year in (2012, 2013)
            for origin in ("EWR", "JFK")
        ]
        where = {"DatabaseName": database, "TableName": "t"}
        assert [] == glue.batch_create_partition(**where, PartitionInputList=bodies)["Errors"]
        return where

    def test_expressions_pick(self, glue, partitioned):
        """
        GetPartitions filters by an expression on the keys.
        """
        found = glue.get_partitions(**partitioned, Expression="year > 2012 and origin like 'E%'")[
            "Partitions"
        ]
        assert [["2013", "EWR"]] == [partition["Values"] for partition in found]

    def test_pages(self, glue, partitioned):
        """
        GetPartitions pages in the order of values.
        """
        pages = list(
            glue.get_paginator("get_partitions").paginate(**partitioned, PaginationConfig={"PageSize": 3})
        )
        assert [3, 1] == [len(page["Partitions"]) for page in pages]
        assert ["2012", "EWR"] == pages[0]["Partitions"][0]["Values"]

    def test_segments_share_them_out(self, glue, partitioned):
        """
        The segments of a parallel scan hold each partition once.
        """
        found = [
            tuple(partition["Values"])
            for number in range(3)
            for partition in glue.get_partitions(
                **partitioned, Segment={"SegmentNumber": number, "TotalSegments": 3}
            )["Partitions"]
        ]
        assert (4, 4) == (len(found), len(set(found)))

    def test_one(self, glue, partitioned):
        """
        GetPartition, UpdatePartition (also to other values) and DeletePartition work by values.
        """
        values = ["2012", "EWR"]
        body = {"Values": ["2011", "EWR"], "Parameters": {"k": "v"}}
        glue.update_partition(**partitioned, PartitionValueList=values, PartitionInput=body)
        found = glue.get_partition(**partitioned, PartitionValues=["2011", "EWR"])["Partition"]
        assert {"k": "v"} == found["Parameters"]
        glue.delete_partition(**partitioned, PartitionValues=["2011", "EWR"])
        missing = ("EntityNotFoundException", "Cannot find partition.")
        refused(*missing, glue.get_partition, **partitioned, PartitionValues=values)
        refused(*missing, glue.delete_partition, **partitioned, PartitionValues=values)

    def test_batches_report(self, glue, partitioned):
        """
        BatchCreatePartition and BatchDeletePartition do what they can and report the rest.
        """
        again = glue.batch_create_partition(
            **partitioned, PartitionInputList=[{"Values": ["2012", "EWR"]}, {"Values": ["2014", "LGA"]}]
        )["Errors"]
        assert [(["2012", "EWR"], "AlreadyExistsException")] == [
            (error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in again
        ]
        gone = glue.batch_delete_partition(
            **partitioned, PartitionsToDelete=[{"Values": ["2014", "LGA"]}, {"Values": ["1", "x"]}]
        )["Errors"]
        assert [["1", "x"]] == [error["PartitionValues"] for error in gone]
        wanted = [{"Values": ["2012", "JFK"]}, {"Values": ["2014", "LGA"]}]
        found = glue.batch_get_partition(**partitioned, PartitionsToGet=wanted)["Partitions"]
        assert [["2012", "JFK"]] == [partition["Values"] for partition in found]

    def test_values_must_fit_the_keys(self, glue, partitioned):
        """
        One value for two keys is InvalidInputException.
        """
        message = "The number of partition keys do not match the number of partition values"
        refused(
            "InvalidInputException",
            message,
            glue.create_partition,
            **partitioned,
            PartitionInput={"Values": ["2012"]},
        )


def test_the_catalogue_survives_a_restart(start, connect, tmp_path):
    """
    What was created is there after the server was ended and started again.
    """
    first = start(tmp_path / "state")
    glue = connect(first, "glue")
    glue.create_database(DatabaseInput={"Name": "kept"})
    glue.create_table(DatabaseName="kept", TableInput=table("t"))
    first.stop()
    again = connect(start(tmp_path / "state"), "glue")
    assert "t" == again.get_table(DatabaseName="kept", Name="t")["Table"]["Name"]
