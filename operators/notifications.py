"""Tells people by SNS or Slack that a run failed or succeeded, or that a task waits for them.

A DAG's callbacks run once per run, in Airflow's dag processor, so a task's retries tell nobody. What is said
comes from the records that the tasks left in S3. Slack takes one plain POST, so no Slack library is needed.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from airflow.configuration import conf
from airflow.sdk import BaseNotifier, Connection

from foldline.aws import Clients, Door, endpoint_url
from foldline.config import Pipeline, load_pipeline
from foldline.consoles import pages
from foldline.layout import RunLayout, S3Uri
from foldline.notices import Event, Notice
from foldline.remote.calls import SystemClock, call
from foldline.remote.notify import post, publish, webhook_url
from foldline.report.verdict import verdict
from foldline.runs import RunRecord, TaskRecord
from foldline.steps.settings import Receiver
from operators.sessions import airflow_session

log = logging.getLogger(__name__)
PATIENCE = 15.0
"""Seconds for one message: callbacks share the time Airflow gives to a DAG file."""


class StepNotifier(BaseNotifier):
    """Tells one receiver of one kind of event.

    Fits wherever Airflow takes a notifier: callbacks of a DAG, ``notifiers=`` of its human-in-the-loop
    operators, deadlines. A message that cannot be sent is logged; it never fails a run.

    Args:
        event: What has happened when this is called.
        pipeline: Name of the pipeline.
    """

    def __init__(self, *, event: Event, pipeline: str) -> None:
        super().__init__()
        self.event: Event = event
        self.pipeline = pipeline

    @abstractmethod
    def send(self, notice: Notice, pipeline: Pipeline) -> None:
        """Send it."""

    def notify(self, context: Any) -> None:
        """Tell the receiver; called by Airflow."""
        try:
            pipeline = load_pipeline(self.pipeline)
            self.send(notice(self.event, pipeline, context), pipeline)
        except Exception as error:
            # Whatever went wrong with the message, the run is as it is.
            log.warning("nobody was told of the %s of %s: %s", self.event, self.pipeline, error)

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Nothing is a template; Airflow's own way fails with the stored DAG that `dag.test()` hands over."""

    async def async_notify(self, context: Any) -> None:
        """Tell the receiver from Airflow's triggerer; called by Airflow for deadlines."""
        await asyncio.to_thread(self.notify, context)


class SnsNotifier(StepNotifier):
    """Publishes to an SNS topic.

    Args:
        topic: Its ARN; it may lie in another region.
        **kwargs: See :class:`StepNotifier`.
    """

    def __init__(self, *, topic: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.topic = topic

    def send(self, notice: Notice, pipeline: Pipeline) -> None:
        """Publish it."""
        clients = clients_of(pipeline, region=self.topic.split(":")[3])
        publish(clients.client("sns"), SystemClock(PATIENCE), self.topic, notice)


class SlackNotifier(StepNotifier):
    """Posts to a Slack webhook.

    Args:
        conn_id: Airflow connection of type ``slackwebhook``; the webhook is its password.
        **kwargs: See :class:`StepNotifier`.
    """

    def __init__(self, *, conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id

    def send(self, notice: Notice, pipeline: Pipeline) -> None:
        """Post it."""
        found = Connection.get(self.conn_id)
        post(webhook_url(found.host, found.schema, found.password), SystemClock(PATIENCE), notice)


def notifiers(event: Event, pipeline: str, receivers: Iterable[Receiver]) -> list[StepNotifier]:
    """One notifier per receiver."""
    return [
        SnsNotifier(topic=receiver.sns, event=event, pipeline=pipeline)
        if receiver.sns is not None
        else SlackNotifier(conn_id=str(receiver.slack), event=event, pipeline=pipeline)
        for receiver in receivers
    ]


def clients_of(pipeline: Pipeline, region: str | None = None) -> Clients:
    """boto3 clients of a pipeline's environment, in its region or another one."""
    environment = pipeline.environment
    region = region or environment.region
    door = Door(environment.name, environment.account, region, endpoint_url(environment))
    return Clients(door, airflow_session(environment.aws_conn_id, region))


def notice(event: Event, pipeline: Pipeline, context: Any) -> Notice:
    """What there is to say; a record that cannot be read leaves out what stood in it."""
    environment, run_id, ti = pipeline.environment, str(context["run_id"]), context.get("ti")
    layout = RunLayout(environment.bucket, pipeline.name, run_id)
    place = pages(environment)
    dag_id = getattr(context.get("dag"), "dag_id", pipeline.name)
    links = {"report": "", "log": "", "airflow": airflow_page(dag_id, run_id, event, ti)}
    task, detail = (ti.task_id if ti is not None and event != "success" else ""), ""
    run = run_record(pipeline, layout)
    if run is not None:
        links["report"] = place.objects(layout.report)
    if event == "success" and run is not None:
        found = verdict(run)
        detail = f"{found.title}\n{found.reason}".strip()
    if event == "failure":
        failed = failure(pipeline, layout, run, ti)
        task, detail = (failed.task_id, failed.error) if failed else (task, str(context.get("reason", "")))
        if failed and failed.jobs:
            links["log"] = place.log(failed.jobs[-1].kind, [failed.jobs[-1].name])
    return Notice(event, pipeline.name, environment.name, run_id, task, detail, links)


def run_record(pipeline: Pipeline, layout: RunLayout) -> RunRecord | None:
    """The run's record; None when no report step wrote one."""
    text = document(pipeline, layout.run_json)
    return RunRecord.from_json(text) if text else None


def failure(pipeline: Pipeline, layout: RunLayout, run: RunRecord | None, ti: Any) -> TaskRecord | None:
    """The record of what failed first: from the run's record, else of the task that Airflow names."""
    if run is not None and run.failure is not None:
        return run.failure
    if ti is None:
        return None
    index = ti.map_index if ti.map_index is not None else -1
    text = document(pipeline, layout.record(ti.task_id, index))
    found = TaskRecord.from_json(text) if text else None
    return found if found is not None and found.state == "failed" else None


def document(pipeline: Pipeline, uri: S3Uri) -> str:
    """The object at ``uri``; empty when it cannot be read, which a message survives."""
    client = clients_of(pipeline).client("s3")
    account = pipeline.environment.account
    try:
        answer = call(
            client.get_object,
            SystemClock(PATIENCE),
            Bucket=uri.bucket,
            Key=uri.key,
            ExpectedBucketOwner=account,
        )
    except Exception as error:
        log.info("a message goes without %s: %s", uri, error)
        return ""
    text: str = answer["Body"].read().decode()
    return text


def airflow_page(dag_id: str, run_id: str, event: Event, ti: Any) -> str:
    """The run in Airflow's UI, or what a person must decide there; empty when its address is not set."""
    base = conf.get("api", "base_url", fallback="").rstrip("/")
    page = f"{base}/dags/{dag_id}/runs/{quote(run_id)}" if base else ""
    if not page or event != "approval" or ti is None:
        return page
    index = f"?map_index={ti.map_index}" if ti.map_index is not None else ""
    return f"{page}/tasks/{ti.task_id}/required_actions{index}"
