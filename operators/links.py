"""Buttons in Airflow's UI: a task's job, its log, its artifacts, the run's report."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from airflow.sdk import BaseOperatorLink

from foldline.consoles import pages
from foldline.layout import S3Uri
from foldline.waiting import Waits, Watch
from operators.steprun import StepRun

log = logging.getLogger(__name__)


class StepLink(BaseOperatorLink):
    """One button of a step's task.

    Airflow asks for it in the worker when a try is over and keeps the answer in XCom; the UI reads only that.
    """

    name: ClassVar[str] = ""
    xcom_key: ClassVar[str] = ""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address, as the try that just ran knows it; empty when it never got so far."""
        return str(getattr(operator, "link_addresses", {}).get(self.xcom_key, ""))


class JobLink(StepLink):
    """The remote job, or the list of the task's jobs."""

    name = "Job"
    xcom_key = "_link_foldline_job"


class LogLink(StepLink):
    """What the job logged."""

    name = "Job log"
    xcom_key = "_link_foldline_log"


class ArtifactsLink(StepLink):
    """What the task wrote in S3; while it runs, the run's folder."""

    name = "Artifacts"
    xcom_key = "_link_foldline_artifacts"


class ReportLink(StepLink):
    """The run's report; there once the report step has run."""

    name = "Report"
    xcom_key = "_link_foldline_report"


LINKS = (JobLink(), LogLink(), ArtifactsLink(), ReportLink())
RESULT_ADDRESSES = ("uri", "model", "report")
"""Members of a result that may be an S3 address, in the order in which they are tried."""


@dataclass
class LinkedWaits:
    """A way of waiting that also tells Airflow where to look at what is waited for.

    Attributes:
        waits: What really lets time pass.
        run: The task's run; gives the environment's pages.
        ti: Airflow's task instance.
        addresses: What was told so far, by XCom key; shared with the operator.
    """

    waits: Waits
    run: StepRun
    ti: Any
    addresses: dict[str, str] = field(default_factory=dict)

    def pause(self, seconds: float, watch: Watch) -> None:
        """See `foldline.waiting.Waits.pause`."""
        if watch.names:
            self.tell(job_addresses(self.run, watch.kind, watch.names))
        self.waits.pause(seconds, watch)

    def tell(self, found: Mapping[str, str]) -> None:
        """Push the addresses that are new; a running task has its buttons from then on."""
        for key, address in found.items():
            if self.addresses.get(key) == address:
                continue
            self.addresses[key] = address
            try:
                self.ti.xcom_push(key=key, value=address)
            except Exception as error:
                # A button is not worth a run; Airflow pushes them all again when the try is over.
                log.warning("the address %s is not in the UI yet: %s", key, error)


def job_addresses(run: StepRun, kind: str, names: Sequence[str]) -> dict[str, str]:
    """Addresses while jobs run, by XCom key."""
    found = pages(run.pipeline.environment)
    return {
        JobLink.xcom_key: found.work(kind, names),
        LogLink.xcom_key: found.log(kind, names),
        ArtifactsLink.xcom_key: found.objects(run.layout.root),
        ReportLink.xcom_key: found.objects(run.layout.report),
    }


def final_addresses(run: StepRun, result: Mapping[str, Any]) -> dict[str, str]:
    """Addresses when a try is over, by XCom key: of the jobs of the last kind, and of what was written."""
    found = pages(run.pipeline.environment)
    addresses = {
        ArtifactsLink.xcom_key: found.objects(written(result) or run.layout.root),
        ReportLink.xcom_key: found.objects(run.layout.report),
    }
    if run.jobs:
        kind = run.jobs[-1].kind
        names = [job.name for job in run.jobs if job.kind == kind]
        names = names[-1:] if kind == "query" else names
        addresses |= {JobLink.xcom_key: found.work(kind, names), LogLink.xcom_key: found.log(kind, names)}
    return addresses


def written(result: Mapping[str, Any]) -> S3Uri | None:
    """The S3 address a task returned, or None."""
    for member in RESULT_ADDRESSES:
        value = result.get(member)
        if isinstance(value, str) and value.startswith("s3://"):
            return S3Uri.parse(value)
    return None
