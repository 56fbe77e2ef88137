"""F16: a DAG run that is deleted while its job runs; nobody is left who waits for it, so the reaper stops it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from foldline.aws import Clients
from foldline.cli.reap import CommandRuns
from foldline.environment import environment
from foldline.reaper import Reaper
from foldline.reaping import Limits
from foldline.remote.calls import SystemClock
from tests.faults.airflow import Airflow
from tests.faults.jobs import Job
from tests.faults.steps import started

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler, pytest.mark.soak]
DAG = "one_staying"
AT_ONCE = Limits(grace=-5.0, staging=1e9, upload=1e9)
"""AWS's clock tells whole seconds, so what was made a moment ago may seem to be of the future."""


def test_the_reaper_stops_the_job_of_a_deleted_run(
    airflow: Airflow, jobs: Callable[[str], list[Job]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The scheduler's machine is lost with its workers, and one of two runs is deleted: its job runs on unseen
    until the reaper asks Airflow for the run. The other run's job is let be, and adopted afterwards.
    """
    runs = [airflow.trigger(DAG, word) for word in ("deleted", "kept")]
    names = [started(airflow, jobs, DAG, run)[0] for run in runs]
    airflow.kill("scheduler")
    airflow.rest.ask("PATCH", f"dags/{DAG}/dagRuns/deleted", {"state": "failed"})
    airflow.delete_run(DAG, "deleted")
    assert ["InProgress"] * 2 == [job.status for run in runs for job in jobs(run)]
    for name, value in airflow.variables.items():
        monkeypatch.setenv(name, value)
    settings = environment()
    reaper = Reaper(
        settings,
        Clients(settings),
        SystemClock(60.0),
        CommandRuns(airflow.variables),
        AT_ONCE,
        pause=0.0,
        root=airflow.project,
    )

    found = [verdict for verdict in reaper.found() if verdict.name in names]
    assert [(names[0], "stop")] == [(verdict.name, verdict.action) for verdict in found]
    reaper.apply(found)

    airflow.until(lambda: jobs("deleted")[0].status == "Stopped", "the deleted run's job is stopped")
    airflow.restart("scheduler")
    airflow.open("kept")
    assert "success" == airflow.wait(DAG, "kept")
    assert [names[1]] == [job.name for job in jobs("kept")]
