"""Workgroups, and Athena's view of the catalogue."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def workgroup(athena, lake):
    """Makes a workgroup; its name."""

    def make(**configuration) -> str:
        name = f"wg-{uuid.uuid4().hex[:8]}"
        athena.create_work_group(Name=name, Configuration=configuration, Description="for a test")
        return name

    return make


class TestWorkGroups:
    def test_primary_is_there(self, athena):
        """
        A new account has the workgroup primary, without an output location.
        """
        found = athena.get_work_group(WorkGroup="primary")["WorkGroup"]
        assert ("primary", "ENABLED") == (found["Name"], found["State"])
        assert {} == found["Configuration"]["ResultConfiguration"]
        assert "AUTO" == found["Configuration"]["EngineVersion"]["SelectedEngineVersion"]
        assert "Description" not in found

    def test_its_location_serves_queries_without_one(self, athena, run, workgroup, nyc, lake):
        """
        A query that names no location writes to its workgroup's.
        """
        name = workgroup(
            ResultConfiguration={"OutputLocation": f"s3://{lake}/wg/"}, EnforceWorkGroupConfiguration=False
        )
        location = run("SELECT 1", WorkGroup=name, ResultConfiguration={}).execution["ResultConfiguration"]
        assert location["OutputLocation"].startswith(f"s3://{lake}/wg/")

    def test_an_enforced_location_wins(self, run, workgroup, nyc, lake):
        """
        The client's own is not heeded.
        """
        name = workgroup(
            ResultConfiguration={"OutputLocation": f"s3://{lake}/wg"}, EnforceWorkGroupConfiguration=True
        )
        answer = run("SELECT 1", WorkGroup=name)
        assert f"s3://{lake}/wg/{answer.id}.csv" == answer.execution["ResultConfiguration"]["OutputLocation"]

    def test_a_limit_of_bytes(self, ask, workgroup, nyc, lake):
        """
        A query that would scan more is CANCELLED; one that scans less is not.
        """
        name = workgroup(BytesScannedCutoffPerQuery=10_000_000)
        assert "SUCCEEDED" == ask("SELECT count(*) FROM flights", WorkGroup=name).state

    def test_a_limit_that_is_passed(self, ask, athena, put, run, workgroup, nyc, lake):
        """
        The reason says that the limit was exceeded.
        """
        name = workgroup(BytesScannedCutoffPerQuery=10_000_000)
        location = put("big/a.csv", b"x\n" * 6_000_000).rpartition("/")[0]
        run(f"CREATE EXTERNAL TABLE IF NOT EXISTS big (a string) LOCATION '{location}/'")
        answer = ask("SELECT count(*) FROM big", WorkGroup=name)
        assert ("CANCELLED", "Bytes scanned limit was exceeded") == (answer.state, answer.reason)

    def test_updates(self, athena, workgroup, lake):
        """
        UpdateWorkGroup changes and removes settings; a disabled workgroup takes no queries.
        """
        name = workgroup(BytesScannedCutoffPerQuery=10_000_000)
        athena.update_work_group(
            WorkGroup=name,
            State="DISABLED",
            ConfigurationUpdates={
                "RemoveBytesScannedCutoffPerQuery": True,
                "ResultConfigurationUpdates": {"OutputLocation": f"s3://{lake}/new/"},
            },
        )
        found = athena.get_work_group(WorkGroup=name)["WorkGroup"]
        assert f"s3://{lake}/new/" == found["Configuration"]["ResultConfiguration"]["OutputLocation"]
        assert "BytesScannedCutoffPerQuery" not in found["Configuration"]
        with pytest.raises(ClientError, match="WorkGroup is disabled"):
            athena.start_query_execution(QueryString="SELECT 1", WorkGroup=name)

    def test_lists_are_by_name(self, athena, workgroup):
        """
        ListWorkGroups has every workgroup once.
        """
        name = workgroup()
        names = [entry["Name"] for entry in athena.list_work_groups()["WorkGroups"]]
        assert sorted(names) == names
        assert {"primary", name} <= set(names)

    def test_names_are_unique(self, athena, workgroup):
        """
        A second one of a name is refused.
        """
        name = workgroup()
        with pytest.raises(ClientError, match="WorkGroup is already created"):
            athena.create_work_group(Name=name)

    def test_deleting(self, athena, run, workgroup, nyc):
        """
        One that ran queries needs RecursiveDeleteOption; primary stays.
        """
        name = workgroup()
        run("SELECT 1", WorkGroup=name)
        with pytest.raises(ClientError, match="WorkGroup is not empty"):
            athena.delete_work_group(WorkGroup=name)
        athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
        with pytest.raises(ClientError, match=r"WorkGroup is not found\."):
            athena.get_work_group(WorkGroup=name)
        with pytest.raises(ClientError):
            athena.delete_work_group(WorkGroup="primary", RecursiveDeleteOption=True)

    def test_what_is_not_served_says_so(self, athena, workgroup):
        """
        Managed results are NotImplemented, by name.
        """
        with pytest.raises(ClientError, match="ManagedQueryResultsConfiguration"):
            workgroup(ManagedQueryResultsConfiguration={"Enabled": True})


class TestCatalogues:
    def test_glue_is_the_catalogue(self, athena):
        """
        AwsDataCatalog is there, and no other.
        """
        assert [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}] == athena.list_data_catalogs()[
            "DataCatalogsSummary"
        ]
        assert "GLUE" == athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"]
        with pytest.raises(ClientError, match="Data catalog other was not found"):
            athena.get_data_catalog(Name="other")

    def test_databases_and_tables(self, athena, nyc, lake):
        """
        Metadata tell columns, SerDe and location.
        """
        where = {"CatalogName": "AwsDataCatalog", "DatabaseName": "nyc"}
        assert "nyc" == athena.get_database(**where)["Database"]["Name"]
        assert "nyc" in [
            entry["Name"] for entry in athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
        ]
        found = athena.get_table_metadata(**where, TableName="airlines")["TableMetadata"]
        assert [{"Name": "carrier", "Type": "string"}, {"Name": "name", "Type": "string"}] == found["Columns"]
        assert f"s3://{lake}/raw/airlines/" == found["Parameters"]["location"]
        assert "," == found["Parameters"]["serde.param.field.delim"]
        listed = athena.list_table_metadata(**where, Expression="air.*")["TableMetadataList"]
        assert ["airlines", "airports"] == [entry["Name"] for entry in listed]

    def test_what_is_not_there(self, athena, nyc):
        """
        MetadataException, as Athena words Glue's refusals.
        """
        with pytest.raises(athena.exceptions.MetadataException, match="EntityNotFoundException"):
            athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="nyc", TableName="nosuch")
        with pytest.raises(athena.exceptions.MetadataException, match="EntityNotFoundException"):
            athena.get_database(CatalogName="AwsDataCatalog", DatabaseName="nosuch")
