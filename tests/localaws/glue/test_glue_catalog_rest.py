"""Versions of tables, connections, searches and partitions changed in batches, through boto3."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def glue(client):
    return client("glue")


@pytest.fixture
def database(glue) -> str:
    name = f"db_{uuid.uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": name})
    return name


def table(name: str, *columns: str, **more) -> dict:
    listed = [{"Name": column, "Type": "string"} for column in columns]
    return {"Name": name, "StorageDescriptor": {"Columns": listed}, **more}


def refused(code: str, call, **request) -> None:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert code == caught.value.response["Error"]["Code"]


class TestVersions:
    def test_each_update_leaves_one(self, glue, database):
        """
        The former definitions are kept, the newest first, but for updates that skip the archive.
        """
        place = {"DatabaseName": database, "TableName": "t"}
        glue.create_table(DatabaseName=database, TableInput=table("t", "a"))
        glue.update_table(DatabaseName=database, TableInput=table("t", "a", "b"))
        glue.update_table(DatabaseName=database, TableInput=table("t", "c"), SkipArchive=True)
        found = glue.get_table_versions(**place)["TableVersions"]
        assert ["2", "0"] == [version["VersionId"] for version in found]
        first = glue.get_table_version(**place, VersionId="0")["TableVersion"]["Table"]
        assert [{"Name": "a", "Type": "string"}] == first["StorageDescriptor"]["Columns"]
        refused("EntityNotFoundException", glue.get_table_version, **place, VersionId="1")

    def test_an_update_of_another_version(self, glue, database):
        """
        An update that names a version which is no more is ConcurrentModificationException, and changes nothing.
        """
        glue.create_table(DatabaseName=database, TableInput=table("t", "a"))
        change = {"DatabaseName": database, "TableInput": table("t", "b"), "VersionId": "0"}
        glue.update_table(**change)
        refused("ConcurrentModificationException", glue.update_table, **change)
        assert "1" == glue.get_table(DatabaseName=database, Name="t")["Table"]["VersionId"]

    def test_they_can_be_forgotten(self, glue, database):
        """
        Former versions are deleted, the current one is not; a table made again has none of the old ones.
        """
        place = {"DatabaseName": database, "TableName": "t"}
        glue.create_table(DatabaseName=database, TableInput=table("t", "a"))
        for name in ("b", "c"):
            glue.update_table(DatabaseName=database, TableInput=table("t", name))
        glue.delete_table_version(**place, VersionId="0")
        errors = glue.batch_delete_table_version(**place, VersionIds=["0", "2"])["Errors"]
        codes = ["EntityNotFoundException", "InvalidInputException"]
        assert codes == [error["ErrorDetail"]["ErrorCode"] for error in errors]
        glue.delete_table(DatabaseName=database, Name="t")
        glue.create_table(DatabaseName=database, TableInput=table("t", "a"))
        assert ["0"] == [
            version["VersionId"] for version in glue.get_table_versions(**place)["TableVersions"]
        ]


class TestConnections:
    def test_life(self, glue):
        """
        A connection is kept, shown without its password when asked so, changed, and deleted.
        """
        name = f"warehouse-{uuid.uuid4().hex[:8]}"
        properties = {"JDBC_CONNECTION_URL": "jdbc:redshift://h/dev", "USERNAME": "u", "PASSWORD": "p"}
        given = {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": properties}
        glue.create_connection(ConnectionInput=given)
        refused("AlreadyExistsException", glue.create_connection, ConnectionInput=given)
        assert properties == glue.get_connection(Name=name)["Connection"]["ConnectionProperties"]
        hidden = glue.get_connection(Name=name, HidePassword=True)["Connection"]["ConnectionProperties"]
        assert {"JDBC_CONNECTION_URL", "USERNAME"} == set(hidden)
        glue.update_connection(Name=name, ConnectionInput={**given, "Description": "new"})
        found = glue.get_connections(Filter={"ConnectionType": "JDBC"}, HidePassword=True)["ConnectionList"]
        assert ["new"] == [one["Description"] for one in found if one["Name"] == name]
        answer = glue.batch_delete_connection(ConnectionNameList=[name, "nosuch"])
        assert ([name], {"nosuch"}) == (answer["Succeeded"], set(answer["Errors"]))
        refused("EntityNotFoundException", glue.get_connection, Name=name)


def test_search(glue, database):
    """
    Tables are found by a text in names and columns, and by members and parameters.
    """
    word = uuid.uuid4().hex
    glue.create_table(DatabaseName=database, TableInput=table("b", f"x{word}", Parameters={"team": word}))
    glue.create_table(DatabaseName=database, TableInput=table("a", "y", Description=f"about {word}"))
    order = [{"FieldName": "Name", "Sort": "DESC"}]
    found = glue.search_tables(SearchText=word, SortCriteria=order)["TableList"]
    assert ["b", "a"] == [one["Name"] for one in found]
    filters = [{"Key": "DatabaseName", "Value": database}, {"Key": "team", "Value": word}]
    assert ["b"] == [one["Name"] for one in glue.search_tables(Filters=filters)["TableList"]]


def test_partitions_changed_in_a_batch(glue, database):
    """
    Each partition is replaced; one that is not there is named in the answer.
    """
    keys = [{"Name": "day", "Type": "string"}]
    glue.create_table(DatabaseName=database, TableInput=table("t", "a", PartitionKeys=keys))
    place = {"DatabaseName": database, "TableName": "t"}
    glue.create_partition(**place, PartitionInput={"Values": ["1"]})
    entries = [
        {"PartitionValueList": [day], "PartitionInput": {"Values": [day], "Parameters": {"rows": "5"}}}
        for day in ("1", "2")
    ]
    errors = glue.batch_update_partition(**place, Entries=entries)["Errors"]
    assert [["2"]] == [error["PartitionValueList"] for error in errors]
    partition = glue.get_partition(**place, PartitionValues=["1"])["Partition"]
    assert {"rows": "5"} == partition["Parameters"]
