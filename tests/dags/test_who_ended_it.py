"""What a dying worker makes of Airflow's answer: any doubt leaves the job running."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from operators import killing
from operators.killing import ended_by_user


class Task:
    """A task instance whose supervisor answers in a given way."""

    dag_id, run_id, task_id, map_index = "dag", "run", "fit", 3

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, dict[str, Any]()

    def get_task_states(self, **request: Any) -> Any:
        self.asked = request
        return self.answer()


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ("failed", True),
        ("success", True),
        ("skipped", True),
        ("removed", True),
        ("restarting", True),
        ("running", False),
        ("deferred", False),
        ("queued", False),
        ("scheduled", False),
        ("up_for_retry", False),
        (None, False),
        ("a word of next year", False),
    ],
)
def test_only_states_that_end_a_running_task_are_a_users_act(state: str | None, ended: bool) -> None:
    """
    Running elsewhere, about to be tried again or unknown: somebody will adopt the job.
    """
    task = Task(lambda: {"run": {"fit_3": state}})

    assert ended == ended_by_user(task)
    assert {"dag_id": "dag", "map_index": 3, "task_ids": ["fit"], "run_ids": ["run"]} == task.asked


@pytest.mark.parametrize("answer", [{}, {"run": {}}, {"other": {"fit": "failed"}}])
def test_no_word_about_this_task_is_doubt(answer: dict[str, Any]) -> None:
    """
    A run that is gone is the reaper's.
    """
    assert not ended_by_user(Task(lambda: answer))


def test_a_supervisor_that_fails_is_doubt() -> None:
    """
    The API server may be what died.
    """

    def broken() -> None:
        raise RuntimeError("the server answered 500")

    assert not ended_by_user(Task(broken))


def test_a_supervisor_that_says_nothing_is_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The question is bounded: SIGKILL is near.
    """
    monkeypatch.setattr(killing, "ASK_SECONDS", 0.1)
    silent = threading.Event()

    assert not ended_by_user(Task(lambda: silent.wait(20)))
    silent.set()
