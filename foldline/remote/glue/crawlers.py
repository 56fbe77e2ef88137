"""Glue crawlers: one definition per pipeline and environment, one crawl of it, its tables checked.

StartCrawler takes no token and gives no id. What makes a crawl ours is its start: before it asks, a task
notes which crawl was the last one; any later crawl has seen what the task wants crawled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import DataError, JobFailed, JobStopped, JobTimedOut
from foldline.remote.asks import Asks
from foldline.remote.calls import Backoff, Clock, call, error_code, find
from foldline.remote.dates import answered_at, seconds_since
from foldline.remote.memory import Memory
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch

RUNNING = "CrawlerRunningException"


@dataclass(frozen=True)
class Crawl:
    """One crawl that ended well.

    Attributes:
        status: Glue's word for it.
        started: When it started, ISO 8601.
        seconds: From its start until it was seen to be over.
    """

    status: str
    started: str
    seconds: float


@dataclass(frozen=True)
class Crawlers:
    """Runs crawlers.

    Attributes:
        client: boto3 Glue client without retries of its own.
        clock: Time.
        waits: How time passes between looks.
        backoff: Waits between two looks.
    """

    client: Any
    clock: Clock
    waits: Waits
    backoff: Backoff = field(default_factory=Backoff)

    def ensure_database(self, name: str) -> None:
        """Make the Glue database when it is not there."""
        if find(self.client.get_database, self.clock, Name=name) is not None:
            return
        try:
            call(self.client.create_database, self.clock, DatabaseInput={"Name": name})
        except Exception as error:
            if error_code(error) != "AlreadyExistsException":
                raise

    def ensure_classifier(self, request: dict[str, Any]) -> None:
        """Bring a CSV classifier to the wanted definition."""
        name = request["CsvClassifier"]["Name"]
        there = find(self.client.get_classifier, self.clock, Name=name) is not None
        call(self.client.update_classifier if there else self.client.create_classifier, self.clock, **request)

    def run(self, request: dict[str, Any], memory: Memory, *, budget: float) -> Crawl:
        """Bring the crawler to the wanted definition and through one crawl.

        A crawl that runs already is waited for and followed by one of our own: it may have started before the
        definition or the data changed. Run again from its start, this goes on where it was.

        Args:
            request: CreateCrawler request.
            memory: What this task remembers between its attempts.
            budget: Seconds to wait, for the earlier crawl and for our own alike.

        Raises:
            JobFailed: The crawl failed.
            JobStopped: Somebody stopped it.
            JobTimedOut: The budget is spent; our own crawl was stopped.
        """
        name = request["Name"]
        asked = memory.get("crawl-asked")
        if asked is None:
            before = self._defined(request, memory, budget)
            asked = memory.once("crawl-asked", lambda: _mark(before))
        accepted, asks, looks = memory.get("crawl-accepted") is not None, Asks(self.clock), 0
        while True:
            answer = self._ready(name, asked, budget, ours=True)
            crawl = answer["Crawler"].get("LastCrawl")
            if crawl is not None and _is_later(crawl, asked):
                return _ended(name, answer, crawl)
            if accepted:  # Glue's answers do not agree yet: our crawl was begun, and is not to be seen
                self._left(name, asked, answer, budget, ours=True)
                seconds = self.backoff.seconds(looks)
                self.waits.pause(seconds, Watch("crawler", (), seconds))
                looks += 1
            else:
                accepted = self._start(name, asks)
                if accepted:
                    memory.put("crawl-accepted", {})

    def tables(self, database: str, wanted: Sequence[str], where: str) -> list[dict[str, Any]]:
        """Glue's descriptions of the wanted tables, in that order.

        Raises:
            DataError: The crawler found no data for one of them.
        """
        found = {
            name: find(self.client.get_table, self.clock, DatabaseName=database, Name=name) for name in wanted
        }
        missing = [name for name, answer in found.items() if answer is None]
        if missing:
            raise DataError(
                f"the crawler found no table {', '.join(missing)} in {where}",
                where=f"glue database {database}",
                mend="put the raw files there (the samples: `foldline samples`), or correct `tables`",
            )
        return [answer["Table"] for answer in found.values() if answer is not None]

    def _defined(self, request: dict[str, Any], memory: Memory, budget: float) -> dict[str, Any]:
        """The crawler's description once it has the wanted definition and no crawl runs."""
        name = request["Name"]
        if find(self.client.get_crawler, self.clock, Name=name) is None:
            try:
                call(self.client.create_crawler, self.clock, **request)
            except Exception as error:
                if error_code(error) != "AlreadyExistsException":
                    raise
        arrived = memory.once("crawl-arrived", lambda: _mark(self._look(name)))
        updatable = {key: value for key, value in request.items() if key != "Tags"}
        looks = 0
        while True:
            self._ready(name, arrived, budget, ours=False)
            try:
                call(self.client.update_crawler, self.clock, **updatable)
                answer = self._look(name)
                if answer["Crawler"]["State"] == "READY":
                    return answer
            except Exception as error:
                if error_code(error) != RUNNING:
                    raise
                answer = self._look(name)
            # Somebody was quicker, or Glue's answers do not agree yet.
            self._left(name, arrived, answer, budget, ours=False)
            self.waits.pause(self.backoff.seconds(looks), Watch("crawler", (), self.backoff.longest))
            looks += 1

    def _start(self, name: str, asks: Asks) -> bool:
        """Ask for a crawl; whether one was begun since we noted the last one."""
        try:
            return asks.answer(self.client.start_crawler, Name=name) is not None
        except Exception as error:
            if error_code(error) != RUNNING:
                raise
            return True  # by us, whose answer was lost, or by somebody else: it sees what we want crawled

    def _ready(self, name: str, since: dict[str, Any], budget: float, *, ours: bool) -> dict[str, Any]:
        """The answer that says that no crawl runs."""
        looks = 0
        while True:
            answer = self._look(name)
            if answer["Crawler"]["State"] == "READY":
                return answer
            left = self._left(name, since, answer, budget, ours=ours)
            # What is watched may be stopped by who waits, so the crawl of somebody else is not named.
            watch = Watch(
                "crawler", (name,) if ours else (), max(left if ours else 0.0, self.backoff.longest)
            )
            self.waits.pause(self.backoff.seconds(looks), watch)
            looks += 1

    def _left(
        self, name: str, since: dict[str, Any], answer: dict[str, Any], budget: float, *, ours: bool
    ) -> float:
        """Seconds of the budget that are left, by AWS's own clock.

        Raises:
            JobTimedOut: None are.
        """
        left = budget - seconds_since(dt.datetime.fromisoformat(since["at"]), answer)
        if left >= 0:
            return left
        if ours:
            WATCHED["crawler"].end(self.client, self.clock, name)
            raise JobTimedOut(
                f"crawler {name} did not end within {budget:.0f} s and was stopped",
                mend="raise `max_runtime` of the step",
            )
        raise JobTimedOut(
            f"a crawl that somebody else began kept crawler {name} busy for {budget:.0f} s; it was let be",
            mend="find out who crawls, or raise `max_runtime` of the step; then clear the task",
        )

    def _look(self, name: str) -> dict[str, Any]:
        answer: dict[str, Any] = call(self.client.get_crawler, self.clock, Name=name)
        return answer


def _mark(answer: dict[str, Any]) -> dict[str, Any]:
    """What is noted of a look: when it was, and the crawl that was the last one then."""
    last = answer["Crawler"].get("LastCrawl", {})
    started = last.get("StartTime")
    return {
        "at": answered_at(answer).isoformat(),
        "last": started.isoformat() if started else None,
        "id": last.get("MessagePrefix"),
    }


def _is_later(crawl: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Whether a crawl started after the one that was the last when ours was asked for."""
    if asked["last"] is None or "StartTime" not in crawl:
        return bool(crawl.get("MessagePrefix") != asked["id"])
    return bool(crawl["StartTime"] > dt.datetime.fromisoformat(asked["last"]))


def _ended(name: str, answer: dict[str, Any], crawl: dict[str, Any]) -> Crawl:
    """The crawl, when it ended well.

    Raises:
        JobFailed: It failed.
        JobStopped: Somebody stopped it.
    """
    status = crawl.get("Status")
    where = f"glue crawler {name}"
    if status == "CANCELLED":
        raise JobStopped(f"crawler {name} was stopped", where=where, mend="clear the task")
    if status != "SUCCEEDED":
        raise JobFailed(f"crawler {name} failed", where=where, cause=str(crawl.get("ErrorMessage", status)))
    started = crawl.get("StartTime", answered_at(answer))
    return Crawl(status, started.isoformat(), seconds_since(started, answer))
