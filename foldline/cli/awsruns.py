"""Runs by their jobs: what AWS, or the local endpoint, knows of them without any Airflow."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from foldline.aws import Clients
from foldline.environment import Environment, environment
from foldline.errors import ConfigError
from foldline.layout import RunLayout
from foldline.names import TAG
from foldline.project import pipelines
from foldline.reaping import is_ours
from foldline.remote.calls import SystemClock, call
from foldline.remote.inventory import JOBS, Inventory, Owned, parse
from foldline.remote.orphans.survey import LISTS
from foldline.remote.paging import OBJECTS, TAGGED, PacedLists
from foldline.remote.sightings import Sighting, sightings
from foldline.remote.untagged import Notes
from foldline.runs import JobRecord, TaskRecord
from foldline.stepfiles.problems import nearest

SHOWN = (*JOBS, "endpoint")
RECENT = 100
"""Jobs of each kind among which the last runs are looked for: one page of a list."""
PAUSE_SECONDS = 0.2
"""A person waits: a command makes a handful of calls, the reaper's pause is for thousands."""


@dataclass(frozen=True)
class RunLine:
    """One run by its newest jobs.

    Attributes:
        dag: DAG id.
        run: Run id.
        created: When its newest job was created, in Unix time.
        statuses: How many of its jobs have which status.
        whole: Whether these are all of them: false for a run at which a list was cut off.
    """

    dag: str
    run: str
    created: float
    statuses: dict[str, int]
    whole: bool = True


@dataclass(frozen=True)
class AwsRuns:
    """Reads runs of one environment.

    Attributes:
        environment: The environment.
        clients: Its clients.
    """

    environment: Environment
    clients: Clients

    @cached_property
    def clock(self) -> SystemClock:
        """Time; a person gives up sooner than a task."""
        return SystemClock(min(self.environment.polling.patience, 60.0))

    @cached_property
    def lists(self) -> PacedLists:
        """Reads lists."""
        return PacedLists(self.clock, PAUSE_SECONDS)

    def owned(self, run: str, task: str | None = None) -> list[Owned]:
        """Jobs, queries and endpoints of the run that ``run`` means, of all tasks or of one.

        Args:
            run: The run id, or a beginning that no other run with jobs shares.
            task: A task id, with or without the trial and fold of one job.

        Raises:
            ConfigError: No run or task is meant, or more than one run.
        """
        found = self._of(run)
        if not found:
            run = self._meant(run)
            found = self._of(run)
        if task is None:
            return found
        mine = [one for one in found if task in (one.task, one.tag("task"))]
        if not mine:
            tasks = sorted({one.task for one in found})
            raise _unknown(f"run {run} has no jobs of a task {task!r}", task, tasks)
        return mine

    def _of(self, run: str) -> list[Owned]:
        """What tags tell of a run, and what its tasks noted of work that has none."""
        tagged = Inventory(self._tagging, self.lists, self.environment.name).owned(run=run, kinds=SHOWN)
        settings = self.environment
        notes = Notes(self.clients.client("s3"), self.lists, settings.account, settings.name)
        names = sorted({one.dag for one in tagged}) or pipelines()
        layouts = [RunLayout(settings.bucket, name, run) for name in names]
        return tagged + [one for layout in layouts for one in notes.noted(layout)]

    def sightings(self, owned: Iterable[Owned]) -> list[Sighting]:
        """How they are, oldest first."""

        def since(one: Sighting) -> tuple[float, str]:
            return one.created.timestamp() if one.created else 0.0, one.owned.name

        return sorted(sightings(self.clients.client, self.clock, owned), key=since)

    def recorded(self, of: Owned, known: Collection[str]) -> list[tuple[TaskRecord, JobRecord]]:
        """What ended tasks of a run keep in their records beside what is seen: crawls, old queries.

        Args:
            of: Anything of the run.
            known: Names of what is seen.
        """
        layout = RunLayout(self.environment.bucket, of.dag, of.run)
        client, owner = self.clients.client("s3"), self.environment.account
        place = {"Bucket": layout.bucket, "Prefix": layout.records.key, "ExpectedBucketOwner": owner}
        found = []
        for page in self.lists.pages(client.list_objects_v2, OBJECTS, **place):
            for item in page.get("Contents", ()):
                answer = client.get_object(Bucket=layout.bucket, Key=item["Key"], ExpectedBucketOwner=owner)
                task = TaskRecord.from_json(answer["Body"].read().decode())
                found += [(task, job) for job in task.jobs if job.name not in known]
        return found

    def recent(self) -> list[RunLine]:
        """The last runs, newest first."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        cut: set[tuple[str, str]] = set()
        for method, word in LISTS.values():
            page = call(
                getattr(self.clients.client("sagemaker"), method),
                self.clock,
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=RECENT,
            )
            items = {item[f"{word}Arn"]: item for item in page[f"{word}Summaries"]}
            runs = {owned.arn: (owned.dag, owned.run) for owned in self._tagged(items)}
            for arn, run in runs.items():
                job = {**items[arn], "Status": items[arn][f"{word}Status"]}
                found.setdefault(run, []).append(job)
            if "NextToken" in page:
                cut |= {runs[arn] for arn in list(items)[-1:] if arn in runs}
        lines = [_line(*run, jobs, whole=run not in cut) for run, jobs in found.items()]
        return sorted(lines, key=lambda line: line.created, reverse=True)

    def _tagged(self, arns: Iterable[str]) -> list[Owned]:
        """Those of the jobs that are this environment's."""
        arns = list(arns)
        if not arns:
            return []
        answer = call(self._tagging.get_resources, self.clock, ResourceARNList=arns)
        found = [parse(mapping) for mapping in answer["ResourceTagMappingList"]]
        return [one for one in found if one is not None and is_ours(one, self.environment.name)]

    def _meant(self, run: str) -> str:
        pages = self.lists.pages(self._tagging.get_tag_values, TAGGED, Key=f"{TAG}run")
        known: list[str] = sorted({value for page in pages for value in page["TagValues"]})
        meant = [value for value in known if value.startswith(run)]
        if len(meant) == 1 and run:
            return meant[0]
        if meant:
            shown = ", ".join(meant[:10]) + (", …" if len(meant) > 10 else "")
            raise ConfigError(
                f"{len(meant)} runs begin with {run!r}", cause=shown, mend="give more of the run id"
            )
        what = f"there is no run {run!r} with jobs in environment {self.environment.name}"
        raise _unknown(what, run, known)

    @cached_property
    def _tagging(self) -> Any:
        return self.clients.client("resourcegroupstaggingapi")


def aws_runs() -> AwsRuns:
    """The runs of the environment at hand, after a check that it is the right account."""
    settings = environment()
    clients = Clients(settings)
    clients.check_account()
    return AwsRuns(settings, clients)


def place(owned: Owned) -> str:
    """Task and map index, as a person reads them."""
    return owned.task if owned.map_index < 0 else f"{owned.task}[{owned.map_index}]"


def _line(dag: str, run: str, jobs: list[dict[str, Any]], *, whole: bool) -> RunLine:
    statuses: dict[str, int] = {}
    for job in jobs:
        statuses[job["Status"]] = statuses.get(job["Status"], 0) + 1
    return RunLine(dag, run, max(job["CreationTime"].timestamp() for job in jobs), statuses, whole)


def _unknown(what: str, given: str, known: list[str]) -> ConfigError:
    near = nearest(given, known)
    hint = f"did you mean {near!r}?" if near else ""
    return ConfigError(what, cause=hint, mend="`foldline status` lists the last runs")
