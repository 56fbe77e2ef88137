"""The life of a query: tokens, states, pages, stopping, statistics, restart."""

from __future__ import annotations

import time
import uuid

import pytest
from botocore.exceptions import ClientError

ENDLESS = (
    "SELECT count(*) FROM {f} a, {f} b, {f} c, {f} d WHERE a.tailnum || b.tailnum || c.tailnum = d.tailnum"
)

NUMBERS = "UNNEST(sequence(1, 2000)) AS"
HOURS = f"SELECT count(*) FROM {NUMBERS} a (w), {NUMBERS} b (x), {NUMBERS} c (y), {NUMBERS} d (z) WHERE w + x = y * z"


def code_of(error) -> tuple[str, str]:
    response = error.value.response
    return response["AthenaErrorCode"], response["Error"]["Message"]


def until(athena, query_id: str, *states: str) -> str:
    """The first of some states a query is seen in."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]["State"]
        if state in states:
            return state
        time.sleep(0.005)
    raise AssertionError(f"{query_id} is still {state}")


class TestTokens:
    def test_the_same_token_is_the_same_query(self, start_query, run, nyc):
        """
        A repeated StartQueryExecution gives the first one's id, also when the query has ended.
        """
        token = uuid.uuid4().hex
        first = start_query("SELECT 1", ClientRequestToken=token)
        assert first == start_query("SELECT 1", ClientRequestToken=token)
        assert first != start_query("SELECT 1", ClientRequestToken=uuid.uuid4().hex)

    @pytest.mark.parametrize(
        "other",
        [
            {"sql": "SELECT 2"},
            {"database": "default"},
            {"ResultConfiguration": {"OutputLocation": "s3://{lake}/else/"}},
        ],
    )
    def test_the_same_token_with_another_query(self, start_query, nyc, lake, other):
        """
        Another text, database or location is refused.
        """
        token = uuid.uuid4().hex
        start_query("SELECT 1", ClientRequestToken=token)
        request = {"sql": "SELECT 1", "ClientRequestToken": token, **other}
        if "ResultConfiguration" in other:
            request["ResultConfiguration"] = {"OutputLocation": f"s3://{lake}/else/"}
        with pytest.raises(ClientError) as error:
            start_query(**request)
        assert ("IDEMPOTENT_PARAMETER_MISMATCH", "Idempotent parameters do not match") == code_of(error)

    def test_a_refused_query_uses_up_no_token(self, start_query, nyc):
        """
        After a syntax error the token is free.
        """
        token = uuid.uuid4().hex
        with pytest.raises(ClientError):
            start_query("SELEC 1", ClientRequestToken=token)
        assert start_query("SELECT 1", ClientRequestToken=token)


class TestStart:
    def test_an_output_location_is_needed(self, athena):
        """
        Neither the request nor the workgroup names one: refused, in Athena's words.
        """
        with pytest.raises(ClientError) as error:
            athena.start_query_execution(QueryString="SELECT 1")
        assert "No output location provided. An output location is required either through" in str(
            error.value
        )

    @pytest.mark.parametrize(
        ("location", "message"),
        [
            ("not-a-path", "outputLocation is not a valid S3 path."),
            ("s3://no-such-bucket-at-all/x/", "Unable to verify/create output bucket no-such-bucket-at-all"),
        ],
    )
    def test_the_output_location_must_be_usable(self, start_query, location, message):
        """
        It is an S3 URI of a bucket that exists.
        """
        with pytest.raises(ClientError) as error:
            start_query("SELECT 1", ResultConfiguration={"OutputLocation": location})
        assert ("INVALID_INPUT", message) == code_of(error)

    def test_a_missing_workgroup(self, start_query):
        """
        WorkGroup is not found.
        """
        with pytest.raises(ClientError) as error:
            start_query("SELECT 1", WorkGroup="nosuch")
        assert ("INVALID_INPUT", "WorkGroup is not found.") == code_of(error)


class TestContext:
    def test_the_database_may_be_in_hives_quotes(self, run, nyc):
        """
        awswrangler gives it so for MSCK and DESCRIBE.
        """
        assert (
            run("SELECT count(*) FROM airlines").rows
            == run("SELECT count(*) FROM airlines", database="`nyc`").rows
        )

    def test_a_parameter_that_is_no_expression_is_a_text(self, run, nyc):
        """
        A bare word stands for itself; a number, a quoted text and a typed literal are what they say.
        """
        sql = "SELECT ?, ?, ?, ?"
        answer = run(sql, "Seattle", "New York", "7", "DATE '2024-01-02'")
        assert [("Seattle", "New York", "7", "2024-01-02")] == answer.rows
        assert ["varchar", "varchar", "integer", "date"] == answer.types


class TestGet:
    def test_the_document(self, run, nyc, lake):
        """
        All that Athena tells of a query is there.
        """
        execution = run(
            "SELECT count(*) FROM flights",
            QueryExecutionContext={"Catalog": "AwsDataCatalog", "Database": "nyc"},
        ).execution
        assert ("DML", "SELECT", "primary") == tuple(
            execution[name] for name in ("StatementType", "SubstatementType", "WorkGroup")
        )
        assert {"Catalog": "awsdatacatalog", "Database": "nyc"} == execution["QueryExecutionContext"]
        assert (
            f"s3://{lake}/results/{execution['QueryExecutionId']}.csv"
            == execution["ResultConfiguration"]["OutputLocation"]
        )
        assert execution["Status"]["SubmissionDateTime"] <= execution["Status"]["CompletionDateTime"]
        statistics = execution["Statistics"]
        assert 19100 == statistics["DataScannedInBytes"]
        assert statistics["TotalExecutionTimeInMillis"] >= statistics["EngineExecutionTimeInMillis"] >= 0
        assert statistics["QueryQueueTimeInMillis"] > 0
        assert "Athena engine version 3" == execution["EngineVersion"]["EffectiveEngineVersion"]

    def test_a_missing_query(self, athena):
        """
        QUERY_EXECUTION_NOT_FOUND, with its id.
        """
        with pytest.raises(ClientError) as error:
            athena.get_query_execution(QueryExecutionId="nosuch")
        assert ("QUERY_EXECUTION_NOT_FOUND", "QueryExecution nosuch was not found") == code_of(error)

    def test_several_at_once(self, athena, run, nyc):
        """
        BatchGetQueryExecution gives what is there and names the rest.
        """
        answer = athena.batch_get_query_execution(QueryExecutionIds=[run("SELECT 1").id, "nosuch"])
        assert 1 == len(answer["QueryExecutions"])
        assert ["nosuch"] == [entry["QueryExecutionId"] for entry in answer["UnprocessedQueryExecutionIds"]]

    def test_lists_are_newest_first(self, athena, run, nyc):
        """
        ListQueryExecutions pages back in time.
        """
        ids = [run(f"SELECT {number}").id for number in range(3)]
        pages = athena.get_paginator("list_query_executions").paginate(
            PaginationConfig={"PageSize": 2, "MaxItems": 4}
        )
        assert ids[::-1] == [name for page in pages for name in page["QueryExecutionIds"]][:3]

    def test_runtime_statistics(self, athena, run, nyc):
        """
        GetQueryRuntimeStatistics tells the times, bytes and rows.
        """
        found = athena.get_query_runtime_statistics(QueryExecutionId=run("SELECT * FROM airlines").id)
        statistics = found["QueryRuntimeStatistics"]
        assert 386 == statistics["Rows"]["InputBytes"]
        assert statistics["Timeline"]["TotalExecutionTimeInMillis"] > 0


class TestResults:
    def test_the_first_page_begins_with_the_names(self, athena, run, nyc):
        """
        The names are a row, and count as one; the next page has none.
        """
        query_id = run("SELECT carrier FROM airlines ORDER BY carrier").id
        first = athena.get_query_results(QueryExecutionId=query_id, MaxResults=3)
        values = [row["Data"][0]["VarCharValue"] for row in first["ResultSet"]["Rows"]]
        assert ["carrier", "9E", "AA"] == values
        second = athena.get_query_results(
            QueryExecutionId=query_id, MaxResults=3, NextToken=first["NextToken"]
        )
        assert ["AS", "B6", "DL"] == [row["Data"][0]["VarCharValue"] for row in second["ResultSet"]["Rows"]]

    def test_many_pages(self, run, nyc):
        """
        A thousand rows a page, none lost at the seams.
        """
        answer = run("SELECT n, 'a\"b\nc,' || CAST(n AS varchar) FROM UNNEST(sequence(1, 2500)) AS t (n)")
        assert [(str(n), f'a"b\nc,{n}') for n in range(1, 2501)] == sorted(
            answer.rows, key=lambda row: int(row[0])
        )

    def test_null_and_the_empty_text(self, athena, run, nyc):
        """
        NULL has no value, the empty text an empty one.
        """
        result = athena.get_query_results(QueryExecutionId=run("SELECT NULL, '', 'x', NULL").id)
        assert [{}, {"VarCharValue": ""}, {"VarCharValue": "x"}, {}] == result["ResultSet"]["Rows"][1]["Data"]

    def test_the_object_in_s3(self, client, run, nyc, lake):
        """
        The result is a CSV file with all values quoted and NULL as nothing; its metadata lie beside it.
        """
        answer = run("SELECT 1 AS a, 'x \"y\"' AS b, NULL AS c, '' AS d")
        s3 = client("s3")
        body = s3.get_object(Bucket=lake, Key=f"results/{answer.id}.csv")["Body"].read()
        assert b'"a","b","c","d"\n"1","x ""y""",,""\n' == body
        metadata = s3.get_object(Bucket=lake, Key=f"results/{answer.id}.csv.metadata")["Body"].read()
        assert b"\x32\x07integer" in metadata

    def test_column_info(self, run, nyc):
        """
        Precision and case are Athena's for each type.
        """
        sql = "SELECT 1 AS i, BIGINT '1' AS b, 1e0 AS d, 'x' AS s, DATE '2024-01-01' AS day, TRUE AS t, 1.50 AS n"
        found = [(c["Type"], c["Precision"], c["Scale"], c["CaseSensitive"]) for c in run(sql).columns]
        assert [
            ("integer", 10, 0, False),
            ("bigint", 19, 0, False),
            ("double", 17, 0, False),
            ("varchar", 2147483647, 0, True),
            ("date", 0, 0, False),
            ("boolean", 0, 0, False),
            ("decimal", 3, 2, False),
        ] == found

    def test_a_failed_query_has_none(self, athena, ask, nyc):
        """
        INVALID_QUERY_EXECUTION_STATE, with the state.
        """
        with pytest.raises(ClientError) as error:
            athena.get_query_results(QueryExecutionId=ask("SELECT 1/0").id)
        message = "Query did not finish successfully. Final query state: FAILED"
        assert ("INVALID_QUERY_EXECUTION_STATE", message) == code_of(error)

    def test_limits_of_a_page(self, athena, run, nyc):
        """
        More than a thousand rows or a token that is none are refused.
        """
        query_id = run("SELECT 1").id
        with pytest.raises(ClientError) as error:
            athena.get_query_results(QueryExecutionId=query_id, MaxResults=1001)
        assert "MaxResults" in str(error.value) or "maxResults" in str(error.value)
        with pytest.raises(ClientError) as error:
            athena.get_query_results(QueryExecutionId=query_id, NextToken="xyz")
        assert ("INVALID_INPUT", "Malformed nextPageToken xyz") == code_of(error)

    def test_a_result_that_is_gone(self, athena, client, run, nyc, lake):
        """
        Without the object in S3 there is nothing to show.
        """
        query_id = run("SELECT 1").id
        client("s3").delete_object(Bucket=lake, Key=f"results/{query_id}.csv")
        with pytest.raises(ClientError) as error:
            athena.get_query_results(QueryExecutionId=query_id)
        assert ("RESULT_NOT_FOUND", "Could not find results") == code_of(error)


class TestStop:
    def test_a_running_query_is_interrupted(self, athena, start_query, run, nyc):
        """
        It is CANCELLED at once, leaves nothing, and its place is free for the next.
        """
        query_id = start_query(ENDLESS.format(f="flights"))
        assert "RUNNING" == until(athena, query_id, "RUNNING")
        athena.stop_query_execution(QueryExecutionId=query_id)
        status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
        assert ("CANCELLED", "Query cancelled by user") == (status["State"], status["StateChangeReason"])
        with pytest.raises(ClientError) as error:
            athena.get_query_results(QueryExecutionId=query_id)
        assert ("RESULT_NOT_FOUND", "Could not find results") == code_of(error)
        assert [("1",)] == run("SELECT 1").rows

    def test_a_waiting_query_never_starts(self, athena, start_query, run, nyc):
        """
        With two running the third is QUEUED; stopped, it ends without having run.
        """
        running = [start_query(ENDLESS.format(f="flights")) for _ in range(2)]
        for query_id in running:
            until(athena, query_id, "RUNNING")
        waiting = start_query("SELECT 1")
        assert "QUEUED" == until(athena, waiting, "QUEUED", "RUNNING")
        with pytest.raises(ClientError) as error:
            athena.get_query_results(QueryExecutionId=waiting)
        message = "Query has not yet finished. Current state: QUEUED"
        assert ("INVALID_QUERY_EXECUTION_STATE", message) == code_of(error)
        for query_id in [waiting, *running]:
            athena.stop_query_execution(QueryExecutionId=query_id)
        assert "CANCELLED" == until(athena, waiting, "CANCELLED", "SUCCEEDED")
        assert [("2",)] == run("SELECT 2").rows

    def test_a_query_that_has_ended_stays_as_it_is(self, athena, run, nyc):
        """
        Stopping it is no error and changes nothing.
        """
        query_id = run("SELECT 1").id
        athena.stop_query_execution(QueryExecutionId=query_id)
        assert "SUCCEEDED" == until(athena, query_id, "SUCCEEDED", "CANCELLED")

    def test_a_stopped_unload_writes_nothing(self, athena, start_query, keys, nyc, lake):
        """
        Its prefix stays empty.
        """
        sql = ENDLESS.format(f="flights")
        query_id = start_query(f"UNLOAD ({sql}) TO 's3://{lake}/stopped/' WITH (format = 'PARQUET')")
        until(athena, query_id, "RUNNING")
        athena.stop_query_execution(QueryExecutionId=query_id)
        assert "CANCELLED" == until(athena, query_id, "CANCELLED", "SUCCEEDED")
        assert [] == keys("stopped/")


class TestRestart:
    def test_a_stop_does_not_wait_for_a_query(self, start, connect, tmp_path):
        """
        SIGTERM ends the server though a query would run for hours.
        """
        endpoint = start(tmp_path / "state")
        athena = connect(endpoint, "athena")
        connect(endpoint, "s3").create_bucket(Bucket="lake")
        request = {"ResultConfiguration": {"OutputLocation": "s3://lake/"}}
        running = athena.start_query_execution(QueryString=HOURS, **request)["QueryExecutionId"]
        until(athena, running, "RUNNING")
        assert 0 == endpoint.stop()
