"""Many mapped folds, one of them bad: eight in every test run, hundreds by `make faults`."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from typing import Any

import pytest

from tests.faults.airflow import Airflow
from tests.faults.jobs import doubles
from tests.faults.rest import quoted
from tests.faults.rules import Faults
from tests.faults.steps import Jobs

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler]
DAG = "folds_deferring"
FOLDS = int(os.environ.get("FAULTS_FOLDS", "200"))
"""All must wait before the first held job gives up, which is after 15 minutes."""
STEADY_SECONDS = 60.0
PAGE = 100


def states(airflow: Airflow, run: str) -> Counter[str]:
    """How many of the folds are in which state; the API gives a hundred a page."""
    found: Counter[str] = Counter()
    path = f"dags/{quoted(DAG)}/dagRuns/{quoted(run)}/taskInstances/fit/listMapped"
    total = PAGE
    for offset in range(0, 10 * FOLDS, PAGE):
        if offset >= total:
            break
        page = airflow.rest.get(f"{path}?limit={PAGE}&offset={offset}")
        total = page["total_entries"]
        found.update(str(task["state"]) for task in page["task_instances"])
    return found


def all_deferred(airflow: Airflow, run: str, folds: int) -> None:
    """Return when every fold waits in the triggerer; no worker slot is held then."""
    seconds = 120 + 4.0 * folds
    airflow.until(lambda: states(airflow, run)["deferred"] == folds, "all folds are deferred", seconds)
    pool = airflow.rest.get("pools/default_pool")
    assert 0 == pool["running_slots"] + pool["queued_slots"]


def one_bad_of(airflow: Airflow, jobs: Jobs, run: str, folds: int) -> None:
    """Let one fold fail and the others succeed, then clear the failed one alone."""
    seconds = 120 + 4.0 * folds
    airflow.open(run, "fit", 1, word="no")
    airflow.open(run)
    assert "failed" == airflow.wait(DAG, run, seconds=seconds)
    assert {"success": folds - 1, "failed": 1} == states(airflow, run)
    assert folds == len(jobs(run))

    airflow.open(run, "fit", 1)
    airflow.clear(DAG, run, "fit", 1)
    airflow.clear(DAG, run, "final")

    airflow.wait_task(DAG, run, "final", ["success"], seconds=seconds)
    done = jobs(run)
    assert {"fit": folds + 1, "final": 1} == Counter(job.task[0] for job in done)
    assert [] == doubles(done)


def test_one_bad_of_eight_folds_is_run_again_alone(airflow: Airflow, jobs: Jobs) -> None:
    """
    The others are kept: nine jobs for eight folds; while they waited no worker slot was held.
    """
    run = airflow.trigger(DAG, "scale-short", {"k": 8})
    all_deferred(airflow, run, 8)

    one_bad_of(airflow, jobs, run, 8)


@pytest.mark.soak
def test_one_bad_of_hundreds_of_folds_is_run_again_alone(
    airflow: Airflow, jobs: Jobs, faults: Faults
) -> None:
    """
    The same with FAULTS_FOLDS of them; in steady state each is read by itself at most once in 30 s.
    """
    began = time.monotonic()
    run = airflow.trigger(DAG, "scale", {"k": FOLDS})
    all_deferred(airflow, run, FOLDS)
    figures: dict[str, Any] = {"folds": FOLDS, "seconds until all waited": time.monotonic() - began}
    with (
        faults.rule(effect="delay", seconds=0, operation="DescribeTrainingJob") as described,
        faults.rule(effect="delay", seconds=0, operation="ListTrainingJobs") as listed,
    ):
        time.sleep(STEADY_SECONDS)  # a span of its own is what is measured
        figures |= {"describes": described(), "lists": listed()}

    assert figures["describes"] <= FOLDS * STEADY_SECONDS / 30
    one_bad_of(airflow, jobs, run, FOLDS)
    figures["seconds in all"] = time.monotonic() - began
    print(json.dumps(figures, indent=2))
