"""Queries, statements and Glue job runs, which have no tags: shown, stopped and cleared by their tasks' notes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from foldline.aws import Clients
from foldline.config import load_pipeline
from foldline.layout import PipelineLayout, S3Uri
from foldline.names import Identity
from foldline.remote.calls import SystemClock
from foldline.remote.glue.jobs import GlueJobs, GlueWork
from foldline.remote.memory import Memory
from foldline.remote.paging import PacedLists
from foldline.remote.untagged import Notes
from foldline.remote.warehouse.queries import Queries
from foldline.remote.warehouse.redshift import Warehouse
from foldline.remote.watched import WATCHED
from foldline.waiting import Deferring, Staying, Suspended
from operators.epochs import end_earlier_epochs
from operators.steprun import Place as TaskPlace
from operators.steprun import StepRun
from tests.reaper.conftest import DAG, Place

MANY = "UNNEST(sequence(1, 2000)) AS"
HOURS = f"SELECT count(*) FROM {MANY} a (w), {MANY} b (x), {MANY} c (y), {MANY} d (z) WHERE w + x = y * z"
SLEEP = "import time\ntime.sleep(600)\n"
OVER = {"query": "CANCELLED", "statement": "ABORTED", "glue-job": "STOPPED"}


@dataclass(frozen=True)
class Bed:
    """Starts endless work in the name of tasks, and lets go as soon as it has started."""

    place: Place
    script: str = SLEEP

    def memory(self, run: str, task: str, map_index: int, epoch: int) -> Memory:
        """The memory of a task's epoch."""
        settings = self.place.environment
        prefix = PipelineLayout(settings.bucket, DAG).run(run).memory(task, map_index, epoch)
        return Memory(self.place.clients.client("s3"), prefix, settings.account)

    def begin(self, kind: str, run: str, task: str, map_index: int = -1, epoch: int = 0) -> str:
        """Start work of a kind; its name."""
        memory, clock = self.memory(run, task, map_index, epoch), SystemClock(20.0)
        identity = Identity("local", DAG, run, task, map_index, kind, "spec", epoch)
        start = {"query": self._query, "statement": self._statement, "glue-job": self._glue_run}[kind]
        with pytest.raises(Suspended) as suspended:
            start(identity, clock, Deferring(clock, patience=0.0), memory)
        (name,) = suspended.value.watch.names
        return name

    def status(self, kind: str, name: str) -> str | None:
        """The service's word."""
        watched = WATCHED[kind]
        return watched.status(self.place.clients.client(watched.service), SystemClock(20.0), name)

    def _query(self, identity: Identity, clock: Any, waits: Any, memory: Memory) -> None:
        settings = self.place.environment
        output = S3Uri(settings.bucket, "untagged/")
        queries = Queries(self.place.clients.client("athena"), clock, output, settings.account, waits, memory)
        queries.run(
            identity, lambda _: HOURS, database="default", workgroup="primary", budget=600.0, where=""
        )

    def _statement(self, identity: Identity, clock: Any, waits: Any, memory: Memory) -> None:
        tables = ", ".join(f"many t{number}" for number in range(24))
        total = " + ".join(f"t{number}.n" for number in range(24))
        request = {
            "WorkgroupName": f"wg-{uuid.uuid4().hex[:8]}",
            "Database": "dev",
            "Sqls": [
                "CREATE TABLE many (n int)",
                "INSERT INTO many VALUES (1), (2), (3), (4)",
                f"SELECT count(*) FROM {tables} WHERE {total} = 95",
            ],
        }
        warehouse = Warehouse(self.place.clients.client("redshift-data"), clock, waits, memory)
        warehouse.run(identity, lambda _: request, budget=600.0, where="")

    def _glue_run(self, identity: Identity, clock: Any, waits: Any, memory: Memory) -> None:
        settings, name = self.place.environment, f"untagged-{uuid.uuid4().hex[:8]}"
        script = S3Uri(settings.bucket, f"untagged/{name}.py")
        self.place.clients.client("s3").put_object(
            Bucket=script.bucket, Key=script.key, Body=self.script.encode()
        )
        definition = {
            "Name": name,
            "Role": "arn:aws:iam::123456789012:role/glue",
            "Command": {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": str(script)},
            "MaxCapacity": 0.0625,
            "Timeout": 10,
        }
        output = S3Uri(settings.bucket, f"untagged/{name}/")
        work = GlueWork(definition, {"JobName": name}, identity, lambda _: output, budget=600.0)
        GlueJobs(self.place.clients.client("glue"), clock, waits, memory).run(work)


@pytest.fixture
def bed(place: Place) -> Bed:
    return Bed(place)


@pytest.fixture
def run() -> str:
    """A run id that no other test has."""
    return f"manual__{uuid.uuid4().hex[:8]}T10:00:00+00:00"


def test_a_run_without_any_tagged_job_is_shown_and_stopped(
    bed: Bed, foldline: Callable[..., Any], run: str
) -> None:
    """
    One query, statement and Glue job run each: listed with their tasks while they run, then stopped, of one
    task or of all.
    """
    started = {kind: bed.begin(kind, run, f"{kind}-task") for kind in OVER}

    shown = {job["kind"]: job for job in foldline("status", run, "-o", "json")}
    assert {kind: (name, f"{kind}-task") for kind, name in started.items()} == {
        kind: (job["name"], job["task"]) for kind, job in shown.items()
    }
    assert all(job["seconds"] is not None and job["created"] for job in shown.values())

    (stopped,) = foldline("stop", run, "query-task", "--yes", "-o", "json")
    assert ("query", "CANCELLED") == (stopped["kind"], stopped["status"])
    foldline("stop", run, "--yes")
    assert OVER == {kind: bed.status(kind, name) for kind, name in started.items()}
    assert "nothing to stop: all 3 jobs are over" in foldline("stop", run, "--yes")


def test_a_clear_ends_the_untagged_work_of_earlier_epochs_only(bed: Bed, run: str) -> None:
    """
    The cleared index's query and Glue job run are over when the new epoch begins; its neighbour's, and what
    the new epoch had begun already, run on.
    """
    earlier = {kind: bed.begin(kind, run, "fits", 1, epoch=0) for kind in ("query", "glue-job")}
    kept = [bed.begin("glue-job", run, "fits", index, epoch) for index, epoch in ((11, 0), (1, 2))]
    pipeline, clock = load_pipeline(DAG), SystemClock()
    cleared = TaskPlace(DAG, run, "fits", 1, 2)

    end_earlier_epochs(
        StepRun(pipeline, "training", cleared, Clients(pipeline.environment), clock, Staying(clock))
    )

    assert {kind: OVER[kind] for kind in earlier} == {
        kind: bed.status(kind, name) for kind, name in earlier.items()
    }
    words = [bed.status("glue-job", name) for name in kept]
    for name in kept:
        WATCHED["glue-job"].end(bed.place.clients.client("glue"), clock, name)
    assert {"STARTING", "RUNNING", "WAITING"} >= set(words)


def test_what_another_environment_noted_in_the_same_bucket_is_not_seen(bed: Bed, run: str) -> None:
    """
    Two environments may share a bucket; notes carry the environment as tags do.
    """
    name = bed.begin("glue-job", run, "load")
    settings = bed.place.environment
    layout = PipelineLayout(settings.bucket, DAG).run(run)

    def seen(env: str) -> list[str]:
        lists = PacedLists(SystemClock(20.0), 0.0)
        notes = Notes(bed.place.clients.client("s3"), lists, settings.account, env)
        return [one.name for one in notes.noted(layout)]

    mine, theirs = seen("local"), seen("dev")
    WATCHED["glue-job"].end(bed.place.clients.client("glue"), SystemClock(20.0), name)
    assert ([name], []) == (mine, theirs)


def test_the_log_of_a_glue_job_run_is_followed_to_its_end(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    The run's streams are found in whichever of Glue's groups they are; each line names its own.
    """
    told = "import sys\nprint('one')\nprint('two', file=sys.stderr)\n"
    Bed(place, told).begin("glue-job", run, "load")

    printed = foldline("logs", run, "load", "--follow").splitlines()

    assert {"[load] output: one", "[load] error: two"} <= set(printed)
