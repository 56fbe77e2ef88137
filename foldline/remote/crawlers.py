"""Glue crawlers: one definition per pipeline and environment, run to its end, its tables checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import DataError, JobFailed, JobStopped, JobTimedOut
from foldline.remote.calls import Backoff, Clock, call, error_code, find
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch


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

    def run(self, request: dict[str, Any], *, budget: float) -> dict[str, Any]:
        """Bring the crawler to the wanted definition and through one crawl.

        A crawl that already runs is waited for and followed by one of our own: it may have started before the
        definition or the data changed.

        Args:
            request: CreateCrawler request.
            budget: Seconds to wait for both.

        Returns:
            Glue's ``LastCrawl``.

        Raises:
            JobFailed: The crawl failed.
            JobStopped: Somebody stopped it.
            JobTimedOut: The budget is spent; the crawl was stopped.
        """
        name, started = request["Name"], self.clock.monotonic()
        if find(self.client.get_crawler, self.clock, Name=name) is None:
            self._create(request)
        else:
            self._ready(name, started, budget)
            updatable = {key: value for key, value in request.items() if key != "Tags"}
            call(self.client.update_crawler, self.clock, **updatable)
        while True:
            try:
                call(self.client.start_crawler, self.clock, Name=name)
                break
            except Exception as error:
                if error_code(error) != "CrawlerRunningException":
                    raise
                self._ready(name, started, budget)
        crawl: dict[str, Any] = self._ready(name, started, budget).get("LastCrawl", {})
        status = crawl.get("Status")
        where = f"glue crawler {name}"
        if status == "CANCELLED":
            raise JobStopped(f"crawler {name} was stopped", where=where, mend="clear the task")
        if status != "SUCCEEDED":
            raise JobFailed(
                f"crawler {name} failed", where=where, cause=str(crawl.get("ErrorMessage", status))
            )
        return crawl

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

    def _create(self, request: dict[str, Any]) -> None:
        try:
            call(self.client.create_crawler, self.clock, **request)
        except Exception as error:
            if error_code(error) != "AlreadyExistsException":
                raise

    def _ready(self, name: str, started: float, budget: float) -> dict[str, Any]:
        looks = 0
        while True:
            crawler: dict[str, Any] = call(self.client.get_crawler, self.clock, Name=name)["Crawler"]
            if crawler["State"] == "READY":
                return crawler
            waited = self.clock.monotonic() - started
            if waited > budget:
                WATCHED["crawler"].end(self.client, self.clock, name)
                raise JobTimedOut(
                    f"crawler {name} did not end within {budget:.0f} s and was stopped",
                    mend="raise `max_runtime` of the step",
                )
            self.waits.pause(self.backoff.seconds(looks), Watch("crawler", (name,), budget - waited))
            looks += 1
