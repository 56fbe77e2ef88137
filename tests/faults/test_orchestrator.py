"""Airflow's processes die; jobs do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.airflow import Airflow
from tests.faults.jobs import Job

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler]
Jobs = Callable[[str], list[Job]]


def test_a_worker_killed_while_it_waits_leaves_one_job(airflow: Airflow, jobs: Jobs) -> None:
    """
    F05: kill -9 of a waiting worker: the next try adopts the running job and finishes with it.
    """
    run = airflow.trigger("one_staying", "worker-9")
    airflow.until(lambda: jobs(run), "a job was created", during=("one_staying", run))

    airflow.kill_worker("one_staying", run, "fit")
    airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    airflow.open(run)

    assert "success" == airflow.wait("one_staying", run)
    assert ["Completed"] == [job.status for job in jobs(run)]
    assert airflow.result("one_staying", run, "fit")["adopted"]
