"""Schedules of crawlers: kept and given back; nothing is started by them."""

from __future__ import annotations

import re
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.store import Store

CRAWLER = "glue.crawler"
CRON = re.compile(r"cron\(\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*\)")


def schedule(expression: str) -> Document:
    """A new schedule, which is on.

    Raises:
        AwsError: InvalidInputException: it is not ``cron(…)`` of six fields, one of the two days ``?``.
    """
    found = CRON.fullmatch(expression)
    if not found or "?" not in (found[3], found[5]):
        raise AwsError("InvalidInputException", f"Schedule expression {expression!r} is not valid.")
    return {"ScheduleExpression": expression, "State": "SCHEDULED"}


class CrawlerSchedules:
    """UpdateCrawlerSchedule, StartCrawlerSchedule and StopCrawlerSchedule."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def UpdateCrawlerSchedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give a crawler a schedule, or none with an empty one."""
        name, expression = request["CrawlerName"], request.get("Schedule")
        with self.store.transaction():
            self._schedule(name)
            self.store.update(CRAWLER, name, Schedule=schedule(expression) if expression else None)
        return {}

    def StartCrawlerSchedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Turn a schedule on."""
        self._turn(request["CrawlerName"], "SCHEDULED", "SchedulerRunningException", "already running")
        return {}

    def StopCrawlerSchedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Turn a schedule off."""
        self._turn(request["CrawlerName"], "NOT_SCHEDULED", "SchedulerNotRunningException", "not running")
        return {}

    def _turn(self, name: str, state: str, code: str, otherwise: str) -> None:
        with self.store.transaction():
            found = self._schedule(name)
            if found is None and state == "SCHEDULED":
                raise AwsError("NoScheduleException", f"No schedule for crawler {name}")
            if found is None or found["State"] == state:
                raise AwsError(code, f"The scheduler of crawler {name} is {otherwise}")
            self.store.update(CRAWLER, name, Schedule={**found, "State": state})

    def _schedule(self, name: str) -> Document | None:
        crawler = self.store.get(CRAWLER, name)
        if crawler is None:
            raise AwsError("EntityNotFoundException", f"Crawler entry with name {name} does not exist")
        found: Document | None = crawler.get("Schedule")
        return found
