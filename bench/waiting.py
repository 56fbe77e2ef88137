"""What waiting adds to a job: from its end by AWS's clock to the task's success, ours beside the provider's.

One real Airflow (API server, scheduler, triggerer, LocalExecutor) runs both on one local endpoint, with the
polling of dev and prod. The provider's deferrable operators need aiobotocore, which caps boto3: all of that
Airflow runs with the boto3 of bench/requirements.txt.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import boto3

from bench.measure import Row
from bench.triggererlog import fired, moment
from bench.waitjobs import KINDS, LENGTHS, LONG, MODES, PROJECT, prepare
from tests.conftest import ROOT, start_endpoint
from tests.faults.airflow import OVER, Airflow
from tests.faults.conftest import variables_for
from tests.faults.postgres import Unavailable, postgres
from tests.faults.rest import Refused
from tests.faults.rules import Faults

OVERLAY = ROOT / ".bench" / "aiobotocore"
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
POLLING = "polling: {first: 300ms, longest: 30s}"
DEFERRING_GOAL, STAYING_GOAL = 1.0, 0.3
SECONDS = 300.0
LOOK = 1.0
SLOTS = 64
LANES = 10
RUN = "bench"
COUNTED = {
    "ours": {"operation": "DescribeTrainingJob", "resource": "*ours*"},
    "theirs": {"operation": "DescribeTrainingJob", "resource": "theirs*"},
    "lists": {"operation": "ListTrainingJobs"},
}
"""Rules that only count."""
ENDS: dict[str, tuple[str, str, str, str]] = {
    "training": ("sagemaker", "describe_training_job", "TrainingJobName", "TrainingEndTime"),
    "processing": ("sagemaker", "describe_processing_job", "ProcessingJobName", "ProcessingEndTime"),
    "transform": ("sagemaker", "describe_transform_job", "TransformJobName", "TransformEndTime"),
    "query": (
        "athena",
        "get_query_execution",
        "QueryExecutionId",
        "QueryExecution.Status.CompletionDateTime",
    ),
    "glue": ("glue", "get_job_run", "JobName RunId", "JobRun.CompletedOn"),
}
"""By kind: service, boto3 method, the request's members, and where the end stands in the answer."""
WHOSE = ("ours", "theirs")
STEADY_SECONDS = 60.0


@dataclass(frozen=True)
class Wait:
    """One task that waited.

    Attributes:
        whose: ``ours`` or ``theirs``.
        mode: ``staying`` or ``deferring``.
        kind: Key of `ENDS`.
        seconds: How long its job was to last.
        idle: Seconds from the job's end to the task's success.
        seen: Seconds from the job's end to its trigger's event; None when no trigger fired.
        held: Seconds of the last `STEADY_SECONDS` of its job for which it held a worker slot, as sampled.
    """

    whose: str
    mode: str
    kind: str
    seconds: int
    idle: float
    seen: float | None
    held: float


class Sampler(threading.Thread):
    """Looks at all tasks of both runs once a second: which hold a worker slot, and when."""

    def __init__(self, airflow: Airflow) -> None:
        super().__init__(daemon=True)
        self.airflow = airflow
        self.running: list[tuple[float, frozenset[str]]] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Sample until told to end."""
        while not self.over.wait(LOOK):
            now, names = time.time(), set()
            for dag in ("ours", "theirs"):
                try:
                    tasks = self.airflow.tasks(dag, RUN)
                except (OSError, Refused, KeyError):
                    continue
                names |= {task["task_id"] for task in tasks if task["state"] == "running"}
            self.running.append((now, frozenset(names)))

    def held(self, task: str, begin: float, end: float) -> float:
        """Seconds for which a task held a slot between two moments."""
        seconds = 0.0
        for (at, names), (after, _) in zip(self.running, self.running[1:], strict=False):
            if task in names:
                seconds += max(0.0, min(after, end) - max(at, begin))
        return seconds


def rows() -> list[Row]:
    """Idle time by mode beside the provider's, slots held, calls per job, and what is Airflow's own."""
    with ExitStack() as stack:
        airflow, client, faults = airflow_beside_endpoint(stack)
        sampler, calls = run_both(airflow, faults)
        waits = list(measured(airflow, client, sampler))
        return report(waits, airflows_own(airflow), calls)


def airflow_beside_endpoint(stack: ExitStack) -> tuple[Airflow, Callable[[str], Any], Faults]:
    """A real Airflow and a local endpoint of this measurement's own, ended with ``stack``."""
    if not OVERLAY.exists():
        pip = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--no-deps"]
        options = ["--compile-bytecode", "--python", sys.executable, "--target", str(OVERLAY)]
        subprocess.run([*pip, *options, "--requirement", str(REQUIREMENTS)], check=True)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waiting-")))
    os.environ |= {"LOCALAWS_SLOTS": str(SLOTS), "LOCALAWS_GLUE_SLOTS": str(SLOTS)}
    endpoint = start_endpoint(folder / "localaws")
    stack.callback(endpoint.stop)
    session = boto3.Session("local", "local", region_name="us-east-1")

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint.url)

    prepare(client)
    project, home = project_in(folder), folder / "airflow"
    home.mkdir()
    airflow = Airflow(home, project, variables_for(project, endpoint), database(stack))
    airflow.variables |= {
        "AIRFLOW__CORE__PARALLELISM": str(SLOTS),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "300",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "60",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "60",
        "PYTHONPATH": os.pathsep.join([str(OVERLAY), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    stack.callback(airflow.stop)
    airflow.start(("ours", "theirs"))
    return airflow, client, Faults(endpoint.url)


def database(stack: ExitStack) -> str | None:
    """A PostgreSQL server's; None for a SQLite file where there is none, which so many writers may lock."""
    try:
        server = stack.enter_context(postgres())
    except Unavailable as error:
        print(f"Airflow's database is SQLite: {error}", file=sys.stderr)
        return None
    return str(server.url(server.create("airflow"), "postgresql+psycopg2"))


def project_in(folder: Path) -> Path:
    """The project of `bench/waits`, with the laptop's environment but the polling of dev and prod."""
    project = folder / "project"
    shutil.copytree(PROJECT, project)
    environment = (ROOT / "infra" / "env" / "local.yaml").read_text()
    (project / "infra" / "env").mkdir()
    text = re.sub(r"(?m)^polling:.*$", POLLING, environment)
    (project / "infra" / "env" / "local.yaml").write_text(text)
    return project


def run_both(airflow: Airflow, faults: Faults) -> tuple[Sampler, dict[str, int]]:
    """Run both DAGs to their end; what was sampled, and how often SageMaker was asked."""
    sampler = Sampler(airflow)
    with ExitStack() as stack:
        hits = {
            name: stack.enter_context(faults.rule(effect="delay", seconds=0, service="sagemaker", **rule))
            for name, rule in COUNTED.items()
        }
        sampler.start()
        airflow.trigger("theirs", RUN)
        under_way = ("running", "deferred", "success")
        airflow.until(
            lambda: sum(task["state"] in under_way for task in airflow.tasks("theirs", RUN)) >= LANES,
            "the provider's first tasks run",
        )
        airflow.trigger("ours", RUN)
        end = time.monotonic() + SECONDS
        while any(airflow.run_state(dag, RUN) not in OVER for dag in WHOSE) and time.monotonic() < end:
            time.sleep(LOOK)
        calls = {name: count() for name, count in hits.items()}
    sampler.over.set()
    sampler.join()
    return sampler, calls


def measured(airflow: Airflow, client: Callable[[str], Any], sampler: Sampler) -> Iterator[Wait]:
    """Every task of both runs that waited for AWS."""
    events = fired(airflow.home)
    for dag in ("ours", "theirs"):
        for task in airflow.tasks(dag, RUN):
            name = task["task_id"]
            if task["state"] != "success":
                print(f"{name} is {task['state']}, not measured", file=sys.stderr)
                continue
            if not name.startswith(dag):
                continue
            whose, mode, kind, seconds, _ = name.split("-")
            ended = moment(task["end_date"])
            over = end_of(client, kind, work_of(airflow, dag, name, kind))
            seen = events.get((dag, name))
            yield Wait(
                whose,
                mode,
                kind,
                int(seconds),
                ended - over,
                seen - over if seen is not None else None,
                sampler.held(name, over - STEADY_SECONDS, over),
            )


def work_of(airflow: Airflow, dag: str, task: str, kind: str) -> str:
    """What AWS calls the work of a task."""
    if dag == "theirs" and kind in ("training", "processing", "transform"):
        return task
    result = airflow.result(dag, RUN, task)
    if kind == "query":
        return str(result["query_id"] if dag == "ours" else result)
    if kind == "glue":
        return f"{result['job']}/{result['run']}" if dag == "ours" else f"{task}/{result}"
    return str(result["job"])


def end_of(client: Callable[[str], Any], kind: str, name: str) -> float:
    """When a piece of work ended, by AWS's clock."""
    service, method, members, path = ENDS[kind]
    request = dict(zip(members.split(), name.split("/"), strict=True))
    answer = getattr(client(service), method)(**request)
    for part in path.split("."):
        answer = answer[part]
    return float(answer.timestamp())


def airflows_own(airflow: Airflow) -> float:
    """Median seconds from the event of a trigger that waits for nothing to its task's success."""
    events = fired(airflow.home)
    return median(
        moment(task["end_date"]) - events["ours", task["task_id"]]
        for task in airflow.tasks("ours", RUN)
        if task["task_id"].startswith("nothing") and task["state"] == "success"
    )


def report(waits: list[Wait], own: float, calls: dict[str, int]) -> list[Row]:
    """The rows of the page."""
    lengths = ", ".join(str(seconds) for seconds in LENGTHS)
    found = []
    for mode, goal in (("staying", STAYING_GOAL), ("deferring", DEFERRING_GOAL)):
        mine = [net(wait, own) for wait in chosen(waits, "ours", mode, "training", LENGTHS)]
        whole = median(wait.idle for wait in chosen(waits, "ours", mode, "training", LENGTHS))
        provider = median(wait.idle for wait in chosen(waits, "theirs", mode, "training", LENGTHS))
        without = f", with Airflow's own {whole:.2f} s" if mode == "deferring" else ""
        found.append(
            Row(
                f"{mode}: training jobs of {lengths} s, from their end to the task's success, "
                f"median of {len(mine)}{without}",
                f"{median(mine):.2f} s",
                f"provider {provider:.1f} s",
                whole / provider,
                f"at most {goal} s",
                median(mine) <= goal,
            )
        )
        for kind, seconds in {"training": LONG, **KINDS}.items():
            pairs = zip(*(chosen(waits, whose, mode, kind, (seconds,)) for whose in WHOSE), strict=False)
            found += [
                Row(
                    f"{mode}: {kind}, {seconds} s",
                    f"{ours.idle:.2f} s",
                    f"provider {theirs.idle:.1f} s",
                    ours.idle / theirs.idle,
                )
                for ours, theirs in pairs
            ]
    seen = [wait.seen for wait in waits if wait.whose == "ours" and wait.seen is not None]
    found.append(Row("deferring: a job's end to our trigger's event, median", f"{median(seen):.2f} s"))
    found.append(Row("Airflow's own: event of a trigger of no length to its task's success", f"{own:.2f} s"))
    return [*found, slots(waits), asked(waits, calls)]


def chosen(waits: list[Wait], whose: str, mode: str, kind: str, lengths: tuple[int, ...]) -> list[Wait]:
    """Some of the waits."""
    return [
        wait
        for wait in waits
        if (wait.whose, wait.mode, wait.kind) == (whose, mode, kind) and wait.seconds in lengths
    ]


def net(wait: Wait, own: float) -> float:
    """Idle seconds without what Airflow itself takes from a trigger's event to the task's success."""
    return wait.idle - (own if wait.seen is not None else 0.0)


def slots(waits: list[Wait]) -> Row:
    """How long a worker's slot is held while a long job runs."""
    per_hour = {}
    for whose in WHOSE:
        for mode in MODES:
            held = [wait.held for wait in chosen(waits, whose, mode, "training", (LONG,))]
            per_hour[whose, mode] = sum(held) / STEADY_SECONDS * 3600 if held else float("nan")
    return Row(
        f"worker slot seconds per waiting hour, deferring (last {STEADY_SECONDS:.0f} s of a {LONG} s job)",
        f"{per_hour['ours', 'deferring']:.0f}",
        f"provider {per_hour['theirs', 'deferring']:.0f}; staying: ours {per_hour['ours', 'staying']:.0f}, "
        f"provider {per_hour['theirs', 'staying']:.0f}",
        goal="0",
        met=per_hour["ours", "deferring"] == 0,
    )


def asked(waits: list[Wait], calls: dict[str, int]) -> Row:
    """How often SageMaker was asked about a training job."""
    jobs = {whose: sum(w.whose == whose and w.kind == "training" for w in waits) for whose in WHOSE}
    each = {whose: calls[whose] / jobs[whose] for whose in WHOSE}
    return Row(
        f"DescribeTrainingJob per training job (and {calls['lists']} ListTrainingJobs in all)",
        f"{each['ours']:.1f}",
        f"provider {each['theirs']:.1f}",
    )


if __name__ == "__main__":
    for row in rows():
        print(row)
