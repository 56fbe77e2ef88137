"""All tasks' records → the run record and its one-page report."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from foldline.redaction import redacted_document
from foldline.remote.storage.sourcetree import source_tree
from foldline.runs import RunRecord, TaskRecord
from operators.base import StepOperator
from operators.results import ReportResult
from operators.steprun import StepRun

LIBRARIES = (
    "foldline",
    "apache-airflow",
    "boto3",
    "xgboost-cpu",
    "xgboost",
    "scikit-learn",
    "optuna",
    "pyarrow",
)


class ReportOperator(StepOperator):
    """Write ``run.json`` and ``report.html``; as a teardown it runs whatever became of the others."""

    template_fields = ("step", "started")

    def __init__(self, *, started: str = "{{ dag_run.start_date.isoformat() }}", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.started = started
        self._params: Mapping[str, Any] = {}

    def execute(self, context: Any) -> dict[str, Any]:
        """Keep the run's params, then run the step."""
        self._params = dict(context["params"])
        return super().execute(context)

    def work(self, run: StepRun) -> ReportResult:
        """Where the report and the record are."""
        from foldline.report.render import report_html

        tasks = sorted(task_records(run), key=lambda record: record.started)
        began = dt.datetime.fromisoformat(self.started)
        record = RunRecord(
            pipeline=run.pipeline.name,
            run_id=run.place.run_id,
            environment=run.pipeline.environment.name,
            started=self.started,
            seconds=(dt.datetime.now(dt.UTC) - began).total_seconds(),
            versions=versions(),
            params=redacted_document(self._params),
            config=redacted_document(run.pipeline.document()),
            digests=digests(tasks),
            tasks=tasks,
        )
        run.objects.put_bytes(run.layout.run_json, record.to_json().encode(), "application/json")
        run.objects.put_bytes(run.layout.report, report_html(record).encode(), "text/html; charset=utf-8")
        run.detail = str(run.layout.report)
        return {"report": str(run.layout.report), "record": str(run.layout.run_json)}


def task_records(run: StepRun) -> list[TaskRecord]:
    """The records that this run's tasks left."""
    mine = run.layout.record(run.place.task_id)
    left = [item.uri for item in run.objects.below(run.layout.records) if item.uri != mine]
    return [TaskRecord.from_json(run.objects.get_bytes(uri).decode()) for uri in left]


def digests(tasks: list[TaskRecord]) -> dict[str, str]:
    """What went in: the source tree, and the content of what each step wrote for the next."""
    seen = {record.step: record.result["digest"] for record in tasks if "digest" in record.result}
    return {"code": source_tree().digest, **seen}


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that are installed."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
