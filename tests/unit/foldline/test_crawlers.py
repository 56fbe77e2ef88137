"""One crawl per task, whatever becomes of its workers: on a real local endpoint that really crawls."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from foldline.errors import JobFailed, JobStopped, JobTimedOut
from foldline.remote.glue.crawlers import Crawl, Crawlers
from foldline.remote.memory import Memory
from foldline.waiting import Suspended
from tests.unit.foldline.gluebed import (
    BUCKET,
    QUICK,
    ROLE,
    Bed,
    Killed,
    LettingGo,
    Life,
    bed,
    faulty,
    replayed,
)

__all__ = ["bed", "faulty"]
pytestmark = pytest.mark.xdist_group("gluebed")


@pytest.fixture
def request_of(bed: Bed) -> Callable[[], dict[str, Any]]:
    """Makes requests of crawlers with one small table below them, each of its own."""

    def make() -> dict[str, Any]:
        name = f"c{uuid.uuid4().hex[:8]}"
        bed.put(f"{name}/orders/a.csv", "id,amount\n1,2.5\n2,3.5\n")
        bed.glue.create_database(DatabaseInput={"Name": name})
        targets = {"S3Targets": [{"Path": f"s3://{BUCKET}/{name}/orders/"}]}
        return {"Name": name, "Role": ROLE, "DatabaseName": name, "Targets": targets}

    return make


def crawls(bed: Bed, name: str) -> list[str]:
    """States of all crawls of a crawler."""
    return [crawl["State"] for crawl in bed.glue.list_crawls(CrawlerName=name)["Crawls"]]


def run(bed: Bed, request: dict[str, Any], memory: Memory, life: Life, **settings: Any) -> Crawl:
    """One attempt of a worker."""
    waits = settings.pop("waits", bed.staying)
    crawlers = Crawlers(life.of(bed.glue), bed.clock, waits, QUICK)
    return crawlers.run(request, life.of(memory, "get", "once", "put"), **{"budget": 30.0, **settings})


def test_a_worker_may_die_at_any_point(bed, request_of):
    """
    Killed before or after each of its calls and tried again, a task crawls once.
    """
    for point in itertools.count():
        request, memory, life = request_of(), bed.memory(), Life(dies_at=point)
        try:
            run(bed, request, memory, life)
        except Killed:
            assert "SUCCEEDED" == run(bed, request, memory, Life()).status
            assert ["COMPLETED"] == crawls(bed, request["Name"]), point
        else:
            break
    assert point > 10


def test_letting_go_at_every_pause_crawls_once(bed, request_of):
    """
    In deferrable mode the work runs again from its start after each hand-over, and finds its crawl.
    """
    request, memory, waits = request_of(), bed.memory(), LettingGo()

    crawl = replayed(lambda: run(bed, request, memory, Life(), waits=waits))

    assert "SUCCEEDED" == crawl.status
    assert ["COMPLETED"] == crawls(bed, request["Name"])
    assert {("crawler", (request["Name"],))} >= {(watch.kind, watch.names) for watch in waits.watches}


def test_a_crawl_that_runs_already_is_followed_by_one_of_our_own(bed, request_of):
    """
    It may have begun before the files changed, so it is waited for, and another one is asked for.
    """
    request, memory = request_of(), bed.memory()
    bed.glue.create_crawler(**request)
    bed.glue.start_crawler(Name=request["Name"])
    waits, looks = LettingGo(), itertools.count()

    class Held(Busy):
        """Glue whose foreign crawl runs for at least two looks."""

        def get_crawler(self, Name: str) -> dict[str, Any]:
            return super().get_crawler(Name) if next(looks) < 3 else self.glue.get_crawler(Name=Name)

    crawlers = Crawlers(Held(bed.glue), bed.clock, waits, QUICK)
    replayed(lambda: crawlers.run(request, memory, budget=30.0))

    assert () == waits.watches[0].names, "a user's kill would stop somebody else's crawl"
    assert ["COMPLETED", "COMPLETED"] == crawls(bed, request["Name"])


def test_a_task_that_was_cleared_crawls_again(bed, request_of):
    """
    A new epoch remembers nothing.
    """
    request = request_of()

    first = run(bed, request, bed.memory(), Life())
    second = run(bed, request, bed.memory(), Life())

    assert ["COMPLETED", "COMPLETED"] == crawls(bed, request["Name"])
    assert first.started < second.started


@pytest.mark.parametrize("effect", ["commit_then_drop", "throttle", "internal_failure"])
def test_a_lost_answer_is_looked_for(faulty, request_of, effect):
    """
    A StartCrawler whose answer is lost, or that is refused for a while, is not sent again blindly.
    """
    request = request_of()
    faulty.fault(effect, service="glue", operation="StartCrawler", count=2)

    crawl = run(faulty, request, faulty.memory(), Life())

    assert "SUCCEEDED" == crawl.status
    assert ["COMPLETED"] == crawls(faulty, request["Name"])


def test_a_failed_crawl_fails_with_its_reason(bed, request_of):
    """
    The bucket of the target does not exist.
    """
    request = request_of()
    request["Targets"] = {"S3Targets": [{"Path": f"s3://no-such-bucket-{uuid.uuid4().hex[:8]}/x/"}]}

    with pytest.raises(JobFailed) as caught:
        run(bed, request, bed.memory(), Life())
    assert caught.value.cause


class Busy:
    """Glue with a crawler that runs until it is stopped."""

    def __init__(self, glue: Any) -> None:
        self.glue = glue
        self.stopped: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.glue, name)

    def get_crawler(self, Name: str) -> dict[str, Any]:
        answer = self.glue.get_crawler(Name=Name)
        state = "READY" if self.stopped else "RUNNING"
        return {**answer, "Crawler": {**answer["Crawler"], "State": state}}

    def stop_crawler(self, Name: str) -> None:
        self.stopped.append(Name)


def test_the_crawl_of_somebody_else_is_let_be(bed, request_of):
    """
    When it outlasts the budget the task fails, and the foreign crawl goes on.
    """
    request, busy = request_of(), Busy(bed.glue)

    with pytest.raises(JobTimedOut, match="somebody else"):
        Crawlers(busy, bed.clock, bed.staying, QUICK).run(request, bed.memory(), budget=-1.0)
    assert [] == busy.stopped


def test_our_own_is_stopped_when_the_budget_is_spent(bed, request_of):
    """
    Nothing is left running by a task that failed, also when another worker had begun it.
    """
    request, memory, busy = request_of(), bed.memory(), Busy(bed.glue)
    with pytest.raises(Suspended):
        run(bed, request, memory, Life(), waits=LettingGo())

    with pytest.raises(JobTimedOut, match="was stopped"):
        Crawlers(busy, bed.clock, bed.staying, QUICK).run(request, memory, budget=-1.0)
    assert [request["Name"]] == busy.stopped


def test_a_crawl_that_a_person_stopped_is_no_success(bed, request_of):
    """
    CANCELLED fails, and is not crawled again by itself.
    """
    request, memory = request_of(), bed.memory()

    class Stopping(Busy):
        def get_crawler(self, Name: str) -> dict[str, Any]:
            answer = self.glue.get_crawler(Name=Name)
            answer["Crawler"].get("LastCrawl", {})["Status"] = "CANCELLED"
            return answer

    for _ in range(2):
        with pytest.raises(JobStopped):
            Crawlers(Stopping(bed.glue), bed.clock, bed.staying, QUICK).run(request, memory, budget=30.0)
    assert ["COMPLETED"] == crawls(bed, request["Name"])
