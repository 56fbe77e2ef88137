"""What nobody owns any more, decided from a picture of the world: pure, so that every rule can be tested.

A thing is touched only when it carries this environment's tags and a key, and when what would own it is known
to be over. What is unknown stays: the state of a run, an age, a status, who uses it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from foldline.layout import path_slug
from foldline.remote.inventory import JOBS, Owned

RunState = Literal["living", "success", "failed", "gone", "unknown"]
"""What Airflow says of a run; ``gone`` when it has none of that id."""
TaskState = Literal["living", "over", "gone", "unknown"]
"""What Airflow says of one task instance."""
Action = Literal[
    "stop", "delete-endpoint", "delete-endpoint-config", "delete-model", "delete-staging", "abort-upload"
]
EXPIRES = "foldline:expires"
"""Tag of a thing that is to go at a moment, ISO 8601 with its zone."""
CONTENT = re.compile(r"(.+)-[a-z2-7]{20}")
"""A name made of content: what comes before the digest is shared by all of its family."""
AT_REST = frozenset({"InService", "OutOfService", "Failed", "UpdateRollbackFailed"})
"""States of an endpoint in which AWS lets it be deleted."""


@dataclass(frozen=True)
class Limits:
    """How long what nobody owns is left alone.

    Attributes:
        grace: Seconds from a thing's creation before it is judged at all.
        staging: Seconds since the last write below a run's prefix.
        upload: Seconds since a multipart upload began.
        keep: Unused endpoint configs and models that stay, of each family: rollbacks go back to them.
    """

    grace: float = 900.0
    staging: float = 86_400.0
    upload: float = 7 * 86_400.0
    keep: int = 5


@dataclass(frozen=True)
class Seen:
    """One thing as it is.

    Attributes:
        owned: What it is and whose.
        age: Seconds since its creation; None when unknown.
        status: The service's word; empty for what has none, or when unknown.
        over: Whether nothing changes any more.
    """

    owned: Owned
    age: float | None = None
    status: str = ""
    over: bool = False


@dataclass(frozen=True)
class Staging:
    """What one run staged: `foldline.layout.STAGING` below its prefix.

    Attributes:
        pipeline: The pipeline.
        folder: The run's part of the key.
        idle: Seconds since the last write anywhere below the run's prefix.
        complete: Whether there is a ``run.json``.
    """

    pipeline: str
    folder: str
    idle: float
    complete: bool


@dataclass(frozen=True)
class Upload:
    """A multipart upload that was begun and neither completed nor aborted.

    Attributes:
        pipeline: Pipeline below whose prefix it is.
        key: The object it would become.
        id: S3's id of it.
        age: Seconds since it began.
    """

    pipeline: str
    key: str
    id: str
    age: float


@dataclass(frozen=True)
class World:
    """What was found at one moment.

    Attributes:
        env: The environment; nothing of another is ever judged.
        pipelines: The project's pipelines.
        seen: Things with tags.
        runs: State of each run, by DAG and run id.
        tasks: State of each task, by DAG, run, task and map index.
        endpoints: Names of endpoints that deploy steps keep; None when they could not be told.
        used: Kind and name of what something else needs: an endpoint's configs, a config's models; None
            when it could not be told.
        staging: Runs' prefixes.
        uploads: Multipart uploads.
    """

    env: str
    pipelines: frozenset[str] = frozenset()
    seen: tuple[Seen, ...] = ()
    runs: Mapping[tuple[str, str], RunState] = field(default_factory=dict)
    tasks: Mapping[tuple[str, str, str, int], TaskState] = field(default_factory=dict)
    endpoints: frozenset[str] | None = None
    used: frozenset[tuple[str, str]] | None = None
    staging: tuple[Staging, ...] = ()
    uploads: tuple[Upload, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """One thing that nobody owns.

    Attributes:
        action: What to do.
        kind: Kind of thing.
        name: Its name; of a staging prefix ``pipeline/folder``, of an upload its key.
        why: The rule that says so.
        arn: Its ARN, when it has one.
        id: S3's id of an upload.
    """

    action: Action
    kind: str
    name: str
    why: str
    arn: str = ""
    id: str = ""


def verdicts(world: World, now: dt.datetime, limits: Limits | None = None) -> list[Verdict]:
    """What nobody owns in ``world``.

    Args:
        world: What was found.
        now: The moment it was found.
        limits: How long things are left alone.
    """
    limits = limits or Limits()
    ours = [seen for seen in world.seen if is_ours(seen.owned, world.env)]
    aged = [seen for seen in ours if seen.age is not None and seen.age >= limits.grace]
    return [
        *_jobs(world, ours, aged),
        *_endpoints(world, aged, now),
        *_unused(world, ours, aged, limits),
        *_staging(world, ours, limits),
        *_uploads(world, limits),
    ]


def is_ours(owned: Owned, env: str) -> bool:
    """Whether a thing carries this environment's identity: environment, key, DAG and run."""
    return owned.env == env and bool(owned.tag("key") and owned.dag and owned.run)


def orphaned(world: World, owned: Owned) -> str:
    """Why a job's task does not want it any more, or the empty string."""
    run = world.runs.get((owned.dag, owned.run), "unknown")
    task = world.tasks.get((owned.dag, owned.run, owned.task, owned.map_index), "unknown")
    if task == "living":
        return ""
    if run == "gone":
        return f"run {owned.run} of {owned.dag} is gone"
    if run == "failed":
        return f"run {owned.run} of {owned.dag} has failed"
    if run != "unknown" and task in ("gone", "over"):
        return f"task {owned.task} of run {owned.run} is {task}"
    return ""


def _jobs(world: World, ours: Iterable[Seen], aged: Iterable[Seen]) -> Iterator[Verdict]:
    newest: dict[tuple[str, str, str, int], int] = {}
    for one in ours:
        if one.owned.kind in JOBS:
            place = _place(one.owned)
            newest[place] = max(newest.get(place, 0), one.owned.epoch)
    for one in aged:
        owned = one.owned
        if owned.kind not in JOBS or one.over or one.status in ("", "Stopping"):
            continue
        why = orphaned(world, owned)
        if owned.epoch < newest[_place(owned)]:
            why = f"task {owned.task} was cleared: epoch {newest[_place(owned)]} has begun"
        if why:
            yield Verdict("stop", owned.kind, owned.name, why, owned.arn)


def _place(owned: Owned) -> tuple[str, str, str, int]:
    return owned.dag, owned.run, owned.task, owned.map_index


def _endpoints(world: World, aged: Iterable[Seen], now: dt.datetime) -> Iterator[Verdict]:
    if world.endpoints is None:
        return
    for one in aged:
        owned = one.owned
        if owned.kind != "endpoint" or owned.name in world.endpoints or one.status not in AT_REST:
            continue
        moment = expiry(owned)
        if moment is not None and moment < now:
            why = f"expired at {moment.isoformat(timespec='seconds')}"
            yield Verdict("delete-endpoint", owned.kind, owned.name, why, owned.arn)


def expiry(owned: Owned) -> dt.datetime | None:
    """The moment in the tag ``foldline:expires``; None without one that tells a moment and its zone."""
    try:
        moment = dt.datetime.fromisoformat(owned.tags.get(EXPIRES, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _unused(world: World, ours: Iterable[Seen], aged: Iterable[Seen], limits: Limits) -> Iterator[Verdict]:
    if world.used is None:
        return
    families: dict[tuple[str, str, str], list[Seen]] = {}
    for one in ours:
        name = CONTENT.fullmatch(one.owned.name)
        if one.owned.kind in ("endpoint-config", "model") and name is not None:
            families.setdefault((one.owned.kind, one.owned.dag, name[1]), []).append(one)
    judged = {(one.owned.kind, one.owned.name) for one in aged}
    for (kind, _, _), family in sorted(families.items(), key=lambda item: item[0]):
        # What has no known age counts as newest: it is kept, and it keeps its place among the kept.
        family.sort(key=lambda one: (one.age or 0.0, one.owned.name))
        for one in family[limits.keep :]:
            owned = one.owned
            state = world.runs.get((owned.dag, owned.run), "unknown")
            settled = state in ("success", "failed", "gone")
            if settled and (kind, owned.name) in judged and (kind, owned.name) not in world.used:
                why = f"nothing uses it, and {limits.keep} newer ones of its family stay"
                action: Action = "delete-model" if kind == "model" else "delete-endpoint-config"
                yield Verdict(action, kind, owned.name, why, owned.arn)


def _staging(world: World, ours: Iterable[Seen], limits: Limits) -> Iterator[Verdict]:
    # A folder's name does not tell its run id for sure; the tags of what the run started do.
    folders: dict[tuple[str, str], set[str]] = {}
    busy: set[tuple[str, str]] = set()
    for one in ours:
        place = one.owned.dag, path_slug(one.owned.run)
        folders.setdefault(place, set()).add(one.owned.run)
        if one.owned.kind in JOBS and not one.over:
            busy.add(place)
    for found in world.staging:
        place = found.pipeline, found.folder
        runs = folders.get(place, set())
        if found.pipeline not in world.pipelines or found.complete or place in busy or len(runs) != 1:
            continue
        state = world.runs.get((found.pipeline, next(iter(runs))), "unknown")
        if state in ("failed", "gone") and found.idle >= limits.staging:
            hours = found.idle / 3600
            why = f"its run is {state}, left no run.json, and nothing was written for {hours:.0f} h"
            yield Verdict("delete-staging", "staging", f"{found.pipeline}/{found.folder}", why)


def _uploads(world: World, limits: Limits) -> Iterator[Verdict]:
    for found in world.uploads:
        inside = found.key.startswith(f"{found.pipeline}/")
        if inside and found.pipeline in world.pipelines and found.age >= limits.upload:
            why = f"begun {found.age / 86_400:.0f} days ago and never completed"
            yield Verdict("abort-upload", "upload", found.key, why, id=found.id)
