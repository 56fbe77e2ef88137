"""Prepared statements, named queries, tags, data catalogs, and results that are used again."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "arn:aws:athena:us-east-1:123456789012"


def name() -> str:
    return f"p{uuid.uuid4().hex[:10]}"


def message_of(error) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


class TestPreparedStatements:
    def test_their_life(self, athena):
        """
        Created, read, changed, listed and deleted, each in its workgroup.
        """
        one = name()
        create = {"WorkGroup": "primary", "StatementName": one}
        athena.create_prepared_statement(**create, QueryStatement="SELECT ? AS a", Description="of a test")
        athena.update_prepared_statement(**create, QueryStatement="SELECT ? AS b")
        found = athena.get_prepared_statement(**create)["PreparedStatement"]
        assert ("SELECT ? AS b", "primary") == (found["QueryStatement"], found["WorkGroupName"])
        listed = athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]
        assert one in [entry["StatementName"] for entry in listed]
        batch = athena.batch_get_prepared_statement(
            WorkGroup="primary", PreparedStatementNames=[one, "none_"]
        )
        assert [one] == [entry["StatementName"] for entry in batch["PreparedStatements"]]
        assert ["none_"] == [entry["StatementName"] for entry in batch["UnprocessedPreparedStatementNames"]]
        athena.delete_prepared_statement(**create)
        with pytest.raises(ClientError) as error:
            athena.get_prepared_statement(**create)
        message = f"PreparedStatement {one} was not found in workGroup primary"
        assert ("ResourceNotFoundException", message) == message_of(error)

    def test_a_name_is_taken_once(self, athena):
        """
        A second statement of the name is refused, and so is one that cannot be read.
        """
        create = {"WorkGroup": "primary", "StatementName": name()}
        athena.create_prepared_statement(**create, QueryStatement="SELECT 1")
        with pytest.raises(ClientError, match="already exists"):
            athena.create_prepared_statement(**create, QueryStatement="SELECT 1")
        with pytest.raises(ClientError, match="mismatched input"):
            athena.create_prepared_statement(**create | {"StatementName": name()}, QueryStatement="SELEC 1")

    def test_they_are_executed(self, athena, ask, run, nyc):
        """
        PREPARE keeps a statement, EXECUTE … USING binds its question marks, DEALLOCATE forgets it.
        """
        one = name()
        prepared = run(f"PREPARE {one} FROM SELECT name FROM airlines WHERE carrier = ? OR name = ?")
        assert prepared.execution["ResultConfiguration"]["OutputLocation"].endswith(".txt")
        answer = run(f"EXECUTE {one} USING 'AA', concat('x', 'y')")
        assert [("American Airlines Inc.",)] == answer.rows
        execution = answer.execution
        assert ("DML", "SELECT") == (execution["StatementType"], execution["SubstatementType"])
        assert execution["Query"].startswith("EXECUTE")
        run(f"DEALLOCATE PREPARE {one}")
        failed = ask(f"EXECUTE {one} USING 'AA', 'x'")
        assert ("FAILED", f"PreparedStatement {one} was not found in workGroup primary") == (
            failed.state,
            failed.reason,
        )

    def test_the_api_gives_values_too(self, run, athena, nyc):
        """
        EXECUTE without USING takes the request's ExecutionParameters.
        """
        one = name()
        athena.create_prepared_statement(
            WorkGroup="primary",
            StatementName=one,
            QueryStatement="SELECT count(*) FROM flights WHERE origin = ?",
        )
        assert (
            run("SELECT count(*) FROM flights WHERE origin = 'JFK'").rows
            == run(f"EXECUTE {one}", "'JFK'").rows
        )

    def test_the_values_must_be_as_many(self, athena, ask, nyc):
        """
        Two question marks and one value: the query fails in Trino's words.
        """
        one = name()
        athena.create_prepared_statement(
            WorkGroup="primary", StatementName=one, QueryStatement="SELECT ? + ?"
        )
        answer = ask(f"EXECUTE {one} USING 1")
        assert "FAILED" == answer.state
        assert "Incorrect number of parameters: expected 2 but found 1" in answer.reason

    def test_only_queries_are_prepared(self, start_query, nyc):
        """
        A statement that Hive answers is refused.
        """
        with pytest.raises(ClientError, match="Expecting: <query>"):
            start_query("PREPARE tables FROM SHOW TABLES")


class TestNamedQueries:
    def test_their_life(self, athena):
        """
        Kept, read, changed, listed and deleted by their ids.
        """
        token = uuid.uuid4().hex
        create = {"Name": "best", "Database": "nyc", "QueryString": "SELECT 1", "ClientRequestToken": token}
        one = athena.create_named_query(**create)["NamedQueryId"]
        assert one == athena.create_named_query(**create)["NamedQueryId"]
        athena.update_named_query(NamedQueryId=one, Name="better", QueryString="SELECT 2")
        found = athena.get_named_query(NamedQueryId=one)["NamedQuery"]
        assert ("better", "SELECT 2", "primary") == tuple(
            found[key] for key in ("Name", "QueryString", "WorkGroup")
        )
        assert one in athena.list_named_queries()["NamedQueryIds"]
        batch = athena.batch_get_named_query(NamedQueryIds=[one, "none"])
        assert (1, 1) == (len(batch["NamedQueries"]), len(batch["UnprocessedNamedQueryIds"]))
        athena.delete_named_query(NamedQueryId=one)
        with pytest.raises(ClientError) as error:
            athena.get_named_query(NamedQueryId=one)
        assert ("InvalidRequestException", f"NamedQuery {one} was not found") == message_of(error)

    def test_they_hold_their_workgroup(self, athena):
        """
        A workgroup with named queries or prepared statements goes only with all it holds.
        """
        group = name()
        athena.create_work_group(Name=group)
        one = athena.create_named_query(Name="n", Database="d", QueryString="SELECT 1", WorkGroup=group)
        athena.create_prepared_statement(WorkGroup=group, StatementName="st", QueryStatement="SELECT 1")
        with pytest.raises(ClientError, match="WorkGroup is not empty"):
            athena.delete_work_group(WorkGroup=group)
        athena.delete_work_group(WorkGroup=group, RecursiveDeleteOption=True)
        with pytest.raises(ClientError, match="was not found"):
            athena.get_named_query(NamedQueryId=one["NamedQueryId"])


class TestTags:
    def test_of_a_workgroup(self, athena):
        """
        Given at creation, added, taken off; gone with the workgroup.
        """
        group = name()
        athena.create_work_group(Name=group, Tags=[{"Key": "team", "Value": "ml"}])
        arn = f"{ACCOUNT}:workgroup/{group}"
        athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "env", "Value": "local"}])
        athena.untag_resource(ResourceARN=arn, TagKeys=["team"])
        assert [{"Key": "env", "Value": "local"}] == athena.list_tags_for_resource(ResourceARN=arn)["Tags"]
        athena.delete_work_group(WorkGroup=group)
        with pytest.raises(ClientError) as error:
            athena.list_tags_for_resource(ResourceARN=arn)
        assert "ResourceNotFoundException" == message_of(error)[0]


class TestDataCatalogs:
    def test_another_name_of_the_same(self, athena, run, nyc):
        """
        A GLUE catalog of the account's own is read by its name; it goes without its tables.
        """
        one = name()
        athena.create_data_catalog(Name=one, Type="GLUE", Parameters={"catalog-id": "123456789012"})
        assert (
            run("SELECT count(*) FROM airlines").rows == run(f"SELECT count(*) FROM {one}.nyc.airlines").rows
        )
        assert "nyc" in [d["Name"] for d in athena.list_databases(CatalogName=one)["DatabaseList"]]
        assert one in [c["CatalogName"] for c in athena.list_data_catalogs()["DataCatalogsSummary"]]
        athena.delete_data_catalog(Name=one)
        with pytest.raises(ClientError, match="was not found"):
            athena.get_data_catalog(Name=one)

    @pytest.mark.parametrize("kind", ["LAMBDA", "HIVE", "FEDERATED"])
    def test_other_kinds_are_refused(self, athena, kind):
        """
        By name.
        """
        with pytest.raises(ClientError, match=f"data catalogs of type {kind}"):
            athena.create_data_catalog(Name=name(), Type=kind)

    def test_engine_versions(self, athena):
        """
        AUTO is Athena engine version 3.
        """
        first = athena.list_engine_versions()["EngineVersions"][0]
        assert {
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        } == first


class TestReuse:
    REUSE = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 10}}  # noqa: RUF012

    def test_a_young_result_is_used_again(self, run, nyc):
        """
        The second query scans nothing and has the first one's result, rows and all.
        """
        sql = f"SELECT carrier, name AS {name()} FROM airlines ORDER BY carrier"
        first = run(sql)
        assert not first.execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
        second = run(sql, ResultReuseConfiguration=self.REUSE)
        assert second.execution["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
        assert (0, first.rows, first.columns) == (second.scanned, second.rows, second.columns)
        assert first.execution["ResultConfiguration"] == second.execution["ResultConfiguration"]
        assert first.id != second.id

    def test_another_query_is_run(self, run, client, lake, nyc):
        """
        Other text, other values, or a result that is gone: the query runs.
        """
        sql = f"SELECT name AS {name()} FROM airlines WHERE carrier = ?"
        first = run(sql, "'AA'")
        assert 0 < run(sql, "'DL'", ResultReuseConfiguration=self.REUSE).scanned
        client("s3").delete_object(Bucket=lake, Key=f"results/{first.id}.csv")
        assert 0 < run(sql, "'AA'", ResultReuseConfiguration=self.REUSE).scanned
