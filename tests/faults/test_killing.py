"""Who may stop a job: a user who ends its task may, a machine that takes its worker may not."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from airflow.triggers.base import BaseTrigger

from tests.faults.airflow import Airflow
from tests.faults.jobs import Job

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler]
Jobs = Callable[[str], list[Job]]
WAYS = ("one_staying", "one_deferring")
TOLD = WAYS if hasattr(BaseTrigger, "on_kill") else WAYS[:1]
"""Before Airflow 3.3 a trigger is not told that its task was marked: the reaper stops its job."""


def wait_in(airflow: Airflow, jobs: Jobs, dag: str, run: str) -> str:
    """The run, once its task waits for its running job: in its worker, or in the triggerer."""
    airflow.until(lambda: jobs(run), "a job was created", during=(dag, run))
    if dag == "one_staying":
        airflow.wait_task(dag, run, "fit", ["running"])
    else:
        airflow.until(lambda: "starting" in airflow.log(dag, run, "fit"), "the triggerer waits")
    return run


def statuses(jobs: Jobs, run: str) -> list[str]:
    """What became of a run's jobs."""
    return [job.status for job in jobs(run)]


def test_a_user_who_ends_or_clears_a_task_stops_its_job(airflow: Airflow, jobs: Jobs) -> None:
    """
    F15: in a worker and in the triggerer; after a clear a job of the next epoch does the work.
    """
    marked = {dag: airflow.trigger(dag, f"{dag}-marked") for dag in TOLD}
    cleared = {dag: airflow.trigger(dag, f"{dag}-cleared") for dag in WAYS}
    for dag, run in marked.items():
        airflow.mark(dag, wait_in(airflow, jobs, dag, run), "fit", "failed")
    for dag in WAYS:
        airflow.clear(dag, wait_in(airflow, jobs, dag, cleared[dag]), "fit")

    for dag, run in marked.items():
        airflow.until(lambda run=run: "Stopped" == statuses(jobs, run)[0], f"the job of {run} is stopped")
        assert "failed" == airflow.wait(dag, run)
        assert ["Stopped"] == statuses(jobs, run)
    for dag, run in cleared.items():
        airflow.until(lambda run=run: 1 < len(jobs(run)), f"{run} has a job of the next epoch")
        airflow.until(lambda run=run: "Stopped" == statuses(jobs, run)[0], f"the old job of {run} is stopped")
        airflow.open(run)
        assert "success" == airflow.wait(dag, run)
        assert ["Stopped", "Completed"] == statuses(jobs, run)
        assert 2 == len({job.epoch for job in jobs(run)})


@pytest.mark.soak
@pytest.mark.parametrize("dag", TOLD)
def test_a_task_marked_as_a_success_stops_its_job(airflow: Airflow, jobs: Jobs, dag: str) -> None:
    """
    F15: who says that the result is not needed pays for nothing more.
    """
    run = wait_in(airflow, jobs, dag, airflow.trigger(dag, f"{dag}-not-needed"))

    airflow.mark(dag, run, "fit", "success")

    airflow.until(lambda: ["Stopped"] == statuses(jobs, run), "the job is stopped")
    assert "success" == airflow.wait(dag, run)


@pytest.mark.soak
def test_an_evicted_worker_leaves_its_job_running(airflow: Airflow, jobs: Jobs) -> None:
    """
    F06: SIGTERM to a worker whose task Airflow still calls running stops nothing; the next try adopts.
    """
    run = wait_in(airflow, jobs, "one_staying", airflow.trigger("one_staying", "evicted"))

    airflow.kill_worker("one_staying", run, "fit", number=signal.SIGTERM)
    airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    assert ["InProgress"] == statuses(jobs, run)
    airflow.open(run)

    assert "success" == airflow.wait("one_staying", run)
    assert ["Completed"] == statuses(jobs, run)
    assert airflow.result("one_staying", run, "fit")["adopted"]
    assert "Airflow says the task is running" in airflow.log("one_staying", run, "fit")


@pytest.mark.soak
@pytest.mark.parametrize("dag", WAYS)
def test_a_jobs_log_stands_in_the_tasks_log_once(airflow: Airflow, jobs: Jobs, dag: str) -> None:
    """
    What the job prints is passed on while it runs, drained when it ends, and never printed twice.
    """
    run = wait_in(airflow, jobs, dag, airflow.trigger(dag, f"{dag}-log"))
    airflow.open(run)

    assert "success" == airflow.wait(dag, run)
    assert 1 == airflow.log(dag, run, "fit").count(f"[{jobs(run)[0].name}] gate: ok")


@pytest.mark.soak
def test_a_fold_that_a_user_ends_stops_its_own_job_only(airflow: Airflow, jobs: Jobs) -> None:
    """
    F15: of three mapped tasks one is marked as failed; the jobs of the others run on to their end.
    """
    run = airflow.trigger("folds_staying", "one-fold-marked")
    airflow.until(lambda: 3 == len(jobs(run)), "each fold has a job", during=("folds_staying", run))
    airflow.wait_task("folds_staying", run, "fit", ["running"], 1)

    airflow.mark("folds_staying", run, "fit", "failed", 1)
    airflow.until(lambda: "Stopped" in statuses(jobs, run), "the job of the fold is stopped")

    assert {0: "InProgress", 1: "Stopped", 2: "InProgress"} == {job.task[1]: job.status for job in jobs(run)}
    airflow.open(run)
    assert "failed" == airflow.wait("folds_staying", run)
