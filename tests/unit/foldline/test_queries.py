"""Athena statements run once for their identity."""

from __future__ import annotations

from typing import Any

import pytest

from foldline.errors import DataError, JobFailed, JobStopped, JobTimedOut
from foldline.layout import S3Uri
from foldline.names import Identity
from foldline.remote.memory import Memory
from foldline.remote.warehouse.queries import Queries, query_cost, query_token
from foldline.waiting import Deferring, Staying, Suspended, Waits
from tests.unit.foldline.fakes import FakeBucket, FakeClock, refusal

WHO = Identity("local", "dag", "run", "ingest/unload", -1, "query", "spec")


class FakeAthena:
    """Executions by token; each ends in the next of the given states."""

    def __init__(self, *ends: dict[str, Any]) -> None:
        self.ends = list(ends)
        self.by_token: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.s3 = FakeBucket()
        self.refusals: list[Exception] = []
        self.hidden = 0

    def start_query_execution(self, **request: Any) -> dict[str, Any]:
        if self.refusals:
            raise self.refusals.pop(0)
        self.requests.append(request)
        token = request["ClientRequestToken"]
        return {"QueryExecutionId": self.by_token.setdefault(token, f"query-{len(self.by_token)}")}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:
        self.hidden -= 1
        if self.hidden >= 0:
            raise refusal("InvalidRequestException", f"QueryExecution {QueryExecutionId} was not found")
        number = int(QueryExecutionId.rpartition("-")[2])
        status = self.ends[min(number, len(self.ends) - 1)]
        return {"QueryExecution": {"QueryExecutionId": QueryExecutionId, "Status": status}}

    def stop_query_execution(self, QueryExecutionId: str) -> None:
        self.stopped.append(QueryExecutionId)


def run(
    client: FakeAthena, budget: float = 60, waits: Waits | None = None, clock: FakeClock | None = None
) -> Any:
    clock = clock or FakeClock()
    memory = Memory(client.s3, S3Uri("bucket", "memory/"), "123456789012")
    output = S3Uri("bucket", "queries/")
    queries = Queries(client, clock, output, "123456789012", waits or Staying(clock), memory)
    return queries.run(
        WHO,
        lambda generation: f"UNLOAD (SELECT 1) TO 's3://b/g{generation}/'",
        database="db",
        workgroup="primary",
        budget=budget,
        where="infra/p/ingest.sql",
    )


def failed(reason: str, retryable: bool = False) -> dict[str, Any]:
    return {"State": "FAILED", "StateChangeReason": reason, "AthenaError": {"Retryable": retryable}}


def test_a_second_try_gets_the_same_execution() -> None:
    """
    Same identity, same text, same token: Athena answers with the id it gave before.
    """
    client = FakeAthena({"State": "SUCCEEDED"})

    assert run(client).query_id == run(client).query_id
    assert 1 == len({request["ClientRequestToken"] for request in client.requests})


def test_tokens_are_as_long_as_athena_wants_them() -> None:
    """
    32 to 128 characters, another for each generation, each text and each database.
    """
    one, other = {"QueryString": "a"}, {"QueryString": "b"}
    elsewhere = {"QueryString": "a", "QueryExecutionContext": {"Database": "other"}}
    tokens = {query_token(WHO, 0, one), query_token(WHO, 1, one), query_token(WHO, 0, other)}
    tokens.add(query_token(WHO, 0, elsewhere))

    assert 4 == len(tokens)
    assert all(32 <= len(token) <= 128 for token in tokens)


def test_a_retryable_failure_starts_the_next_generation_in_its_own_folder() -> None:
    """
    Athena calls it retryable: a new token and a target that nobody wrote to.
    """
    client = FakeAthena(failed("INTERNAL_ERROR", retryable=True), {"State": "SUCCEEDED"})

    outcome = run(client)

    assert 1 == outcome.generation
    assert "s3://b/g1/" in client.requests[-1]["QueryString"]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (failed("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"), DataError),
        (failed("TABLE_NOT_FOUND: line 1:15: Table 'y' does not exist"), DataError),
        (failed("GENERIC_INTERNAL_ERROR: no"), JobFailed),
        ({"State": "CANCELLED"}, JobStopped),
    ],
)
def test_other_ends_are_errors_that_name_the_query_file(end: dict[str, Any], error: type[Exception]) -> None:
    """
    A column that is not there is the user's to mend; a cancelled query is no success.
    """
    with pytest.raises(error) as caught:
        run(FakeAthena(end))
    assert "infra/p/ingest.sql" in str(caught.value)


def test_a_spent_budget_stops_the_query() -> None:
    """
    Never "fail and leave it running".
    """
    client = FakeAthena({"State": "RUNNING"})

    with pytest.raises(JobTimedOut):
        run(client, budget=5)
    assert ["query-0"] == client.stopped


def test_an_id_is_remembered_when_athena_has_forgotten_the_token() -> None:
    """
    AWS does not say how long a token lives; the second try asks for the execution, not for another one.
    """
    client = FakeAthena({"State": "SUCCEEDED"})
    first = run(client).query_id
    client.by_token.clear()

    assert first == run(client).query_id
    assert 1 == len(client.requests)


def test_an_execution_that_athena_has_forgotten_ends_the_wait_in_a_deferring_worker_too() -> None:
    """
    A worker that let go would count the seconds anew each time it comes back, for ever.
    """
    client, clock = FakeAthena({"State": "RUNNING"}), FakeClock()
    with pytest.raises(Suspended):
        run(client, waits=Deferring(clock, patience=0.0), clock=clock)
    client.hidden = 10_000

    with pytest.raises(JobFailed, match="does not know it"):
        run(client, waits=Deferring(clock, patience=0.0), clock=clock)


def test_a_full_queue_is_waited_for() -> None:
    """
    TooManyRequestsException is no failure: the query is asked for again until it is taken.
    """
    client = FakeAthena({"State": "SUCCEEDED"})
    client.refusals = [refusal("TooManyRequestsException") for _ in range(30)]

    assert "query-0" == run(client).query_id
    assert [] == client.refusals


def test_a_queue_that_stays_full_ends_the_wait() -> None:
    """
    After the budget, or the patience for one call where that is longer, the task fails and says why.
    """
    client = FakeAthena({"State": "SUCCEEDED"})
    client.refusals = [refusal("TooManyRequestsException", "You have reached the limit") for _ in range(5000)]

    with pytest.raises(JobTimedOut, match="reached the limit"):
        run(client)
    assert [] == client.requests


def test_a_scan_limit_is_told_as_one() -> None:
    """
    Athena cancels a query at its workgroup's limit: the error names the limit, not a person.
    """
    end = {"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"}

    with pytest.raises(JobStopped, match="BytesScannedCutoffPerQuery"):
        run(FakeAthena(end))


def test_retryable_failures_end_after_the_last_generation() -> None:
    """
    Three starts, two pauses between them, then the reason.
    """
    client = FakeAthena(failed("INTERNAL_ERROR_QUERY_ENGINE", retryable=True))

    with pytest.raises(JobFailed, match="INTERNAL_ERROR_QUERY_ENGINE"):
        run(client)
    assert 3 == len(client.by_token)


@pytest.mark.parametrize(
    ("scanned", "megabytes"), [(0, 10), (1, 10), (10 * 2**20, 10), (10 * 2**20 + 1, 11), (2**40, 2**20)]
)
def test_a_query_costs_whole_megabytes_and_ten_at_least(scanned: int, megabytes: int) -> None:
    """
    As Athena's price list says: 5 USD per terabyte, rounded up to the megabyte, 10 MB minimum.
    """
    assert pytest.approx(megabytes / 2**20 * 5.0) == query_cost(scanned, 5.0)


def test_a_query_that_athena_does_not_show_yet_is_looked_for_again() -> None:
    """
    A read right after the start may be late; one that stays missing is an error and no second query.
    """
    client = FakeAthena({"State": "SUCCEEDED"})
    client.hidden = 3

    assert "query-0" == run(client).query_id
    client.hidden = 10_000
    with pytest.raises(JobFailed, match="does not know it"):
        run(client)
    assert 1 == len(client.requests)
