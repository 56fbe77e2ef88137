"""Five hundred jobs waited for in one real triggerer: its memory, its calls, how soon it sees their ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import boto3

from bench.jobs import training_request
from bench.measure import Row
from bench.triggererlog import fired
from foldline.cli.airflowhome import ensure_migrated
from tests.conftest import ROOT, Endpoint, start_endpoint
from tests.faults.airflow import Airflow
from tests.faults.conftest import variables_for
from tests.faults.processes import in_sessions
from tests.faults.rules import Faults

PROJECT = Path(__file__).parent / "many"
COUNT = 500
WINDOW = 45.0
ONE_BY_ONE, APART = 12, 1.3
CALLS_GOAL, SEEN_GOAL = 1.0, 1.5
LOOK = 0.2
SECONDS = 180.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Steady:
    """What the triggerer costs while nothing happens.

    Attributes:
        pss: Megabytes, shared pages by their share, of all of the triggerer's processes.
        idle_pss: The same before it had anything to wait for.
        threads: Of the process that runs the triggers.
        core: Share of one core.
        calls: Calls by service, a second.
    """

    pss: float
    idle_pss: float
    threads: int
    core: float
    calls: dict[str, float]


def rows() -> list[Row]:
    """Memory, calls and delays with 500 waiting jobs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="triggerer-")))
        os.environ["LOCALAWS_SLOTS"] = "1"  # what is queued is InProgress at AWS and no process here
        endpoint = start_endpoint(folder / "localaws", warm=False)
        stack.callback(endpoint.stop)
        airflow = Airflow(folder / "airflow", PROJECT, variables_for(PROJECT, endpoint))
        airflow.variables["PYTHONPATH"] = str(ROOT)
        stack.callback(airflow.stop)
        session = boto3.Session("local", "local", region_name="us-east-1")
        sagemaker = session.client("sagemaker", endpoint_url=endpoint.url)
        names = submit(sagemaker)
        steady = waiting(airflow, endpoint)
        one_by_one, at_once = ends(airflow, sagemaker, names)
    return report(steady, one_by_one, at_once)


def submit(sagemaker: Any) -> list[str]:
    """Start a job that holds the only slot, and 500 that wait for it."""
    sagemaker.create_training_job(**training_request("holder", ["sleep", "3600"]))
    names = [f"fit-{number}" for number in range(COUNT)]
    for name in names:
        sagemaker.create_training_job(**training_request(name, ["sleep", "3600"]))
    return names


def waiting(airflow: Airflow, endpoint: Endpoint) -> Steady:
    """Start the triggerer, hand it the waits, and look at what it costs."""
    airflow.home.mkdir()
    ensure_migrated(airflow.variables)
    airflow.restart("triggerer")
    until(lambda: len(in_sessions(airflow.sessions)) > 1, "the triggerer runs")
    time.sleep(LOOK * 25)  # its imports
    idle = pss(airflow)
    command = [sys.executable, "-m", "bench.deferred", endpoint.url]
    subprocess.run(command, env=airflow.variables, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    logs = airflow.home / "logs" / "dag_id=many"
    until(lambda: sum(1 for _ in logs.rglob("*.trigger.*")) >= COUNT, "all triggers run")
    faults = Faults(endpoint.url)
    with ExitStack() as stack:
        count = {
            f"{service} {operation}": stack.enter_context(
                faults.rule(effect="delay", seconds=0, service=service, operation=operation)
            )
            for service, operation in (("sagemaker", "Describe*"), ("sagemaker", "List*"), ("logs", "*"))
        }
        used, began = processor_seconds(airflow), time.monotonic()
        time.sleep(WINDOW)
        took = time.monotonic() - began
        calls = {name: hits() / took for name, hits in count.items()}
    core = (processor_seconds(airflow) - used) / took
    threads = max(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in in_sessions(airflow.sessions))
    return Steady(pss(airflow), idle, threads, core, calls)


def ends(airflow: Airflow, sagemaker: Any, names: list[str]) -> tuple[list[float], list[float]]:
    """Seconds from a job's end to its trigger's event: of some that end one by one, of the others at once."""
    few = names[:ONE_BY_ONE]
    for name in few:
        sagemaker.stop_training_job(TrainingJobName=name)
        time.sleep(APART)
    for name in names[ONE_BY_ONE:]:
        sagemaker.stop_training_job(TrainingJobName=name)
    until(lambda: len(fired(airflow.home)) >= COUNT, "all triggers fired")
    over = {}
    for page in sagemaker.get_paginator("list_training_jobs").paginate(StatusEquals="Stopped"):
        for job in page["TrainingJobSummaries"]:
            over[job["TrainingJobName"]] = job["TrainingEndTime"].timestamp()
    seen = {task: at - over[task] for (_, task), at in fired(airflow.home).items()}
    return [seen[name] for name in few], [seen[name] for name in names[ONE_BY_ONE:]]


def report(steady: Steady, one_by_one: list[float], at_once: list[float]) -> list[Row]:
    """The rows of the page."""
    calls = sum(steady.calls.values())
    each = ", ".join(f"{name} {rate:.2f}" for name, rate in steady.calls.items())
    seen = median(one_by_one)
    return [
        Row(
            f"{COUNT} jobs waited for in one triggerer: calls to AWS",
            f"{calls:.2f} a second",
            each,
            goal=f"SageMaker at most {CALLS_GOAL:.0f} a second",
            met=sum(rate for name, rate in steady.calls.items() if "sagemaker" in name) <= CALLS_GOAL,
        ),
        Row(
            "of them, a job read by itself (Describe)",
            f"every {COUNT / max(steady.calls['sagemaker Describe*'], 1e-9):.0f} s",
            goal="not oftener than every 30 s",
            met=steady.calls["sagemaker Describe*"] <= COUNT / 30,
        ),
        Row(
            "the triggerer's memory (PSS, its two processes)",
            f"{steady.pss:.0f} MB",
            f"with nothing to wait for {steady.idle_pss:.0f} MB; {steady.threads} threads, "
            f"{steady.core:.1%} of a core",
        ),
        Row(
            f"a job's end to its trigger's event, median of {len(one_by_one)} that end one by one",
            f"{seen:.2f} s",
            f"{len(at_once)} that end at once: median {median(at_once):.1f} s, the last {max(at_once):.1f} s",
            goal=f"at most {SEEN_GOAL} s",
            met=seen <= SEEN_GOAL,
        ),
    ]


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: It does not come true.
    """
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {SECONDS:.0f} s until {what}")
        time.sleep(LOOK)


def pss(airflow: Airflow) -> float:
    """Megabytes that the triggerer's processes hold, shared pages by their share."""
    found = 0
    for pid in in_sessions(airflow.sessions):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        found += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return found / 1024


def processor_seconds(airflow: Airflow) -> float:
    """Processor time that the triggerer's processes have used."""
    found = 0
    for pid in in_sessions(airflow.sessions):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        found += int(fields[11]) + int(fields[12])
    return found / TICKS


if __name__ == "__main__":
    for row in rows():
        print(row)
