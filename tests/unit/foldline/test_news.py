"""Many jobs of one staying task: one list in place of a reading of each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from foldline.jobs import Runner
from foldline.names import Identity
from foldline.outcomes import TRAINING
from foldline.remote.calls import STAYING_GROWTH, Backoff
from foldline.waiting import Staying
from foldline.work import Work
from tests.unit.foldline.fakes import FakeClock, FakeSageMaker, refusal

LASTS = 400.0


class Listing(FakeSageMaker):
    """Jobs that last a while by the clock, and a list of what changed."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.ends: dict[str, float] = {}

    def create_training_job(self, **request: Any) -> dict[str, Any]:
        answer = super().create_training_job(**request)
        self.ends[request["TrainingJobName"]] = self.clock.now + LASTS + 7 * len(self.ends)
        return answer

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        found = super().describe_training_job(TrainingJobName)
        return {**found, **self.state(TrainingJobName)}

    def list_training_jobs(self, **request: Any) -> dict[str, Any]:
        self._enter("list", "")
        since = request.get("LastModifiedTimeAfter", self.date(-1e6))
        changed = [
            name for name, end in self.ends.items() if since < self.date(end) <= self.date(self.clock.now)
        ]
        return {
            "TrainingJobSummaries": [{"TrainingJobName": name, **self.state(name)} for name in changed],
            "ResponseMetadata": {
                "HTTPHeaders": {"date": self.date(self.clock.now).strftime("%a, %d %b %Y %H:%M:%S GMT")}
            },
        }

    def state(self, name: str) -> dict[str, str]:
        word = "Completed" if self.ends[name] <= self.clock.now else "InProgress"
        return {"TrainingJobStatus": word, "SecondaryStatus": word}

    def date(self, moment: float) -> dt.datetime:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=moment)

    def count(self, operation: str) -> int:
        return sum(called == operation for called, _ in self.calls)


def works(count: int) -> list[Work]:
    return [
        Work(TRAINING, Identity("local", "dag", "run", "task", index, "training", "spec"), {"Tags": []})
        for index in range(count)
    ]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def run_all(client: Listing, clock: FakeClock, count: int) -> dict[int, float]:
    """Seconds from each job's end to the moment the runner saw it."""
    seen: dict[int, float] = {}
    runner = Runner(client, clock, Staying(clock), Backoff(0.3, 30.0))
    runner.run_all(
        works(count),
        on_end=lambda index, outcome: seen.update({index: clock.now - client.ends[outcome.name]}),
    )
    return seen


def test_40_jobs_of_a_task_are_read_every_30_s_and_their_ends_seen_within_4_s(clock: FakeClock) -> None:
    """
    Forty readings each half a minute and a list each two seconds, where back-off would make them late.
    """
    client = Listing(clock)

    seen = run_all(client, clock, 40)

    assert 40 == len(seen)
    assert max(seen.values()) <= 4.0
    assert client.count("describe") <= 40 * (clock.now / 30 + 4)
    assert client.count("list") <= clock.now / 2 + 2


def test_a_few_jobs_are_read_one_by_one(clock: FakeClock) -> None:
    """
    The list's quota is the account's: a small task leaves it to others.
    """
    client = Listing(clock)

    assert 10 == len(run_all(client, clock, 10))
    assert 0 == client.count("list")


def test_jobs_that_may_not_be_listed_are_read_one_by_one(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A role without the right to list costs one warning.
    """
    client = Listing(clock)

    def denied(operation: str, name: str, moment: str) -> None:
        if operation == "list":
            raise refusal("AccessDeniedException")

    client.faults = denied

    assert max(run_all(client, clock, 20).values()) <= 31.0
    assert 1 == client.count("list")
    assert 1 == sum(record.levelname == "WARNING" for record in caplog.records)


def test_a_throttled_list_is_asked_again_later(clock: FakeClock) -> None:
    """
    While it is throttled, each job is still read every thirty seconds.
    """
    client = Listing(clock)

    def throttled(operation: str, name: str, moment: str) -> None:
        if operation == "list" and clock.now < 450:
            raise refusal("ThrottlingException")

    client.faults = throttled
    seen = run_all(client, clock, 40)

    assert max(seen.values()) <= 31.0
    assert min(seen[index] for index in range(30, 40)) <= 4.0
    assert client.count("list") <= 60 + clock.now / 2


def test_an_end_is_seen_within_a_fiftieth_of_the_time_it_took(clock: FakeClock) -> None:
    """
    A worker that stays looks by growth 1.02; with 1.5 a job of 400 s would be seen up to 30 s late.
    """
    client = Listing(clock)
    runner = Runner(client, clock, Staying(clock), Backoff(0.3, 30.0, STAYING_GROWTH))

    runner.run_all(works(1))

    assert 0 <= clock.now - LASTS <= LASTS / 50 + 0.3
    assert client.count("describe") <= 180


def test_five_jobs_of_a_task_cost_about_as_many_calls_as_one() -> None:
    """
    Each is read a fifth as often.
    """
    counts = []
    for jobs in (1, 5):
        clock = FakeClock()
        client = Listing(clock)
        runner = Runner(client, clock, Staying(clock), Backoff(0.3, 30.0, STAYING_GROWTH))
        runner.run_all(works(jobs))
        counts.append(client.count("describe"))

    assert counts[1] <= 2 * counts[0]
