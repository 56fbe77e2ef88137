"""The rows of the fault table that take Airflow a while to notice; `make faults` runs them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.airflow import Airflow
from tests.faults.jobs import doubles
from tests.faults.processes import is_alive
from tests.faults.rest import Refused
from tests.faults.steps import Jobs, started, waiting

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler, pytest.mark.soak]


def test_a_dead_scheduler_and_a_silent_api_server_cost_no_job(airflow: Airflow, jobs: Jobs) -> None:
    """
    F07 F08: kill -9 of the scheduler alone and of the API server; both come back; twins share one job.
    """
    staying, deferring = "one_staying", "one_deferring"
    first = airflow.trigger(staying, "scheduler-9")
    second = airflow.trigger(deferring, "scheduler-9-deferred")
    names = {
        first: started(airflow, jobs, staying, first),
        second: [waiting(airflow, jobs, deferring, second)],
    }
    worker = airflow.worker_of(staying, first, "fit")

    airflow.kill("scheduler", whole=False)
    airflow.kill("api-server")
    airflow.until(lambda: not is_alive(worker), "the worker gives up without an API server")
    airflow.restart("api-server")
    airflow.restart("scheduler")
    airflow.wait_task(staying, first, "fit", ["running"], tries=2)
    for run in names:
        airflow.open(run)

    assert "success" == airflow.wait(staying, first)
    assert "success" == airflow.wait(deferring, second)
    assert names == {run: [job.name for job in jobs(run)] for run in names}
    assert [] == [work for run in names for work in doubles(jobs(run))]


def test_a_zombie_and_its_retry_share_one_job(airflow: Airflow, jobs: Jobs) -> None:
    """
    F08: the task's process lives on without its supervisor; the retry runs beside it; one job.
    """
    run = airflow.trigger("one_staying", "zombie")
    names = started(airflow, jobs, "one_staying", run)

    zombie = airflow.kill_supervisor("one_staying", run, "fit")
    airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    twins = is_alive(zombie)
    airflow.open(run)

    assert twins
    assert "success" == airflow.wait("one_staying", run)
    assert names == [job.name for job in jobs(run)]
    airflow.until(lambda: not is_alive(zombie), "the zombie ends by itself")


def test_a_run_that_is_triggered_twice_is_one_run(airflow: Airflow, jobs: Jobs) -> None:
    """
    F17: the second trigger with the same run id is refused.
    """
    run = airflow.trigger("one_staying", "twice")
    with pytest.raises(Refused, match="HTTP 409"):
        airflow.trigger("one_staying", "twice")
    airflow.open(run)

    assert "success" == airflow.wait("one_staying", run)
    assert 1 == len(jobs(run))


def test_a_config_that_is_edited_during_a_run_stops_the_run(airflow: Airflow, jobs: Jobs) -> None:
    """
    F21: the next task refuses before it starts anything; a clear goes on with the new file.
    """
    dag, file = "folds_staying", airflow.project / "infra" / "held" / "cross_validation.yaml"
    text = file.read_text()
    run = airflow.trigger(dag, "edited", {"k": 1})
    started(airflow, jobs, dag, run)
    try:
        file.write_text(text.replace("volume: 1 GiB", "volume: 2 GiB"))
        airflow.open(run)
        assert "failed" == airflow.wait(dag, run)
        assert 1 == len(jobs(run))
        assert "changed while run edited was under way" in airflow.log(dag, run, "final")

        airflow.clear(dag, run, "final")
        airflow.wait_task(dag, run, "final", ["success"], tries=2)
        assert "success" == airflow.wait(dag, run)
    finally:
        file.write_text(text)


def test_a_lost_memory_costs_no_job(airflow: Airflow, jobs: Jobs, s3: Any) -> None:
    """
    F22: what the run has written down is deleted while it waits; the next try computes the same name.
    """
    run = airflow.trigger("one_staying", "forgetful")
    names = started(airflow, jobs, "one_staying", run)
    found = s3.list_objects_v2(Bucket="foldline-local", Prefix="held/").get("Contents", [])
    memories = [{"Key": item["Key"]} for item in found if f"{run}/" in item["Key"]]
    assert memories
    s3.delete_objects(Bucket="foldline-local", Delete={"Objects": memories})

    airflow.kill_worker("one_staying", run, "fit")
    airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    airflow.open(run)

    assert "success" == airflow.wait("one_staying", run)
    assert names == [job.name for job in jobs(run)]
