"""What every operator shares: load the step, do the work, leave a record, return a short result."""

from __future__ import annotations

import datetime as dt
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from foldline import progress
from foldline.aws import Clients
from foldline.config import Pipeline, load_pipeline
from foldline.errors import FoldlineError
from foldline.jobs import Interrupted
from foldline.runs import TaskRecord
from operators.steprun import Place, StepRun


class StepOperator(BaseOperator):
    """Runs one step of a pipeline.

    Subclasses give :meth:`work`. Its errors are final (no Airflow retry), because `foldline.jobs` has tried
    again what may pass; only an interrupted worker is retried, and adopts what runs.

    Args:
        step: Address of the step, from ``pipeline(…)["name"]``.
        task_id: Airflow's task id; the step's name when left out.
        **kwargs: Arguments of Airflow's BaseOperator.
    """

    template_fields: Sequence[str] = ("step",)
    ui_color: ClassVar[str] = "#dfeaf7"

    def __init__(self, *, step: str, task_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(task_id=task_id or step.rpartition(".")[2], **kwargs)
        self.step = step
        self._told_to_end = False

    @abstractmethod
    def work(self, run: StepRun) -> Mapping[str, Any]:
        """The step's effect; returns what other tasks may read (see `operators.results`)."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the step; called by Airflow."""
        run = self.step_run(context)
        started, clock = dt.datetime.now(dt.UTC), time.monotonic()
        self._show(run, "running")
        result: dict[str, Any] = {}
        error: Exception | None = None
        try:
            run.clients.check_account()
            result = dict(self.work(run))
        except Exception as caught:
            error = caught
        record = TaskRecord(
            task_id=self.task_id,
            step=run.step,
            map_index=run.place.map_index,
            started=started.isoformat(timespec="milliseconds"),
            seconds=time.monotonic() - clock,
            jobs=run.jobs,
            result=result,
            evidence=run.evidence,
            state="failed" if error else "success",
            error=str(error) if error else "",
        )
        self._leave(run, record, error)
        if error is None:
            self._show(run, "success", run.detail)
            return result
        self._show(run, "failed", str(error).partition("\n")[0])
        if isinstance(error, FoldlineError) and not isinstance(error, Interrupted):
            raise AirflowFailException(str(error)) from error
        raise error

    def on_kill(self) -> None:
        """End this worker; the job runs on and the next try adopts it.

        SIGTERM also comes from evictions and restarts, so it never stops a paid job (docs/adr/0003).
        """
        self._told_to_end = True

    def step_run(self, context: Mapping[str, Any]) -> StepRun:
        """The step with the run's params, for the task that ``context`` describes."""
        name, _, step = self.step.partition(".")
        loaded = load_pipeline(name)
        pipeline = loaded.with_params(
            {key: value for key, value in context["params"].items() if key in loaded.settings.params}
        )
        place = Place(
            dag_id=self.dag_id,
            run_id=context["run_id"],
            task_id=self.task_id,
            map_index=context["ti"].map_index if context["ti"].map_index is not None else -1,
            epoch=tries_before_clear(context["ti"], self.retries),
        )
        clients = Clients(pipeline.environment, airflow_session(pipeline))
        return StepRun(pipeline, step, place, clients, interrupted=lambda: self._told_to_end)

    def _leave(self, run: StepRun, record: TaskRecord, error: Exception | None) -> None:
        uri = run.layout.record(self.task_id, run.place.map_index)
        try:
            run.put_bytes(uri, record.to_json().encode(), "application/json")
        except Exception as caught:
            if error is None:
                raise
            self.log.warning("no record of this failed task at %s: %s", uri, caught)

    def _show(self, run: StepRun, state: str, detail: str = "") -> None:
        progress.emit("task", task=self.task_id, map_index=run.place.map_index, state=state, detail=detail)


def tries_before_clear(ti: Any, retries: int) -> int:
    """How many tries this task had when it was last cleared; 0 when it never was.

    A retry keeps it, so it adopts what runs; a clear raises it, so the work is done anew. Airflow sets
    ``max_tries`` to the try number plus ``retries`` on a clear of this very task; the run's own clear counter
    would also change for tasks that nobody cleared.
    """
    return max(0, (ti.max_tries or 0) - retries)


def airflow_session(pipeline: Pipeline) -> Any:
    """The boto3 session of the environment's Airflow connection; None means boto3's default chain."""
    environment = pipeline.environment
    if environment.aws_conn_id is None:
        return None
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    hook = AwsBaseHook(aws_conn_id=environment.aws_conn_id, region_name=environment.region, client_type="sts")
    return hook.get_session()
