"""Athena through boto3: a database of real tables, and a way to ask it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data" / "nycflights13"
HEADED = ("flights", "weather", "planes", "airports", "airlines")


@dataclass
class Answer:
    """A query's end and, if it succeeded, its result."""

    execution: dict
    rows: list[tuple]
    columns: list[dict]

    @property
    def id(self) -> str:
        return self.execution["QueryExecutionId"]

    @property
    def state(self) -> str:
        return self.execution["Status"]["State"]

    @property
    def reason(self) -> str:
        return self.execution["Status"].get("StateChangeReason", "")

    @property
    def names(self) -> list[str]:
        return [column["Name"] for column in self.columns]

    @property
    def types(self) -> list[str]:
        return [column["Type"] for column in self.columns]

    @property
    def scanned(self) -> int:
        return self.execution["Statistics"]["DataScannedInBytes"]


def finished(athena, query_id: str) -> dict:
    """A query's document, once it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return execution
        time.sleep(0.005)
    raise AssertionError(f"{query_id} is still {execution['Status']['State']}")


def rows_of(athena, execution: dict) -> Answer:
    """The whole result of a query that succeeded."""
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
    rows, columns = [], []
    for page in pages:
        columns = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        rows += [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in page["ResultSet"]["Rows"]]
    headed = execution["ResultConfiguration"]["OutputLocation"].endswith(".csv")
    return Answer(execution, rows[1:] if headed else rows, columns)


@pytest.fixture(scope="session")
def athena(client: Callable):
    return client("athena")


@pytest.fixture(scope="session")
def lake(client: Callable) -> str:
    """The bucket of the session's tables and results."""
    name = f"lake-{uuid.uuid4().hex[:12]}"
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def put(client: Callable, lake: str) -> Callable[[str, bytes | str], str]:
    """Stores an object in the lake; its URI."""

    def store(key: str, body: bytes | str) -> str:
        client("s3").put_object(Bucket=lake, Key=key, Body=body)
        return f"s3://{lake}/{key}"

    return store


@pytest.fixture(scope="session")
def keys(client: Callable, lake: str) -> Callable[[str], list[str]]:
    """The lake's keys under a prefix."""

    def listed(prefix: str) -> list[str]:
        found = client("s3").list_objects_v2(Bucket=lake, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]

    return listed


@pytest.fixture(scope="session")
def start_query(athena, lake: str) -> Callable[..., str]:
    """Starts a query; its id."""

    def start(sql: str, *parameters: str, database: str = "nyc", **more) -> str:
        request = {
            "QueryString": sql,
            "QueryExecutionContext": {"Database": database},
            "ResultConfiguration": {"OutputLocation": f"s3://{lake}/results/"},
        }
        if parameters:
            request["ExecutionParameters"] = list(parameters)
        return athena.start_query_execution(**request | more)["QueryExecutionId"]

    return start


@pytest.fixture(scope="session")
def ask(athena, start_query) -> Callable[..., Answer]:
    """Runs a query to its end."""

    def run(sql: str, *parameters: str, **more) -> Answer:
        execution = finished(athena, start_query(sql, *parameters, **more))
        state = execution["Status"]["State"]
        return rows_of(athena, execution) if state == "SUCCEEDED" else Answer(execution, [], [])

    return run


@pytest.fixture(scope="session")
def run(ask) -> Callable[..., Answer]:
    """Runs a query that must succeed."""

    def checked(sql: str, *parameters: str, **more) -> Answer:
        answer = ask(sql, *parameters, **more)
        assert ("SUCCEEDED", "") == (answer.state, answer.reason), sql
        return answer

    return checked


@pytest.fixture(scope="session")
def nyc(client: Callable, lake: str, put) -> str:
    """A database of real flights, planes, weather, airlines and airports, as a crawler finds them."""
    glue = client("glue")
    for name in HEADED:
        put(f"raw/{name}/{name}.csv", (DATA / f"{name}.csv").read_bytes())
    glue.create_database(DatabaseInput={"Name": "nyc"})
    glue.create_classifier(CsvClassifier={"Name": "headed", "Delimiter": ",", "ContainsHeader": "PRESENT"})
    targets = {"S3Targets": [{"Path": f"s3://{lake}/raw/"}]}
    role = "arn:aws:iam::123456789012:role/crawler"
    glue.create_crawler(Name="nyc", Role=role, DatabaseName="nyc", Targets=targets, Classifiers=["headed"])
    glue.start_crawler(Name="nyc")
    deadline = time.monotonic() + 30
    while glue.get_crawler(Name="nyc")["Crawler"]["State"] != "READY" and time.monotonic() < deadline:
        time.sleep(0.02)
    return "nyc"


@pytest.fixture
def table(run, put, nyc) -> Callable[..., str]:
    """Makes a table over given files: ``table("id int, name string", {"a.csv": "1,x"}, "ROW FORMAT …")``; its name."""

    def make(columns: str, files: dict[str, bytes | str], how: str = "", options: str = "") -> str:
        name = f"t_{uuid.uuid4().hex[:10]}"
        location = put(f"tables/{name}/", b"")
        for key, body in files.items():
            put(f"tables/{name}/{key}", body)
        run(f"CREATE EXTERNAL TABLE {name} ({columns}) {how} LOCATION '{location}' {options}")
        return name

    return make
