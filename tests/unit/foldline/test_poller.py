"""One poller for all who wait: few calls, ends seen soon, faults that never fail a wait."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from foldline.remote.calls import Backoff
from foldline.remote.polling.poller import Poller
from tests.unit.foldline.fakes import FakeClock, arn, dropped, refusal

CLOUD = Backoff(0.3, 30.0)
LAPTOP = Backoff(0.05, 0.5)
EVER = dt.datetime.min.replace(tzinfo=dt.UTC)


class Account:
    """Training jobs that end at given moments of a clock, and a list of what changed; AWS's date is its own.

    Attributes:
        ends: Moment of each job's end by name; a name that is not there is absent.
        calls: Moment and operation of each call.
        fault: Called before each operation; may raise.
        skew: Seconds by which AWS's clock is ahead of this machine's.
    """

    def __init__(self, clock: FakeClock, ends: dict[str, float], skew: float = 0.0) -> None:
        self.clock, self.ends, self.skew = clock, ends, skew
        self.calls: list[tuple[float, str]] = []
        self.fault: Callable[[str], None] = lambda operation: None

    def date(self, moment: float) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=moment + self.skew)

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        self.enter("describe")
        if TrainingJobName not in self.ends:
            raise refusal("ValidationException", "Requested resource not found.")
        return {"TrainingJobStatus": self.status(TrainingJobName), "TrainingJobArn": arn(TrainingJobName)}

    def list_training_jobs(
        self,
        MaxResults: int,
        SortBy: str,
        SortOrder: str,
        NextToken: str = "0",
        LastModifiedTimeAfter: dt.datetime = EVER,
    ) -> dict[str, Any]:
        self.enter("list")
        changed = [
            {"TrainingJobName": name, "TrainingJobStatus": self.status(name)}
            for name, end in self.ends.items()
            if LastModifiedTimeAfter < self.date(end) <= self.date(self.clock.now)
        ]
        first = int(NextToken)
        more = {"NextToken": str(first + MaxResults)} if len(changed) > first + MaxResults else {}
        return {
            "TrainingJobSummaries": changed[first : first + MaxResults],
            "ResponseMetadata": {
                "HTTPHeaders": {"date": self.date(self.clock.now).strftime("%a, %d %b %Y %H:%M:%S GMT")}
            },
            **more,
        }

    def batch_get_query_execution(self, QueryExecutionIds: list[str]) -> dict[str, Any]:
        self.enter("batch")
        assert len(QueryExecutionIds) <= 50
        return {
            "QueryExecutions": [
                {
                    "QueryExecutionId": name,
                    "Status": {"State": "SUCCEEDED" if self.over(name) else "RUNNING"},
                }
                for name in QueryExecutionIds
                if name in self.ends
            ]
        }

    def status(self, name: str) -> str:
        return "Completed" if self.over(name) else "InProgress"

    def over(self, name: str) -> bool:
        return self.ends[name] <= self.clock.now

    def enter(self, operation: str) -> None:
        self.calls.append((self.clock.now, operation))
        self.fault(operation)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def spend(
    poller: Poller, clock: FakeClock, seconds: float, until: Callable[[], bool] = lambda: False
) -> None:
    """Let the poller step for a while."""
    end = clock.now + seconds
    while clock.now < end and not until():
        if (wait := poller.step()) > 0:
            clock.now += min(wait, end - clock.now) + 1e-6


def seen_by(poller: Poller, clock: FakeClock, account: Account) -> dict[str, float]:
    """Moment at which each job's end is fired, filled while the poller steps."""
    seen: dict[str, float] = {}
    for name in account.ends:
        poller.add((name,), "all", lambda name=name: seen.setdefault(name, clock.now))
    return seen


def test_500_jobs_cost_one_call_a_second_and_each_end_is_seen_within_4_s(clock: FakeClock) -> None:
    """
    An hour of 500 jobs; the median end is seen after about a second.
    """
    chance = random.Random(7)
    account = Account(clock, {f"job-{n}": chance.uniform(60, 3500) for n in range(500)})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)

    spend(poller, clock, 3600)

    late = sorted(seen[name] - end for name, end in account.ends.items())
    assert 500 == len(late)
    assert late[-1] <= 4.0
    assert late[250] <= 1.1
    assert len(account.calls) <= 3600 + 20
    assert 0.5 * 3600 + 1 >= sum(operation == "list" for _, operation in account.calls)
    for first, later in itertools.pairwise(account.calls[40::60]):
        assert later[0] - first[0] >= 59


@pytest.mark.parametrize("skew", [-1200.0, 1200.0], ids=["we are ahead", "we are behind"])
def test_a_wrong_clock_of_this_machine_hides_no_end(clock: FakeClock, skew: float) -> None:
    """
    F55: changes are asked for by the dates of AWS alone.
    """
    account = Account(clock, {f"job-{n}": 30.0 + 3 * n for n in range(40)}, skew)
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)

    spend(poller, clock, 200)

    assert max(seen[name] - end for name, end in account.ends.items()) <= 4.0


def test_in_steady_state_a_job_is_read_by_itself_at_most_every_30_s(clock: FakeClock) -> None:
    """
    The list carries the news; reading each is a slow check of it.
    """
    account = Account(clock, {f"job-{n}": 1e9 for n in range(3)})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen_by(poller, clock, account)
    spend(poller, clock, 120)
    account.calls.clear()

    spend(poller, clock, 300)

    assert sum(operation == "describe" for _, operation in account.calls) <= 3 * 10
    assert 0 < sum(operation == "describe" for _, operation in account.calls)


def test_one_short_job_is_seen_at_once_and_one_long_job_within_2_s(clock: FakeClock) -> None:
    """
    First looks are quick; a single job needs no list.
    """
    account = Account(clock, {"short": 1.0})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)
    spend(poller, clock, 10)
    account.ends = {"long": 1500.3}
    seen |= seen_by(poller, clock, account)
    poller.add(("long",), "all", lambda: seen.setdefault("long", clock.now))
    spend(poller, clock, 2000, until=lambda: "long" in seen)

    assert seen["short"] <= 1.6
    assert seen["long"] <= 1502.4
    assert {"describe"} == {operation for _, operation in account.calls}


def test_on_a_laptop_news_come_as_often_as_polling_says(clock: FakeClock) -> None:
    """
    `polling.longest` below two seconds quickens the list as well.
    """
    account = Account(clock, {f"job-{n}": 30.0 + n for n in range(20)})
    poller = Poller("training", lambda: account, clock, LAPTOP)
    seen = seen_by(poller, clock, account)

    spend(poller, clock, 60)

    assert max(seen[name] - end for name, end in account.ends.items()) <= 1.0


@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException"),
        refusal("InternalFailure", status=500),
        refusal("ExpiredTokenException"),
        dropped(),
        NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__ + str(getattr(error, "response", {}).get("Error", "")),
)
def test_ten_minutes_of_faults_delay_a_wait_and_never_end_it(clock: FakeClock, error: Exception) -> None:
    """
    F11, F23, F27: nothing fires while nothing can be known, few calls are spent, and then the end is seen.
    """
    account = Account(clock, {"a": 100.0, "b": 200.0})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)

    def fault(operation: str) -> None:
        if clock.now < 600:
            raise error

    account.fault = fault
    spend(poller, clock, 600)
    assert {} == seen
    assert len(account.calls) <= 60

    spend(poller, clock, 60)
    assert {"a", "b"} == set(seen)


def test_expired_credentials_are_replaced(clock: FakeClock) -> None:
    """
    F27: the client that AWS refuses is not asked again; a fresh one is made.
    """
    stale, fresh = Account(clock, {"a": 5.0}), Account(clock, {"a": 5.0})

    def expired(operation: str) -> None:
        raise refusal("ExpiredToken")

    stale.fault = expired
    made = iter([stale, fresh])
    poller = Poller("training", lambda: next(made), clock, CLOUD)
    seen = seen_by(poller, clock, fresh)

    spend(poller, clock, 20)

    assert {"a"} == set(seen)
    assert 1 == len(stale.calls)


def test_a_list_that_is_refused_is_done_without(clock: FakeClock) -> None:
    """
    A role without `sagemaker:ListTrainingJobs` waits as well, by reading each job.
    """
    account = Account(clock, {"a": 100.0, "b": 200.0})

    def denied(operation: str) -> None:
        if operation == "list":
            raise refusal("AccessDeniedException")

    account.fault = denied
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)

    spend(poller, clock, 300)

    assert max(seen[name] - end for name, end in account.ends.items()) <= 6.0
    assert sum(operation == "list" for _, operation in account.calls) <= 2


def test_what_is_absent_for_a_minute_fires(clock: FakeClock) -> None:
    """
    F29: a stale read passes, a job that is gone does not: a worker looks, and does what is right.
    """
    account = Account(clock, {"late": 1e9, "gone": 1e9})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)
    account.ends = {}
    spend(poller, clock, 40)
    account.ends = {"late": 1e9}

    spend(poller, clock, 100)

    assert ["gone"] == list(seen)
    assert 60.0 <= seen["gone"] <= 95.0


def test_any_fires_with_the_first_and_all_with_the_last(clock: FakeClock) -> None:
    """
    Two tasks that wait for the same jobs share the looks, not the moment.
    """
    account = Account(clock, {"a": 10.0, "b": 50.0})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen: dict[str, float] = {}
    poller.add(("a", "b"), "any", lambda: seen.setdefault("any", clock.now))
    poller.add(("a", "b"), "all", lambda: seen.setdefault("all", clock.now))

    spend(poller, clock, 100)

    assert 10.0 <= seen["any"] <= 14.0
    assert 50.0 <= seen["all"] <= 54.0
    assert poller.idle


def test_who_waits_no_longer_costs_nothing(clock: FakeClock) -> None:
    """
    A trigger that is cancelled drops its names.
    """
    account = Account(clock, {"a": 1e9, "b": 1e9})
    poller = Poller("training", lambda: account, clock, CLOUD)
    fired: list[str] = []
    poller.drop(poller.add(("a", "b"), "all", lambda: fired.append("never")))

    spend(poller, clock, 100)

    assert [] == account.calls
    assert [] == fired


def test_queries_are_read_fifty_at_a_time(clock: FakeClock) -> None:
    """
    120 queries cost three calls a round, and each end is seen within two rounds.
    """
    account = Account(clock, {f"query-{n}": 100.0 + n for n in range(120)})
    poller = Poller("query", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)

    spend(poller, clock, 300)

    assert max(seen[name] - end for name, end in account.ends.items()) <= 8.0
    assert len(account.calls) <= 20 + 300 * 0.5


def test_a_restarted_poller_sees_what_ended_while_nobody_looked(clock: FakeClock) -> None:
    """
    F09: 200 jobs ended while the triggerer was away; the first list finds them before each is read.
    """
    clock.now = 1000.0
    account = Account(clock, {f"job-{n}": 800.0 + n * 0.5 for n in range(200)})
    poller = Poller("training", lambda: account, clock, CLOUD)
    seen = seen_by(poller, clock, account)

    spend(poller, clock, 20)

    assert 200 == len(seen)
