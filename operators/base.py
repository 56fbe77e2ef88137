"""What every operator shares: load the step, do the work, leave a record, return a short result."""

from __future__ import annotations

import datetime as dt
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from foldline import progress
from foldline.aws import Clients, Door, endpoint_url
from foldline.config import load_pipeline
from foldline.errors import ConfigError, EnvironmentFault, FoldlineError
from foldline.remote.calls import SystemClock
from foldline.remote.logs.tailing import Tails
from foldline.remote.storage.sourcetree import source_tree
from foldline.runs import TaskRecord
from foldline.steps.settings import RequestSettings, StepSettings
from foldline.waiting import Deferring, Interrupted, Staying, Suspended, Watch
from operators.assets import announce, outlets
from operators.epochs import end_earlier_epochs
from operators.killing import ended_by_user, stop_abandoned
from operators.lineage import Lineage
from operators.links import LINKS, LinkedWaits, final_addresses
from operators.redaction import Redaction
from operators.sessions import airflow_session
from operators.steprun import Place, StepRun
from operators.triggers import NOT_WAITED, Waited, WaitTrigger
from operators.xcom import short_result


class StepOperator(Lineage, BaseOperator):
    """Runs one step of a pipeline.

    Subclasses give :meth:`work`. Its errors are final (no Airflow retry), because `foldline.jobs` has tried
    again what may pass; only an interrupted worker is retried, and adopts what runs.

    Args:
        step: Address of the step, from ``pipeline(…)["name"]``.
        task_id: Airflow's task id; the step's name when left out.
        deferrable: Wait in the triggerer; None leaves it to the environment file.
        **kwargs: Arguments of Airflow's BaseOperator.
    """

    template_fields: Sequence[str] = ("step",)
    ui_color: ClassVar[str] = "#dfeaf7"
    operator_extra_links = LINKS

    def __init__(
        self, *, step: str, task_id: str | None = None, deferrable: bool | None = None, **kwargs: Any
    ) -> None:
        made = outlets(step)
        kwargs["outlets"] = [*kwargs.get("outlets", ()), *made]
        super().__init__(task_id=task_id or step.rpartition(".")[2], **kwargs)
        self.made = made
        self.step = step
        self.deferrable = deferrable
        self._told_to_end = False
        self.link_addresses: dict[str, str] = {}

    @abstractmethod
    def work(self, run: StepRun) -> Mapping[str, Any]:
        """The step's effect; returns what other tasks may read (see `operators.results`).

        It is run again from its start after every hand-over to the triggerer, as after a crash: what it
        started it must find again (`run.run_job`, `run.queries`, …), what it must know from before it keeps
        in `run.memory`.
        """

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the step; called by Airflow."""
        return self._attempt(context, NOT_WAITED)

    def resume(self, context: Any, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Go on after the triggerer has waited; called by Airflow.

        The event is a hint that it is time to look again, so one that comes twice does no harm.
        """
        return self._attempt(context, Waited.parse(event))

    def _attempt(self, context: Any, waited: Waited) -> dict[str, Any]:
        """Load the step, do its work or hand the waiting over, leave a record, return a short result."""
        redaction, began = Redaction.of_worker(), time.monotonic()
        run = self._load(context, waited, redaction)
        self._show(run, "running")
        result, error = self._effect(run, context["ti"])
        self.link_addresses.update(final_addresses(run, result))
        started = context["ti"].start_date or dt.datetime.now(dt.UTC)
        record = TaskRecord(
            task_id=self.task_id,
            step=run.step,
            map_index=run.place.map_index,
            started=started.isoformat(timespec="milliseconds"),
            seconds=waited.waited + time.monotonic() - began,
            jobs=run.jobs,
            result=redaction.document(result),
            evidence=redaction.document(run.evidence),
            state=state_after(error),
            error=redaction.error(error) if error else "",
        )
        self._leave(run, record, error)
        if error is not None:
            self._show(run, record.state, record.error.partition("\n")[0])
            if isinstance(error, FoldlineError) and not isinstance(error, Interrupted):
                raise AirflowFailException(record.error) from error
            raise error
        self.last_result = result
        announce(self.made, context["outlet_events"], run, result)
        detail = redaction.text(run.detail)
        self.log.info("%s", detail or "done")
        self._show(run, "success", detail)
        return result

    def _load(self, context: Any, waited: Waited, redaction: Redaction) -> StepRun:
        """The step, ready to work, for the task that ``context`` describes."""
        try:
            run = self.step_run(context, waited)
        except FoldlineError as caught:
            raise AirflowFailException(redaction.error(caught)) from caught
        self.last_run = run
        run.waits = LinkedWaits(run.waits, run, context["ti"], self.link_addresses)
        return run

    def _effect(self, run: StepRun, ti: Any) -> tuple[dict[str, Any], Exception | None]:
        """What the work returned, or why it did not; to wait elsewhere, TaskDeferred leaves this method."""
        result, error = dict[str, Any](), None
        try:
            run.clients.check_account()
            pin_config(run)
            end_earlier_epochs(run)
            result = short_result(self.task_id, self.work(run), run.clients.not_secret)
        except Suspended as suspended:
            self._hand_over(run, suspended.watch)
        except Interrupted as interrupted:
            if ended_by_user(ti):
                stop_abandoned(run.clients, interrupted.watch)
            return result, interrupted
        except Exception as caught:
            error = caught
        self._tails.close()
        return result, error

    def _hand_over(self, run: StepRun, watch: Watch) -> None:
        """Let go of the worker until ``watch`` is over; Airflow's TaskDeferred leaves this method."""
        run.before_hand_over()
        self.log.info("waits in the triggerer for %s %s", watch.kind, ", ".join(watch.names))
        environment = run.pipeline.environment
        door = Door(
            environment.name,
            environment.account,
            environment.region,
            endpoint_url(environment),
            environment.aws_conn_id,
            environment.allow_remote_endpoint,
        )
        trigger = WaitTrigger(
            watch=watch.document(),
            door=asdict(door),
            polling=environment.polling.model_dump(),
            waited=run.waited,
            positions=self._tails.positions_of(watch),
        )
        self._tails.leave()
        self.defer(trigger=trigger, method_name="resume")

    def on_kill(self) -> None:
        """Tell the work to end; called by Airflow in a signal handler, so no more can be done here.

        SIGTERM also comes from evictions and restarts: `operators.killing` asks which it was.
        """
        self._told_to_end = True

    def step_run(self, context: Mapping[str, Any], waited: Waited = NOT_WAITED) -> StepRun:
        """The step with the run's params, for the task that ``context`` describes.

        Args:
            context: Airflow's.
            waited: What this task has waited for in the triggerer.
        """
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
            epoch=0 if reuses(pipeline[step]) else tries_before_clear(context["ti"], self.retries),
        )
        environment = pipeline.environment
        clock = SystemClock(environment.polling.patience)

        def session() -> Any:
            return airflow_session(environment.aws_conn_id, environment.region)

        clients = Clients(environment, session(), pipeline.not_secret, clock, session)
        self._tails = Tails(
            lambda: clients.client("logs"),
            clock,
            lambda line: self.log.info("%s", line),
            waited.positions,
            environment.polling.longest,
        )
        deferrable = environment.deferrable if self.deferrable is None else self.deferrable
        waits = Deferring if deferrable else Staying
        return StepRun(
            pipeline,
            step,
            place,
            clients,
            clock,
            waits(clock, lambda: self._told_to_end, self._tails.follow),
            waited.waited,
        )

    def _leave(self, run: StepRun, record: TaskRecord, error: Exception | None) -> None:
        if isinstance(error, EnvironmentFault):
            return  # another account, or none: nothing of ours is written there
        uri = run.layout.record(self.task_id, run.place.map_index)
        try:
            run.objects.put_bytes(uri, record.to_json().encode(), "application/json")
        except Exception as caught:
            if error is None:
                raise
            self.log.warning("no record of this failed task at %s: %s", uri, caught)

    def _show(self, run: StepRun, state: str, detail: str = "") -> None:
        progress.emit("task", task=self.task_id, map_index=run.place.map_index, state=state, detail=detail)


def state_after(error: Exception | None) -> str:
    """What the record says of a task that ended so; one that skipped itself has not failed."""
    if error is None:
        return "success"
    return "skipped" if isinstance(error, AirflowSkipException) else "failed"


def reuses(settings: StepSettings) -> bool:
    """Whether a cleared task takes what it had done already (`on_clear: reuse`)."""
    return isinstance(settings, RequestSettings) and settings.on_clear == "reuse"


def tries_before_clear(ti: Any, retries: int) -> int:
    """How many tries this task had when it was last cleared; 0 when it never was.

    A retry keeps it, so it adopts what runs; a clear raises it, so the work is done anew. Airflow sets
    ``max_tries`` to the try number plus ``retries`` on a clear of this very task; the run's own clear counter
    would also change for tasks that nobody cleared.
    """
    return max(0, (ti.max_tries or 0) - retries)


def pin_config(run: StepRun) -> None:
    """Let all tasks of a run work with one configuration.

    The first task notes the digest of all settings and of the container-side code; a later one that finds
    another refuses, before anything is started. A task that a person cleared notes the new one, but for the
    number of retries: with another one nobody can tell a retry from a clear (:func:`tries_before_clear`).

    Raises:
        ConfigError: The configuration was edited while the run was under way.
    """
    retries = str(run.pipeline.settings.retries)
    mine = {"config": run.pipeline.digest, "code": source_tree().digest, "retries": retries}
    pinned = run.run_memory.once("config", lambda: mine)
    if pinned == mine:
        return
    if pinned.get("retries") != retries:
        raise ConfigError(
            f"`retries` changed while run {run.place.run_id} was under way; nothing was started",
            where=f"infra/{run.pipeline.name}/pipeline.yaml",
            mend="put back what was there when the run began; a new run takes the new number",
        )
    if run.place.epoch > 0:
        run.run_memory.put("config", mine)
        return
    changed = " and ".join(sorted(key for key in mine if pinned.get(key) != mine[key]))
    raise ConfigError(
        f"the {changed} changed while run {run.place.run_id} was under way; nothing was started",
        where=f"infra/{run.pipeline.name}/, infra/env/{run.pipeline.environment.name}.yaml, stage folders",
        mend="clear this task to go on with what is there now, or put back what was there when the run began",
    )
