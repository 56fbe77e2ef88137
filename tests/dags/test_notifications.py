"""Who is told of a run, and what."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from foldline.errors import ConfigError, EnvironmentFault
from foldline.notices import Notice
from foldline.remote.calls import SystemClock
from foldline.remote.notify import post, webhook_url
from operators.notifications import SlackNotifier, SnsNotifier
from tests.dags.observedbed import SECRET, TOPIC, Slack
from tests.dags.observedruns import Runs

pytestmark = pytest.mark.xdist_group("observed")


def test_a_failed_run_is_told_once_on_each_way(runs: Runs) -> None:
    """
    One message through SNS to the queue that listens, one post to Slack: no task of the run told anything itself.
    """
    assert ["observed failed at ingest (local)"] == [message["Subject"] for message in runs.bad.sns]
    assert ["observed failed at ingest (local)"] == [body["text"] for body in runs.bad.slack]


def test_no_task_tells_anything_itself(here: Runs) -> None:
    """
    Three receivers hang on the DAG and none on a task, so what a task tries again is told to nobody.
    """
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(str(here.bed.root / "dags")).dags["observed"]

    assert 3 == len(dag.on_failure_callback)
    assert 1 == len(dag.on_success_callback)
    for task in dag.tasks:
        assert not task.on_failure_callback
        assert not task.on_retry_callback


def test_the_message_says_what_where_how_to_mend_and_where_to_look(runs: Runs) -> None:
    """
    The error of the task that failed, from its record, with the report and the run in Airflow.
    """
    (message,) = runs.bad.sns
    text = message["Message"]

    assert "the query of step 'ingest' gives no rows" in text
    assert "  where   infra/observed/ingest.sql" in text
    assert "  mend    widen `parameters`" in text
    assert "/report.html" in text
    assert "airflow: http://airflow.example:8080/dags/observed/runs/manual__" in text
    assert len(text) < 2_000
    assert {"event": "failure", "pipeline": "observed", "environment": "local"} == {
        key: value["Value"] for key, value in message["MessageAttributes"].items()
    }


def test_a_success_is_told_to_those_who_asked_for_it(runs: Runs) -> None:
    """
    `success` names Slack only.
    """
    assert ["observed succeeded (patient)"] == [body["text"] for body in runs.good.slack]
    assert [] == runs.good.sns


def test_a_receiver_that_is_not_there_fails_neither_the_run_nor_the_others(runs: Runs) -> None:
    """
    The topic nobody made is a warning in the log; the run's state is its own.
    """
    assert "success" == runs.good.state
    assert "nobody was told of the failure of observed" in runs.bad.log
    assert "Callback failed" not in runs.bad.log


def test_the_webhook_stands_in_no_log(runs: Runs) -> None:
    """
    It is a secret: who has it may post.
    """
    assert SECRET not in runs.good.log + runs.bad.log


@pytest.fixture
def slack() -> Any:
    """A Slack of the test's own."""
    made = Slack()
    yield made
    made.server.shutdown()


NOTICE = Notice(
    "failure", "flights", "prod", "run-1", "fit", "it failed <!channel> & more", {"log": "http://x?a=1"}
)


def test_slack_is_tried_again_while_it_is_busy(slack: Slack) -> None:
    """
    429 and 503 pass; the message then arrives once.
    """
    slack.answers += [429, 503]

    post(slack.url, SystemClock(10), NOTICE)

    assert ["flights failed at fit (prod)"] == [body["text"] for body in slack.bodies]
    assert 3 == len(slack.paths)


def test_a_webhook_that_was_revoked_is_an_error_without_its_secret(slack: Slack) -> None:
    """
    A 404 does not pass, so it is not tried again; the error names the host only.
    """
    slack.answers += [404]

    with pytest.raises(EnvironmentFault) as caught:
        post(slack.url, SystemClock(10), NOTICE)

    assert "no_service" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert 1 == len(slack.paths)


def test_what_a_task_wrote_means_nothing_to_slack() -> None:
    """
    A log line can neither call the whole channel nor plant a link.
    """
    assert "&lt;!channel&gt; &amp; more" in json.dumps(NOTICE.slack)
    assert "<!channel>" not in json.dumps(NOTICE.slack)


@pytest.mark.parametrize(
    ("members", "url"),
    [
        ((None, None, "T0/B0/x"), "https://hooks.slack.com/services/T0/B0/x"),
        (("hooks.slack.com/services", "https", "/T0/B0/x"), "https://hooks.slack.com/services/T0/B0/x"),
        (("https://proxy.example/slack", None, "T0/B0/x"), "https://proxy.example/slack/T0/B0/x"),
        (
            (None, None, "https://hooks.slack.com/services/T0/B0/x"),
            "https://hooks.slack.com/services/T0/B0/x",
        ),
    ],
)
def test_a_connection_is_read_as_airflows_slack_provider_reads_it(members: tuple[Any, ...], url: str) -> None:
    """
    A connection that works there works here.
    """
    assert url == webhook_url(*members)


@pytest.mark.parametrize("secret", [None, "http://hooks.slack.com/services/T0/B0/x"])
def test_a_connection_without_a_safe_webhook_is_refused(secret: str | None) -> None:
    """
    None, or one that would send its secret in the clear.
    """
    with pytest.raises(ConfigError):
        webhook_url(None, None, secret)


@pytest.fixture
def here(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """This process as a worker of the observed project."""
    for name, value in runs.bed.variables.items():
        if name.startswith(("AWS_", "FOLDLINE_", "AIRFLOW_CONN")) or name == "AIRFLOW__API__BASE_URL":
            monkeypatch.setenv(name, value)
    del runs.bed.slack.bodies[:]
    return runs


def waiting_task(runs: Runs) -> dict[str, Any]:
    """The context of a task that waits for a person, as far as a notifier reads it."""
    ti = SimpleNamespace(task_id="approve", map_index=-1)
    return {"run_id": runs.good.run_id, "ti": ti, "dag": SimpleNamespace(dag_id="observed")}


def test_a_task_that_waits_for_a_person_tells_where_to_decide(here: Runs) -> None:
    """
    Airflow's approval operator calls its notifiers before it waits: the link opens the decision.
    """
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    from operators.pipeline import pipeline

    approve = ApprovalOperator(
        task_id="approve", subject="Deploy it?", notifiers=pipeline("observed").notifiers("approval")
    )
    for notifier in approve.notifiers:
        notifier(waiting_task(here))

    (body,) = here.bed.slack.bodies
    assert "observed waits for approval at approve (local)" == body["text"]
    assert "/tasks/approve/required_actions" in json.dumps(body)


def test_a_deadline_can_tell_too(here: Runs) -> None:
    """
    The triggerer awaits a notifier; the same message goes out.
    """
    notifier = SnsNotifier(event="failure", pipeline="observed", topic=TOPIC)

    asyncio.run(notifier.async_notify(waiting_task(here)))

    assert ["observed failed at approve (local)"] == [message["Subject"] for message in here.bed.messages()]


def test_a_broken_pipeline_file_fails_no_callback(
    here: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A message needs the pipeline's files; without them there is a warning, and nothing is raised.
    """
    (tmp_path / "infra").mkdir()
    monkeypatch.setenv("FOLDLINE_ROOT", str(tmp_path))
    notifier = SlackNotifier(event="failure", pipeline="observed", conn_id="slack_observed")

    with caplog.at_level(logging.WARNING, "operators.notifications"):
        notifier(waiting_task(here))

    assert "nobody was told of the failure of observed" in caplog.text
    assert [] == here.bed.slack.bodies
