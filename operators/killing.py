"""Why a worker dies: a user ended its task, or Airflow moves it elsewhere.

SIGTERM comes for both and does not say which. While the task dies its supervisor still answers it, for about
five seconds: the state of the task says who acted. Any doubt leaves the job running: the next try adopts it,
or the reaper stops what nobody owns.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from foldline.aws import Clients
from foldline.remote.polling.stopping import stop_all
from foldline.remote.watched import WATCHED
from foldline.waiting import Watch

ASK_SECONDS = 1.5
STOP_SECONDS = 2.0
"""Airflow sends SIGKILL five seconds after SIGTERM."""
ENDED = frozenset({"failed", "success", "skipped", "removed", "restarting", "upstream_failed"})
"""States that a running task only gets when somebody acts on it."""
log = logging.getLogger(__name__)


def ended_by_user(ti: Any) -> bool:
    """Whether somebody ended or cleared this running task; False also when nobody can tell.

    Args:
        ti: Airflow's runtime task instance.
    """
    answer: Future[Mapping[str, Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(
                ti.get_task_states(
                    dag_id=ti.dag_id, map_index=ti.map_index, task_ids=[ti.task_id], run_ids=[ti.run_id]
                )
            )
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()  # a channel that hangs must not hold the dying process
    try:
        words = set(answer.result(ASK_SECONDS).get(ti.run_id, {}).values())
    except Exception as error:
        log.warning("nobody says who ended this worker, what runs is left to the next try: %r", error)
        return False
    log.info("this worker was told to end; Airflow says the task is %s", ", ".join(map(str, words)) or "gone")
    return bool(words) and words <= ENDED


def stop_abandoned(clients: Clients, watch: Watch) -> None:
    """Stop what a task waited for that a user ended.

    Args:
        clients: The task's clients.
        watch: What it waited for.
    """
    stopped, left = stop_all(clients.client(WATCHED[watch.kind].service), watch, STOP_SECONDS)
    log.info("a user ended this task: stopped %s", ", ".join(stopped) or "nothing")
    if left:
        log.warning("not stopped, left to the reaper: %s", "; ".join(left))
