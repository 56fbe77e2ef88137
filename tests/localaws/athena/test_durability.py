"""Queries and the death of the server: what was taken on is carried out, once."""

from __future__ import annotations

import time

import pytest

from localaws.store import Store

RESULTS = {"ResultConfiguration": {"OutputLocation": "s3://lake/results/"}}
NUMBERS = "UNNEST(sequence(1, 2000)) AS"
HOURS = f"SELECT count(*) FROM {NUMBERS} a (w), {NUMBERS} b (x), {NUMBERS} c (y), {NUMBERS} d (z) WHERE w + x = y * z"


def until(athena, query_id: str, *states: str) -> dict:
    """A query's document, once it is in one of some states."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if found["Status"]["State"] in states:
            return found
        time.sleep(0.005)
    raise AssertionError(f"{query_id} is still {found['Status']}")


def ended(athena, query_id: str) -> dict:
    """A query's document, once it has come to an end."""
    return until(athena, query_id, "SUCCEEDED", "FAILED", "CANCELLED")


def keys_of(s3) -> set[str]:
    """The keys of the table's files."""
    return {item["Key"] for item in s3.list_objects_v2(Bucket="lake", Prefix="n/")["Contents"]}


@pytest.fixture
def lake(start, connect, tmp_path):
    """Starts an endpoint on a state folder that lives on: ``lake()`` gives it and its Athena client."""

    def again():
        endpoint = start(tmp_path / "state")
        return endpoint, connect(endpoint, "athena")

    endpoint, athena = again()
    connect(endpoint, "s3").create_bucket(Bucket="lake")
    connect(endpoint, "glue").create_database(DatabaseInput={"Name": "d"})

    def ask(athena, sql: str) -> str:
        context = {"Database": "d"}
        request = {"QueryString": sql, "QueryExecutionContext": context, **RESULTS}
        return athena.start_query_execution(**request)["QueryExecutionId"]

    def die(endpoint) -> None:
        endpoint.process.kill()
        endpoint.process.wait()

    return endpoint, athena, again, ask, die


class TestKilled:
    def test_what_was_under_way_is_carried_out(self, lake, connect):
        """
        After kill -9 the queries that ran and those that waited succeed in the next server, each INSERT once.
        """
        endpoint, athena, again, ask, die = lake
        ended(
            athena, ask(athena, "CREATE TABLE n WITH (external_location = 's3://lake/n/') AS SELECT 0 AS a")
        )
        inserts = [ask(athena, f"INSERT INTO n SELECT {number}") for number in range(1, 13)]
        until(athena, inserts[2], "RUNNING", "SUCCEEDED")
        die(endpoint)
        endpoint, athena = again()
        states = [ended(athena, name)["Status"]["State"] for name in inserts]
        assert ["SUCCEEDED"] * 12 == states
        total = ask(athena, "SELECT count(*), sum(a), count(DISTINCT a) FROM n")
        ended(athena, total)
        rows = athena.get_query_results(QueryExecutionId=total)["ResultSet"]["Rows"]
        assert ["13", "78", "13"] == [cell["VarCharValue"] for cell in rows[1]["Data"]]
        keys = connect(endpoint, "s3").list_objects_v2(Bucket="lake", Prefix="n/")["KeyCount"]
        assert 13 == keys

    def test_results_of_before_are_still_there(self, lake):
        """
        A query that has ended is read from another server as from the first.
        """
        endpoint, athena, again, ask, die = lake
        done = ask(athena, "SELECT 42 AS a")
        ended(athena, done)
        die(endpoint)
        _, athena = again()
        rows = athena.get_query_results(QueryExecutionId=done)["ResultSet"]["Rows"]
        assert [{"Data": [{"VarCharValue": "a"}]}, {"Data": [{"VarCharValue": "42"}]}] == rows

    def test_a_query_that_dies_each_time_is_given_up(self, lake):
        """
        After three starts it is FAILED, by the system's fault and worth another try.
        """
        endpoint, athena, again, ask, die = lake
        running = ask(athena, HOURS)
        for _ in range(3):
            until(athena, running, "RUNNING")
            die(endpoint)
            endpoint, athena = again()
        status = ended(athena, running)["Status"]
        error = status["AthenaError"]
        assert ("FAILED", 1, True) == (status["State"], error["ErrorCategory"], error["Retryable"])

    def test_an_orderly_stop_is_not_held_against_a_query(self, lake):
        """
        A server that is stopped leaves its queries QUEUED, with no start counted; the next one runs them.
        """
        endpoint, athena, again, ask, _ = lake
        running = ask(athena, HOURS)
        until(athena, running, "RUNNING")
        assert 0 == endpoint.stop()
        store = Store(endpoint.state / "state.db")
        left = store.get("athena.query", running)
        store.close()
        assert ("QUEUED", 0) == (left["Status"]["State"], left["Starts"])
        _, athena = again()
        assert "RUNNING" == until(athena, running, "RUNNING")["Status"]["State"]

    def test_a_stop_before_the_death_holds(self, lake):
        """
        What was stopped is not begun again.
        """
        endpoint, athena, again, ask, die = lake
        running = [ask(athena, HOURS) for _ in range(2)]
        for name in running:
            until(athena, name, "RUNNING")
        waiting = ask(athena, "SELECT 1")
        for name in [waiting, *running]:
            athena.stop_query_execution(QueryExecutionId=name)
        die(endpoint)
        _, athena = again()
        assert {"CANCELLED"} == {ended(athena, name)["Status"]["State"] for name in [waiting, *running]}


class TestPublishing:
    def test_files_of_an_unfinished_query_are_taken_back(self, lake, connect, tmp_path):
        """
        A server that died between the first file it stored and the query's end leaves no file behind it.

        The death is told in the query's document: it ran, and had listed what it was about to store.
        """
        endpoint, athena, again, ask, _ = lake
        ended(
            athena, ask(athena, "CREATE TABLE n WITH (external_location = 's3://lake/n/') AS SELECT 0 AS a")
        )
        before = keys_of(connect(endpoint, "s3"))
        name = ask(athena, "INSERT INTO n SELECT 1")
        ended(athena, name)
        [new] = keys_of(connect(endpoint, "s3")) - before
        endpoint.stop()
        store = Store(tmp_path / "state" / "state.db")
        stored = store.get("athena.query", name)
        running = {**stored["Status"], "State": "RUNNING"}
        store.update("athena.query", name, Status=running, Publishing=[f"s3://lake/{new}"])
        store.close()
        endpoint, athena = again()
        assert "SUCCEEDED" == ended(athena, name)["Status"]["State"]
        total = ask(athena, "SELECT count(*), sum(a) FROM n")
        ended(athena, total)
        rows = athena.get_query_results(QueryExecutionId=total)["ResultSet"]["Rows"]
        assert ["2", "1"] == [cell["VarCharValue"] for cell in rows[1]["Data"]]
