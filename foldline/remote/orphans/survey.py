"""A picture of what an environment owns and who owns it, for `foldline.reaping` to judge.

It reads and changes nothing. Jobs, of which there are most, are asked for by status, so that the cost does
not grow with history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from foldline.layout import path_slug
from foldline.outcomes import age
from foldline.reaping import CONTENT, Limits, RunState, Seen, Staging, TaskState, World
from foldline.remote.inventory import JOBS, Inventory, Owned
from foldline.remote.orphans.leftovers import Leftovers
from foldline.remote.orphans.serving import DESCRIBE, Serving
from foldline.remote.paging import PacedLists

LISTS = {
    "tuning": ("list_hyper_parameter_tuning_jobs", "HyperParameterTuningJob"),
    "training": ("list_training_jobs", "TrainingJob"),
    "processing": ("list_processing_jobs", "ProcessingJob"),
    "transform": ("list_transform_jobs", "TransformJob"),
}
"""How the jobs of a kind are listed: method, and the word before ``Summaries`` and ``Arn``."""
UNDER_WAY = "InProgress"
DIGESTED = "digest:"
"""Tags that begin so do not tell their text, so nobody can be asked about it."""
Place = tuple[str, str, str, int]
"""DAG, run, task, map index."""


class Runs(Protocol):
    """Who knows whether a run or a task lives."""

    def run(self, dag: str, run: str) -> RunState:
        """The state of a run."""
        ...

    def task(self, dag: str, run: str, task: str, map_index: int) -> TaskState:
        """The state of one task instance."""
        ...


@dataclass(frozen=True)
class Survey:
    """Looks around in one environment.

    Attributes:
        client: Gives the boto3 client of a service.
        lists: Reads lists.
        env: The environment.
        bucket: Its bucket.
        account: Account that must own the bucket.
        pipelines: The project's pipelines.
        endpoints: Endpoints that deploy steps keep; None when they could not be told.
        runs: Who knows about runs.
        limits: How long things are left alone.
    """

    client: Callable[[str], Any]
    lists: PacedLists
    env: str
    bucket: str
    account: str
    pipelines: tuple[str, ...]
    endpoints: frozenset[str] | None
    runs: Runs
    limits: Limits

    def world(self) -> World:
        """What is there now."""
        tagging = Inventory(self.client("resourcegroupstaggingapi"), self.lists, self.env)
        owned = tagging.owned(kinds=(*JOBS, *DESCRIBE))
        serving = Serving(self.client("sagemaker"), self.lists)
        crowded = crowd(owned, self.limits.keep)
        endpoints = [one for one in owned if one.kind == "endpoint"]
        seen = (*self._jobs(owned), *serving.seen([*endpoints, *crowded]))
        leftovers = Leftovers(self.client("s3"), self.lists, self.bucket, self.account)
        searched = self.pipelines if leftovers.exists() else ()
        staging = tuple(found for name in searched for found in leftovers.staging(name, folders(owned, name)))
        runs = self._run_states(seen, crowded, staging)
        return World(
            env=self.env,
            pipelines=frozenset(self.pipelines),
            seen=seen,
            runs=runs,
            tasks=self._task_states(seen, runs),
            endpoints=self.endpoints,
            used=serving.used() if crowded else frozenset(),
            staging=staging,
            uploads=tuple(upload for name in searched for upload in leftovers.uploads(name)),
        )

    def _jobs(self, owned: Iterable[Owned]) -> Iterator[Seen]:
        """Owned jobs: those under way by AWS's own lists, all others are over."""
        for kind, (method, word) in LISTS.items():
            mine = [one for one in owned if one.kind == kind]
            under_way: dict[str, float | None] = {}
            pages = self.lists.pages(getattr(self.client("sagemaker"), method), StatusEquals=UNDER_WAY)
            for page in pages if mine else ():
                for item in page[f"{word}Summaries"]:
                    dated = {**item, "ResponseMetadata": page["ResponseMetadata"]}
                    under_way[item[f"{word}Arn"]] = age(dated)
            for one in mine:
                running = one.arn in under_way
                yield Seen(one, under_way.get(one.arn), UNDER_WAY if running else "", over=not running)

    def _run_states(
        self, seen: Iterable[Seen], crowded: Iterable[Owned], staging: Iterable[Staging]
    ) -> dict[tuple[str, str], RunState]:
        """States of the runs that something depends on."""
        folders = {(found.pipeline, found.folder) for found in staging if not found.complete}
        asked = {(one.dag, one.run) for one in crowded}
        for one in seen:
            place = one.owned.dag, one.owned.run
            if one.status == UNDER_WAY or (place[0], path_slug(place[1])) in folders:
                asked.add(place)
        return {place: self.runs.run(*place) for place in sorted(asked) if tells(*place)}

    def _task_states(
        self, seen: Iterable[Seen], runs: dict[tuple[str, str], RunState]
    ) -> dict[Place, TaskState]:
        places = {
            (one.owned.dag, one.owned.run, one.owned.task, one.owned.map_index)
            for one in seen
            if one.status == UNDER_WAY
        }
        return {
            place: self.runs.task(*place)
            for place in sorted(places)
            if tells(*place[:3]) and runs.get(place[:2], "unknown") not in ("unknown", "gone")
        }


def folders(owned: Iterable[Owned], pipeline: str) -> set[str]:
    """Parts of the key of those runs of a pipeline that tags tell of."""
    return {path_slug(one.run) for one in owned if one.dag == pipeline and one.run}


def tells(*words: str) -> bool:
    """Whether all tags tell their text, so that somebody can be asked about it."""
    return all(word and not word.startswith(DIGESTED) for word in words)


def crowd(owned: Iterable[Owned], keep: int) -> list[Owned]:
    """Configs and models of families with more than ``keep`` members: only these need a closer look."""
    families: dict[tuple[str, str, str], list[Owned]] = {}
    for one in owned:
        name = CONTENT.fullmatch(one.name)
        if one.kind in ("endpoint-config", "model") and name is not None:
            families.setdefault((one.kind, one.dag, name[1]), []).append(one)
    return [one for family in families.values() if len(family) > keep for one in family]
