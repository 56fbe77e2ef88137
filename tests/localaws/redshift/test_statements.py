"""The Redshift Data API through boto3: statements, batches, sessions, results."""

from __future__ import annotations

import uuid

import pytest
from botocore.exceptions import ClientError


def refused(code: str, words: str, call, **request) -> None:
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert code == caught.value.response["Error"]["Code"]
    assert words in caught.value.response["Error"]["Message"]


class TestResults:
    def test_fields_have_the_types_of_the_data_api(self, warehouse):
        """
        Whole numbers are longValue, floats doubleValue, booleans booleanValue, everything else text; NULL is isNull.
        """
        sql = (
            "SELECT id, price, name, 1.5::float AS f, id > 5 AS b, DATE '2024-02-01' AS d FROM t ORDER BY id"
        )
        ended = warehouse.run(sql)
        answer = warehouse.data.get_statement_result(Id=ended["Id"])
        assert [
            {"longValue": 2},
            {"stringValue": "2.25"},
            {"isNull": True},
            {"doubleValue": 1.5},
            {"booleanValue": False},
            {"stringValue": "2024-02-01"},
        ] == answer["Records"][0]
        kinds = [(column["name"], column["typeName"]) for column in answer["ColumnMetadata"]]
        names = [("id", "int4"), ("price", "numeric"), ("name", "varchar")]
        assert [*names, ("f", "float8"), ("b", "bool"), ("d", "date")] == kinds
        assert (2, 2, True) == (answer["TotalNumRows"], ended["ResultRows"], ended["HasResultSet"])
        assert ended["Duration"] > 0

    def test_large_results_come_in_pages(self, warehouse):
        """
        NextToken leads through all rows, each once.
        """
        warehouse.run("CREATE TABLE digits (n int)")
        warehouse.run("INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
        cross = ", ".join(f"digits d{place}" for place in range(5))
        number = " + ".join(f"d{place}.n * {10**place}" for place in range(5))
        ended = warehouse.run(f"SELECT {number} AS n FROM {cross}")
        pages = list(warehouse.data.get_paginator("get_statement_result").paginate(Id=ended["Id"]))
        found = [row[0]["longValue"] for page in pages for row in page["Records"]]
        assert len(pages) > 1
        assert list(range(100_000)) == sorted(found)

    def test_csv(self, warehouse):
        """
        A statement of ResultFormat CSV is read by GetStatementResultV2, and by no other.
        """
        ended = warehouse.run("SELECT id, name FROM t ORDER BY id", ResultFormat="CSV")
        answer = warehouse.data.get_statement_result_v2(Id=ended["Id"])
        assert [{"CSVRecords": "2,\r\n7,ann\r\n"}] == answer["Records"]
        refused("ValidationException", "CSV", warehouse.data.get_statement_result, Id=ended["Id"])

    def test_statements_without_a_result(self, warehouse):
        """
        A change tells the rows it changed and has no result to fetch; nor has an unknown statement.
        """
        ended = warehouse.run("UPDATE t SET price = price * 2")
        assert (2, False) == (ended["ResultRows"], ended["HasResultSet"])
        fetch = warehouse.data.get_statement_result
        refused("ResourceNotFoundException", "does not have result", fetch, Id=ended["Id"])
        refused("ResourceNotFoundException", "Query does not exist", fetch, Id=str(uuid.uuid4()))


class TestParameters:
    def test_values_are_never_read_as_sql(self, warehouse):
        """
        A value with a quote in it is a value; its type is its place's.
        """
        given = [{"name": "id", "value": "7"}, {"name": "name", "value": "x' OR '1'='1"}]
        assert [] == warehouse.rows("SELECT id FROM t WHERE id = :id AND name = :name", Parameters=given)
        given = [{"name": "n", "value": "1"}, {"name": "id", "value": "7"}]
        assert [["ann"]] == warehouse.rows("SELECT name FROM t WHERE id = :id LIMIT :n", Parameters=given)

    def test_those_that_do_not_fit_are_refused(self, warehouse):
        """
        A parameter no statement names, and a name no parameter has, are ValidationException at once.
        """
        ask = warehouse.data.execute_statement
        place = {"WorkgroupName": warehouse.workgroup, "Database": "dev"}
        spare = [{"name": "id", "value": "7"}]
        refused(
            "ValidationException", "Unused parameters: [id]", ask, Sql="SELECT 1", Parameters=spare, **place
        )
        refused("ValidationException", "Missing parameters: [x]", ask, Sql="SELECT :x", **place)


class TestLife:
    def test_a_token_is_used_once(self, warehouse):
        """
        The same request with the same token is the same statement; another one with it is refused.
        """
        place = {"WorkgroupName": warehouse.workgroup, "Database": "dev", "ClientToken": uuid.uuid4().hex}
        ask = warehouse.data.execute_statement
        first, second = (ask(Sql="SELECT 1", **place)["Id"] for _ in range(2))
        assert first == second
        refused("ValidationException", "client token", ask, Sql="SELECT 2", **place)

    def test_cancel(self, warehouse):
        """
        A statement that runs is ABORTED; one that has ended cannot be cancelled.
        """
        endless = "WITH n AS (SELECT a.id FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l) "
        endless += "SELECT count(*) FROM n x, n y, n z WHERE x.id + y.id + z.id < 0"
        started = warehouse.data.execute_statement(
            WorkgroupName=warehouse.workgroup, Database="dev", Sql=endless
        )
        assert warehouse.data.cancel_statement(Id=started["Id"])["Status"]
        assert "ABORTED" == warehouse.data.describe_statement(Id=started["Id"])["Status"]
        refused("ValidationException", "ABORTED state", warehouse.data.cancel_statement, Id=started["Id"])

    def test_list(self, warehouse):
        """
        ListStatements tells those that finished, unless another status is asked for.
        """
        name = uuid.uuid4().hex
        warehouse.run("SELECT 1", StatementName=name)
        warehouse.run("SELECT nosuch", StatementName=name)
        ask = warehouse.data.list_statements
        assert ["SELECT 1"] == [found["QueryString"] for found in ask(StatementName=name)["Statements"]]
        assert 2 == len(ask(StatementName=name, Status="ALL")["Statements"])

    def test_where_is_needed(self, warehouse):
        """
        A request names one of cluster and workgroup, and a database.
        """
        ask = warehouse.data.execute_statement
        refused("ValidationException", "ClusterIdentifier", ask, Sql="SELECT 1", Database="dev")
        refused("ValidationException", "Database", ask, Sql="SELECT 1", WorkgroupName=warehouse.workgroup)

    def test_databases_survive_the_server(self, start, connect, tmp_path):
        """
        What was committed is there after a kill of the server, and the statement's result with it.
        """
        place = {"ClusterIdentifier": "etl", "Database": "dev", "DbUser": "awsuser", "WaitTimeSeconds": 30}
        endpoint = start(tmp_path)
        data = connect(endpoint, "redshift-data")
        data.execute_statement(Sql="CREATE TABLE kept AS SELECT 5 AS n", **place)
        asked = data.execute_statement(Sql="SELECT n FROM kept", **place)["Id"]
        endpoint.process.kill()
        endpoint.process.wait()
        data = connect(start(tmp_path), "redshift-data")
        again = data.execute_statement(Sql="SELECT n FROM kept", **place)["Id"]
        for name in (asked, again):
            assert [[{"longValue": 5}]] == data.get_statement_result(Id=name)["Records"]

    def test_a_statement_under_way_is_rolled_back(self, start, connect, tmp_path):
        """
        A kill of the server fails what ran, without a trace of it, and the next server runs on.
        """
        place = {"ClusterIdentifier": "etl", "Database": "dev", "DbUser": "awsuser"}
        endpoint = start(tmp_path)
        data = connect(endpoint, "redshift-data")
        wait = {"WaitTimeSeconds": 30, **place}
        data.execute_statement(Sql="CREATE TABLE n AS SELECT 1 AS a", **wait)
        for _ in range(12):
            data.execute_statement(Sql="INSERT INTO n SELECT a FROM n", **wait)
        endless = (
            "INSERT INTO n SELECT x.a FROM n x, n y, n z, n u WHERE x.a + y.a + z.a + u.a + random() < 0"
        )
        under_way = data.execute_statement(Sql=endless, **place)["Id"]
        while "SUBMITTED" == data.describe_statement(Id=under_way)["Status"]:
            pass
        data.execute_statement(Sql="SELECT 1", **wait)  # kept after it: so the start is on disk too
        endpoint.process.kill()
        endpoint.process.wait()
        data = connect(start(tmp_path), "redshift-data")
        ended = data.describe_statement(Id=under_way)
        assert ("FAILED", "ERROR: the local endpoint ended while this ran") == (
            ended["Status"],
            ended["Error"],
        )
        asked = data.execute_statement(Sql="SELECT count(*) FROM n", **wait)["Id"]
        [[count]] = data.get_statement_result(Id=asked)["Records"]
        assert {"longValue": 4096} == count


class TestBatches:
    def batch(self, warehouse, *texts: str, **members) -> dict:
        place = {"WorkgroupName": warehouse.workgroup, "Database": "dev", "WaitTimeSeconds": 30}
        started = warehouse.data.batch_execute_statement(Sqls=list(texts), **place, **members)
        return warehouse.data.describe_statement(Id=started["Id"])

    def test_one_transaction(self, warehouse):
        """
        The statement that fails takes those before it back; those behind it do not run.
        """
        ended = self.batch(warehouse, "DELETE FROM t", "SELECT * FROM nosuch", "SELECT 1")
        assert 'Query #2 failed with ERROR: relation "nosuch" does not exist' == ended["Error"]
        assert ["FINISHED", "FAILED", "ABORTED"] == [part["Status"] for part in ended["SubStatements"]]
        assert [[2]] == warehouse.rows("SELECT count(*) FROM t")

    def test_each_statement_has_its_result(self, warehouse):
        """
        A result is fetched by the statement's own id, the batch's with a colon and a number.
        """
        ended = self.batch(warehouse, "CREATE TABLE b AS SELECT 1 AS n", "SELECT n FROM b", "SELECT 2 AS n")
        first = warehouse.data.get_statement_result(Id=f"{ended['Id']}:2")["Records"]
        assert ("FINISHED", [[{"longValue": 1}]]) == (ended["Status"], first)

    def test_auto_commit(self, warehouse):
        """
        With AUTO_COMMIT each statement stands for itself.
        """
        texts = ("DELETE FROM t WHERE id = 2", "SELECT * FROM nosuch")
        assert "FAILED" == self.batch(warehouse, *texts, ExecutionMode="AUTO_COMMIT")["Status"]
        assert [[1]] == warehouse.rows("SELECT count(*) FROM t")


class TestSessions:
    def test_temporary_tables_and_transactions_last(self, warehouse):
        """
        A session keeps its temporary tables and its open transaction from statement to statement.
        """
        held = warehouse.run("CREATE TEMP TABLE mine AS SELECT 5 AS n", SessionKeepAliveSeconds=60)[
            "SessionId"
        ]
        assert [[5]] == warehouse.rows("SELECT n FROM mine", SessionId=held)
        for sql in ("BEGIN", "DELETE FROM t"):
            warehouse.run(sql, SessionId=held)
        assert [[0]] == warehouse.rows("SELECT count(*) FROM t", SessionId=held)
        assert [[2]] == warehouse.rows("SELECT count(*) FROM t")
        warehouse.run("ROLLBACK", SessionId=held)
        assert [[2]] == warehouse.rows("SELECT count(*) FROM t", SessionId=held)
        assert "AVAILABLE" == warehouse.data.list_sessions(SessionId=held)["Sessions"][0]["Status"]

    def test_one_that_never_was(self, warehouse):
        """
        An unknown session is refused when the statement is asked for.
        """
        ask, name = warehouse.data.execute_statement, str(uuid.uuid4())
        refused(
            "ValidationException", f"Session with Id: {name} is invalid", ask, Sql="SELECT 1", SessionId=name
        )


class TestListings:
    def test_schemas_tables_and_columns(self, warehouse):
        """
        The lists tell what the statements made, by pattern and with the declared lengths.
        """
        warehouse.run("CREATE SCHEMA sales")
        warehouse.run("CREATE VIEW sales.cheap AS SELECT id FROM t WHERE price < 2")
        place, data = {"WorkgroupName": warehouse.workgroup, "Database": "dev"}, warehouse.data
        assert ["dev"] == data.list_databases(**place)["Databases"]
        assert {"public", "sales"} <= set(data.list_schemas(**place)["Schemas"])
        found = data.list_tables(SchemaPattern="sal%", **place)["Tables"]
        assert [{"name": "cheap", "type": "VIEW", "schema": "sales"}] == found
        columns = data.describe_table(Table="t", **place)["ColumnList"]
        told = [(column["name"], column["typeName"], column["length"]) for column in columns]
        assert [
            ("id", "int4", 0),
            ("name", "varchar", 5),
            ("price", "numeric", 0),
            ("big", "int8", 0),
        ] == told
