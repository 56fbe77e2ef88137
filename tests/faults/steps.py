"""What several tests do with a run of held jobs before they strike."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.airflow import Airflow
from tests.faults.jobs import Job

Jobs = Callable[[str], list[Job]]


def started(airflow: Airflow, jobs: Jobs, dag: str, run: str, count: int = 1) -> list[str]:
    """Names of a run's jobs under way, once there are ``count``."""

    def names() -> list[str] | None:
        found = [job.name for job in jobs(run) if job.status == "InProgress"]
        return found if len(found) >= count else None

    return airflow.until(names, f"{count} jobs of {run} run", during=(dag, run))


def waiting(airflow: Airflow, jobs: Jobs, dag: str, run: str) -> str:
    """The job of a one-job run whose task waits in the triggerer."""
    (name,) = started(airflow, jobs, dag, run)
    airflow.wait_task(dag, run, "fit", ["deferred"])
    airflow.until(lambda: airflow.triggerers(dag, run, "fit"), "the triggerer has it", during=(dag, run))
    return name
