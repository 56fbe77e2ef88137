"""Who may stop a job: a user who ends its task may, a machine that takes its worker may not."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.faults.airflow import Airflow
from tests.faults.jobs import Job

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler]
Jobs = Callable[[str], list[Job]]


def waiting(airflow: Airflow, jobs: Jobs, dag: str, run: str) -> str:
    """A run whose task waits for its running job: in its worker, or in the triggerer."""
    airflow.trigger(dag, run)
    airflow.until(lambda: jobs(run), "a job was created", during=(dag, run))
    if dag.endswith("staying"):
        airflow.wait_task(dag, run, "fit", ["running"])
    else:
        airflow.until(lambda: "starting" in airflow.log(dag, run, "fit"), "the triggerer waits")
    return run


@pytest.mark.parametrize("dag", ["one_staying", "one_deferring"])
@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_task_that_a_user_ends_stops_its_job(airflow: Airflow, jobs: Jobs, dag: str, state: str) -> None:
    """
    F15: marked as failed or as success while its job runs, the job is stopped and none is started.
    """
    run = waiting(airflow, jobs, dag, f"{dag}-marked-{state}")

    airflow.mark(dag, run, "fit", state)
    airflow.until(lambda: "Stopped" == jobs(run)[0].status, "the job is stopped")

    assert state == airflow.wait(dag, run)
    assert ["Stopped"] == [job.status for job in jobs(run)]


@pytest.mark.parametrize("dag", ["one_staying", "one_deferring"])
def test_a_task_that_is_cleared_while_it_runs_stops_its_job(airflow: Airflow, jobs: Jobs, dag: str) -> None:
    """
    F15: the old job is stopped, and one of the next epoch does the work.
    """
    run = waiting(airflow, jobs, dag, f"{dag}-cleared")

    airflow.clear(dag, run, "fit")
    airflow.until(lambda: len(jobs(run)) > 1, "a job of the next epoch was created")
    airflow.until(lambda: "Stopped" == jobs(run)[0].status, "the old job is stopped")
    airflow.open(run)

    assert "success" == airflow.wait(dag, run)
    assert ["Stopped", "Completed"] == [job.status for job in jobs(run)]
    assert 2 == len({job.epoch for job in jobs(run)})


def test_an_evicted_worker_leaves_its_job_running(airflow: Airflow, jobs: Jobs) -> None:
    """
    F06: SIGTERM to a worker whose task Airflow still calls running stops nothing; the next try adopts.
    """
    run = waiting(airflow, jobs, "one_staying", "evicted")

    airflow.kill_worker("one_staying", run, "fit", number=signal.SIGTERM)
    airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    assert ["InProgress"] == [job.status for job in jobs(run)]
    airflow.open(run)

    assert "success" == airflow.wait("one_staying", run)
    assert ["Completed"] == [job.status for job in jobs(run)]
    assert airflow.result("one_staying", run, "fit")["adopted"]


@pytest.mark.parametrize("dag", ["one_staying", "one_deferring"])
def test_a_jobs_log_stands_in_the_tasks_log_once(airflow: Airflow, jobs: Jobs, dag: str) -> None:
    """
    What the job prints is passed on while it runs, drained when it ends, and never printed twice.
    """
    run = waiting(airflow, jobs, dag, f"{dag}-log")
    airflow.open(run)

    assert "success" == airflow.wait(dag, run)
    assert 1 == airflow.log(dag, run, "fit").count(f"[{jobs(run)[0].name}] gate: ok")
