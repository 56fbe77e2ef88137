"""The reaper as a task: asks the Airflow it runs in which runs live."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from airflow.sdk import BaseOperator

from foldline.aws import Clients
from foldline.environment import environment
from foldline.reaper import OneOfSeveral, Reaper
from foldline.reaping import RunState, TaskState
from foldline.remote.calls import SystemClock
from operators.results import ReaperResult
from operators.sessions import airflow_session

RUN_STATES: dict[str, RunState] = {
    "queued": "living",
    "running": "living",
    "success": "success",
    "failed": "failed",
}
OVER = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
LIVING = frozenset(
    {"scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred"}
)


class ReaperOperator(BaseOperator):
    """Find what no living run owns; with the param ``apply``, stop or delete it.

    It reads two params of the DAG: ``apply``, and ``sole``, whether no other Airflow runs pipelines in this
    environment: only then is a run that this Airflow lacks taken for gone.
    """

    def execute(self, context: Any) -> ReaperResult:
        """Sweep once; called by Airflow."""
        params, settings = context["params"], environment()
        clients = Clients(settings, airflow_session(settings.aws_conn_id, settings.region))
        clients.check_account()
        known = TaskRuns(context["ti"])
        runs = known if params["sole"] else OneOfSeveral(known)
        reaper = Reaper(settings, clients, SystemClock(settings.polling.patience), runs)
        found = reaper.found()
        for verdict in found:
            self.log.info("%s %s: %s", verdict.action, verdict.name, verdict.why)
        audit = str(reaper.apply(found)) if params["apply"] and found else ""
        self.log.info("%d found, audit: %s", len(found), audit or "none, nothing was changed")
        return {"found": dict(Counter(verdict.action for verdict in found)), "audit": audit}


@dataclass(frozen=True)
class TaskRuns:
    """What the Airflow of a running task knows, through the task's own interface.

    Attributes:
        ti: Airflow's task instance in the context.
    """

    ti: Any

    def run(self, dag: str, run: str) -> RunState:
        """The state of a run."""
        if self.ti.get_dr_count(dag_id=dag, run_ids=[run]) == 0:
            return "gone"
        state = self.ti.get_dagrun_state(dag_id=dag, run_id=run)
        return RUN_STATES.get(str(getattr(state, "value", state)), "unknown")

    def task(self, dag: str, run: str, task: str, map_index: int) -> TaskState:
        """The state of one task instance."""
        found = self.ti.get_task_states(dag_id=dag, map_index=map_index, task_ids=[task], run_ids=[run])
        states = list(found.get(run, {}).values())
        return task_state(states[0]) if len(states) == 1 else "gone" if not states else "unknown"


def task_state(word: Any) -> TaskState:
    """Airflow's word for a task instance's state; None is a task that has not begun."""
    word = str(getattr(word, "value", word) or "scheduled")
    return "over" if word in OVER else "living" if word in LIVING else "unknown"
