"""Redshift batches run once for their identity, and only FINISHED is success."""

from __future__ import annotations

from typing import Any

import pytest

from foldline.errors import DataError, JobFailed, JobStopped, JobTimedOut
from foldline.layout import S3Uri
from foldline.names import Identity
from foldline.remote.memory import Memory
from foldline.remote.warehouse.redshift import Ended, Warehouse, batch_request
from foldline.waiting import Staying
from tests.unit.foldline.fakes import FakeBucket, FakeClock, refusal

WHO = Identity("local", "dag", "run", "export", -1, "statement", "spec")


class FakeDataApi:
    """Batches by token; each ends in the next of the given states."""

    def __init__(self, *ends: dict[str, Any]) -> None:
        self.ends = list(ends)
        self.by_token: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.s3 = FakeBucket()
        self.refusals: list[Exception] = []

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.requests.append(request)
        return {"Id": self.by_token.setdefault(request["ClientToken"], f"batch-{len(self.by_token)}")}

    def describe_statement(self, Id: str) -> dict[str, Any]:
        return {"Id": Id, **self.ends[min(int(Id.rpartition("-")[2]), len(self.ends) - 1)]}

    def cancel_statement(self, Id: str) -> None:
        self.cancelled.append(Id)


def run(client: FakeDataApi, budget: float = 60) -> Ended:
    clock, memory = FakeClock(), Memory(client.s3, S3Uri("bucket", "memory/"), "123456789012")
    warehouse = Warehouse(client, clock, Staying(clock), memory)
    return warehouse.run(
        WHO,
        lambda generation: {"Sqls": [f"UNLOAD ('SELECT 1') TO 's3://b/g{generation}/'"], "Database": "dev"},
        budget=budget,
        where="infra/p/export.sql",
    )


def failed(*errors: str) -> dict[str, Any]:
    return {"Status": "FAILED", "SubStatements": [{"Error": error} for error in errors]}


def test_a_second_try_gets_the_same_batch_also_after_the_token_is_forgotten() -> None:
    """
    The Data API keeps a token for hours, the task's memory keeps the id for good.
    """
    client = FakeDataApi({"Status": "FINISHED"})
    first = run(client).statement_id
    client.by_token.clear()

    assert first == run(client).statement_id
    assert 1 == len(client.requests)


def test_a_token_is_one_the_data_api_takes_and_follows_from_the_request() -> None:
    """
    At most 64 characters; another for each generation and request.
    """
    one = batch_request(WHO, 0, {"Sqls": ["a"]})["ClientToken"]

    assert len(one) <= 64
    assert one == batch_request(WHO, 0, {"Sqls": ["a"]})["ClientToken"]
    assert one != batch_request(WHO, 1, {"Sqls": ["a"]})["ClientToken"]
    assert one != batch_request(WHO, 0, {"Sqls": ["b"]})["ClientToken"]


@pytest.mark.parametrize(
    "error",
    [
        "S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown",
        "ERROR: 1023 DETAIL: Serializable isolation violation on table",
        "The cluster is being restarted",
    ],
)
def test_what_may_pass_is_tried_again_in_another_folder(error: str) -> None:
    """
    A new token and a prefix that nobody wrote to.
    """
    client = FakeDataApi(failed("", error), {"Status": "FINISHED"})

    assert 1 == run(client).generation
    assert "s3://b/g1/" in client.requests[-1]["Sqls"][0]


@pytest.mark.parametrize(
    ("end", "error", "words"),
    [
        (failed('ERROR: relation "t" does not exist'), DataError, 'relation "t"'),
        (failed("", "ERROR: disk full"), JobFailed, "disk full"),
        ({"Status": "FAILED", "Error": "no privilege"}, JobFailed, "no privilege"),
        ({"Status": "ABORTED"}, JobStopped, "was cancelled"),
    ],
)
def test_other_ends_are_errors_that_name_the_query_file(
    end: dict[str, Any], error: type[Exception], words: str
) -> None:
    """
    Only FINISHED is success; the first statement with an error says why.
    """
    client = FakeDataApi(end)

    with pytest.raises(error, match=words) as caught:
        run(client)
    assert "infra/p/export.sql" in str(caught.value)
    assert 1 == len(client.by_token)


@pytest.mark.parametrize("status", ["SUBMITTED", "PICKED", "STARTED", "ALL", "SOMETHING_NEW"])
def test_any_other_word_is_waited_for_and_a_spent_budget_cancels(status: str) -> None:
    """
    Never "fail and leave it running", and no word but one is success.
    """
    client = FakeDataApi({"Status": status})

    with pytest.raises(JobTimedOut):
        run(client, budget=5)
    assert ["batch-0"] == client.cancelled


def test_a_quota_of_active_statements_is_waited_for() -> None:
    """
    Five hundred active statements are many; one of them ends.
    """
    client = FakeDataApi({"Status": "FINISHED"})
    client.refusals = [refusal("ActiveStatementsExceededException") for _ in range(10)]

    assert 0 == run(client).generation
    assert [] == client.refusals
