"""The observed project under all of Airflow's processes: callbacks run in the dag processor, assets start DAGs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dags.observedbed import ObservedBed
from tests.faults.airflow import Airflow

pytestmark = [pytest.mark.xdist_group("observed"), pytest.mark.scheduler, pytest.mark.soak]


@pytest.fixture(scope="module")
def bed(endpoint: Any, connect: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> ObservedBed:
    """The project, its endpoint, its Slack and its SNS subscription."""
    made = ObservedBed(
        tmp_path_factory.mktemp("scheduled"), endpoint.url, lambda service: connect(endpoint, service)
    )
    made.prepare()
    return made


@pytest.fixture(scope="module")
def airflow(bed: ObservedBed) -> Iterator[Airflow]:
    """Scheduler, dag processor, triggerer and API server."""
    home: Path = bed.root / "airflow"
    made = Airflow(home, bed.root, bed.variables)
    try:
        made.start(["observed", "follower"])
        yield made
    finally:
        made.stop()


def runs_of(airflow: Airflow, dag: str) -> list[dict[str, Any]]:
    return list(airflow.rest.get(f"dags/{dag}/dagRuns")["dag_runs"])


def test_a_dag_that_waits_for_features_runs_when_they_are_there(airflow: Airflow, bed: ObservedBed) -> None:
    """
    `follower` is started by the scheduler, once, and reads from the event which run made what.
    """
    airflow.trigger("observed", "good")
    assert "success" == airflow.wait("observed", "good")
    airflow.until(lambda: runs_of(airflow, "follower"), "the follower is started")

    (run,) = runs_of(airflow, "follower")
    assert "success" == airflow.wait("follower", run["dag_run_id"])
    assert "asset_triggered" == run["run_type"]
    (extra,) = airflow.result("follower", run["dag_run_id"], "look")
    assert ("good", 2, 40) == (extra["run"], extra["k"], extra["rows"])


def test_the_api_gives_a_task_its_buttons(airflow: Airflow) -> None:
    """
    What the UI shows comes from this answer.
    """
    found = airflow.rest.get("dags/observed/dagRuns/good/taskInstances/preprocessing/links")

    links = found["extra_links"]
    assert {"Job", "Job log", "Artifacts", "Report"} == set(links)
    assert "/jobs/processing/preprocessing-" in links["Job"]


def test_the_dag_processor_tells_of_a_failed_run_once(airflow: Airflow, bed: ObservedBed) -> None:
    """
    The callback runs after the last task, with the record of the one that failed.
    """
    bed.messages()
    airflow.trigger("observed", "bad", {"since": 1000})
    assert "failed" == airflow.wait("observed", "bad")
    airflow.until(lambda: len(bed.slack.bodies) > 1, "Slack is told of the failure")

    assert ["observed succeeded (local)", "observed failed at ingest (local)"] == [
        body["text"] for body in bed.slack.bodies
    ]
    (message,) = bed.messages()
    assert "mend    widen `parameters`" in message["Message"]
