"""The buttons of a task in Airflow's UI."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from foldline.waiting import Suspended, Watch
from operators.links import ArtifactsLink, JobLink, LinkedWaits, LogLink, ReportLink, StepLink
from tests.dags.observedruns import Runs

pytestmark = pytest.mark.xdist_group("observed")
LINKS = {"Job", "Job log", "Artifacts", "Report"}


def links_of(runs: Runs, run_id: str) -> dict[tuple[str, str], str]:
    """Addresses by task and XCom key, as Airflow's database holds them."""
    with runs.bed.database() as database:
        rows = database.execute(
            "SELECT task_id, key, value FROM xcom WHERE run_id = ? AND key LIKE '_link%'", (run_id,)
        ).fetchall()
    return {(task, key): json.loads(value) for task, key, value in rows}


def test_every_address_of_a_run_is_a_page_that_is_there(runs: Runs) -> None:
    """
    What a person would click answers: jobs, queries, logs, folders, the report.
    """
    found = {address for address in links_of(runs, runs.good.run_id).values() if address}

    assert len(found) >= 8
    for address in found:
        with urllib.request.urlopen(address) as answer:
            assert 200 == answer.status
            assert "Not there" not in answer.read().decode()


def test_a_job_that_was_waited_for_in_the_triggerer_has_its_page_and_its_log(runs: Runs) -> None:
    """
    The deferred step's button names its processing job, and its log's page holds that job's stream only.
    """
    links = links_of(runs, runs.good.run_id)
    job = links["preprocessing", JobLink.xcom_key]

    assert "/jobs/processing/preprocessing-" in job
    name = job.rpartition("/")[2]
    with urllib.request.urlopen(links["preprocessing", LogLink.xcom_key]) as answer:
        page = answer.read().decode()
    assert f"{name}/" in page


def test_a_failed_task_leads_to_its_query_and_the_report(runs: Runs) -> None:
    """
    A failure is when a person looks.
    """
    links = links_of(runs, runs.bad.run_id)

    assert "/queries/" in links["ingest", JobLink.xcom_key]
    assert links["ingest", ReportLink.xcom_key].endswith("/report.html")


def test_artifacts_are_what_the_task_wrote(runs: Runs) -> None:
    """
    The button of the preprocessing opens the folds, not the run's whole folder.
    """
    assert links_of(runs, runs.good.run_id)["preprocessing", ArtifactsLink.xcom_key].endswith("/folds/")


def test_the_stored_dag_knows_the_buttons(runs: Runs) -> None:
    """
    The UI shows a button only when the DAG in Airflow's database names it and its XCom key.
    """
    with runs.bed.database() as database:
        (data,) = database.execute(
            "SELECT data FROM serialized_dag WHERE dag_id = 'observed' ORDER BY created_at DESC"
        ).fetchone()
    tasks = [task["__var"] for task in json.loads(data)["dag"]["tasks"]]

    assert {"catalogue", "ingest", "preprocessing", "report"} == {task["task_id"] for task in tasks}
    for task in tasks:
        assert set(task["_operator_extra_links"]) == LINKS


class Waiting:
    """A way of waiting that lets go at once, and remembers what was pushed by then."""

    def __init__(self, ti: Any) -> None:
        self.ti = ti
        self.pushed: list[dict[str, str]] = []

    def pause(self, seconds: float, watch: Watch) -> None:
        self.pushed.append(dict(self.ti.xcom))
        raise Suspended(watch)


def task_instance(fails: bool = False) -> Any:
    """What a worker pushes to."""
    ti = SimpleNamespace(xcom={})

    def push(key: str, value: str) -> None:
        if fails:
            raise ConnectionError("the API server is away")
        ti.xcom[key] = value

    ti.xcom_push = push
    return ti


def waits_of(ti: Any, waits: Any) -> LinkedWaits:
    from foldline.environment import environment
    from foldline.layout import RunLayout

    local = environment("dev", Path(__file__).parents[2])
    run: Any = SimpleNamespace(
        pipeline=SimpleNamespace(environment=local), layout=RunLayout("bucket", "flights", "run"), jobs=[]
    )
    return LinkedWaits(waits, run, ti)


@pytest.fixture(autouse=True)
def no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses are AWS's unless an environment says otherwise."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def test_a_task_has_its_buttons_before_it_is_handed_to_the_triggerer() -> None:
    """
    A job may run for days; its page must not come only when it is over.
    """
    ti = task_instance()
    waits = Waiting(ti)

    with pytest.raises(Suspended):
        waits_of(ti, waits).pause(30, Watch("training", ("flights-fit-1",), 60))

    (pushed,) = waits.pushed
    assert pushed[JobLink.xcom_key].endswith("#/jobs/flights-fit-1")
    assert "eu-west-1.console.aws.amazon.com" in pushed[LogLink.xcom_key]


def test_a_look_at_the_same_jobs_pushes_nothing_again() -> None:
    """
    Each push is a call to Airflow's API.
    """
    ti = task_instance()
    waits = waits_of(ti, SimpleNamespace(pause=lambda seconds, watch: None))
    waits.pause(1, Watch("training", ("a-job",), 60))
    ti.xcom.clear()

    waits.pause(1, Watch("training", ("a-job",), 60))

    assert {} == ti.xcom


def test_a_button_that_cannot_be_pushed_fails_no_run() -> None:
    """
    The job is paid for; Airflow's own push at the end of the try gives the address all the same.
    """
    waits = waits_of(task_instance(fails=True), SimpleNamespace(pause=lambda seconds, watch: None))

    waits.pause(1, Watch("training", ("a-job",), 60))

    operator = SimpleNamespace(link_addresses=waits.addresses)
    assert StepLink.get_link(JobLink(), operator, ti_key=None).endswith("#/jobs/a-job")
