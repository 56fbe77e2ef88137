"""How things that are waited for are read and listed, on a real local endpoint."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.polling.lister import LISTINGS, Lister
from foldline.remote.polling.poller import Poller
from foldline.remote.polling.statuses import statuses
from foldline.remote.watched import WATCHED

ABSENT = {"glue-job": "nobody/jr_0000", "query": str(uuid.UUID(int=1)), "statement": str(uuid.UUID(int=2))}


@pytest.mark.parametrize("kind", WATCHED)
def test_what_does_not_exist_reads_as_absent(client: Callable[[str], Any], kind: str) -> None:
    """
    F32: whatever code the service has for it; absent is neither over nor under way.
    """
    name = ABSENT.get(kind, "nobody-has-this-name")

    assert {name: None} == statuses(client(WATCHED[kind].service), kind, [name])


@pytest.mark.parametrize("kind", LISTINGS)
def test_every_kind_is_listed(client: Callable[[str], Any], kind: str) -> None:
    """
    Both calls of a first look are answered: AWS's date, then what changed.
    """
    found = Lister(kind, 2.0).look(client(WATCHED[kind].service), 0.0)

    assert all(isinstance(status, str) for status in found.values())


def test_the_end_of_a_query_is_seen_by_the_poller(client: Callable[[str], Any]) -> None:
    """
    Queries are read in one call, those that are gone beside those that ended.
    """
    client("s3").create_bucket(Bucket="looks")
    query = client("athena").start_query_execution(
        QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "s3://looks/out/"}
    )["QueryExecutionId"]
    fired: list[str] = []
    poller = Poller("query", lambda: client("athena"), SystemClock(), Backoff(0.05, 0.5))
    poller.add((query,), "all", lambda: fired.append(query))
    poller.add((ABSENT["query"],), "all", lambda: fired.append("absent"))

    end = time.monotonic() + 20
    while not fired and time.monotonic() < end:
        time.sleep(poller.step())

    assert [query] == fired
