"""Every run of every crawler, newest first, as ListCrawls shows them."""

from __future__ import annotations

import json
import operator
import time
from collections.abc import Callable
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.glue.crawl import Outcome
from localaws.glue.paging import page
from localaws.store import Store

CRAWLER = "glue.crawler"
LOG_GROUP = "/aws-glue/crawlers"
STATES = {"SUCCEEDED": "COMPLETED", "FAILED": "FAILED", "CANCELLED": "STOPPED"}  # by LastCrawl's word
FIELDS = {
    "CRAWL_ID": "CrawlId",
    "STATE": "State",
    "START_TIME": "StartTime",
    "END_TIME": "EndTime",
    "DPU_HOUR": "DPUHour",
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "GT": operator.gt,
    "GE": operator.ge,
    "LT": operator.lt,
    "LE": operator.le,
    "EQ": operator.eq,
    "NE": operator.ne,
}


class CrawlHistory:
    """ListCrawls, and what the crawlers write down for it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def begin(self, crawler: str, run: str, started: float) -> None:
        """Write down that a run has begun."""
        body = {"CrawlId": run, "State": "RUNNING", "StartTime": started, "DPUHour": 0.0}
        places = {"LogGroup": LOG_GROUP, "LogStream": crawler, "MessagePrefix": run}
        self.store.put(_kind(crawler), run, body | places)

    def end(self, crawler: str, run: str, status: str, outcome: Outcome, message: str | None) -> None:
        """Write down how a run ended, with the numbers of tables it made, changed and took away."""
        counts = {
            "ADD": len(outcome.created),
            "UPDATE": len(outcome.updated),
            "DELETE": len(outcome.deleted),
        }
        members: Document = {"State": STATES[status], "EndTime": time.time()}
        if any(counts.values()):
            members["Summary"] = json.dumps({"TABLE": counts})
        if message:
            members["ErrorMessage"] = message
        begun = self.store.get(_kind(crawler), run) or {"CrawlId": run}
        self.store.put(_kind(crawler), run, begun | members)

    def forget(self, crawler: str) -> None:
        """Drop the history of a crawler that is no more."""
        for body in self.store.all(_kind(crawler)):
            self.store.delete(_kind(crawler), body["CrawlId"])

    def ListCrawls(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a crawler's runs, those that pass all filters."""
        name = request["CrawlerName"]
        if self.store.get(CRAWLER, name) is None:
            raise AwsError("EntityNotFoundException", f"Crawler entry with name {name} does not exist")
        passes = [_filter(entry) for entry in request.get("Filters") or []]
        crawls = [body for body in self.store.all(_kind(name))[::-1] if all(p(body) for p in passes)]
        found, token = page(crawls, request, limit=20, code="InvalidInputException")
        return {"Crawls": found, "NextToken": token}


def _filter(entry: dict[str, str]) -> Callable[[Document], bool]:
    """Whether a run passes one filter; times are compared in epoch milliseconds.

    Raises:
        AwsError: A time or a number is none.
    """
    field, text = entry.get("FieldName", ""), entry.get("FieldValue", "")
    compare = COMPARISONS[entry.get("FilterOperator", "EQ")]
    if field in ("CRAWL_ID", "STATE"):
        return lambda body: compare(body[FIELDS[field]], text)
    try:
        number = float(text) / (1000 if field.endswith("_TIME") else 1)
    except ValueError as error:
        raise AwsError("InvalidInputException", f"{field} cannot be compared with {text!r}") from error
    return lambda body: FIELDS[field] in body and compare(body[FIELDS[field]], number)


def _kind(crawler: str) -> str:
    return f"glue.crawl:{crawler}"
