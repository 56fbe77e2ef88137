"""How the jobs of an inventory are: status, age, machine; read one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from foldline.remote.calls import Clock, find
from foldline.remote.dates import EPOCH, answered_at
from foldline.remote.inventory import Owned
from foldline.remote.watched import WATCHED, Watched, told

MACHINES = (
    ("ResourceConfig",),
    ("ProcessingResources", "ClusterConfig"),
    ("TransformResources",),
    ("TrainingJobDefinition", "ResourceConfig"),
)
"""Where the kinds of jobs keep their instance type and count."""


@dataclass(frozen=True)
class Sighting:
    """One job at one moment.

    Attributes:
        owned: Whose it is.
        status: The service's word.
        over: Whether nothing changes any more.
        age: Seconds since it was created, by AWS's own clock; None when that is not told.
        seconds: How long it took, or has taken so far; None when that is not told.
        created: When it was created.
        instance: Instance type and number, such as ``2 × ml.m5.large``; empty when it has none.
        reason: Why it failed.
        description: The service's whole answer.
    """

    owned: Owned
    status: str
    over: bool
    age: float | None
    seconds: float | None
    created: dt.datetime | None
    instance: str
    reason: str
    description: dict[str, Any]


def sightings(client: Callable[[str], Any], clock: Clock, things: Iterable[Owned]) -> Iterator[Sighting]:
    """The things that are jobs, each read once; one that is gone meanwhile is left out.

    Args:
        client: Gives the boto3 client of a service.
        clock: Time.
        things: What to read; kinds that are not waited for are left out.
    """
    for owned in things:
        watched = WATCHED.get(owned.kind)
        if watched is None or owned.kind == "crawler":  # a crawler is no job: it serves many runs
            continue
        request = watched.request(watched.member, owned.name)
        answer = find(getattr(client(watched.service), watched.describe), clock, **request)
        if answer is not None:
            yield sighting(owned, watched, answer)


def sighting(owned: Owned, watched: Watched, answer: dict[str, Any]) -> Sighting:
    """What a Describe answer tells."""
    status = str(told(answer, watched.path))
    created, over = told(answer, watched.began), watched.is_over(status)
    ended = told(answer, watched.ended) if over else None
    read_at = answered_at(answer)
    aged = (read_at - created).total_seconds() if created and read_at != EPOCH else None
    return Sighting(
        owned=owned,
        status=status,
        over=over,
        age=aged,
        seconds=(ended - created).total_seconds() if created and ended else aged,
        created=created,
        instance=_instance(answer),
        reason=str(told(answer, watched.reason) or ""),
        description=answer,
    )


def _instance(answer: dict[str, Any]) -> str:
    for path in MACHINES:
        machine: dict[str, Any] = answer
        for part in path:
            machine = machine.get(part) or {}
        if "InstanceType" in machine:
            count = machine.get("InstanceCount", 1)
            return str(machine["InstanceType"]) if count == 1 else f"{count} × {machine['InstanceType']}"
    return ""
