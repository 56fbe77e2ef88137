"""Names across retries and clears, by Airflow's own bookkeeping."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from operators.base import tries_before_clear


@pytest.mark.parametrize(
    ("max_tries", "retries", "epoch"),
    [(1, 1, 0), (0, 0, 0), (3, 1, 2), (-1, 1, 0)],
    ids=["first life", "no retries", "cleared after two tries", "not told"],
)
def test_the_epoch_changes_with_a_clear_and_not_with_a_retry(
    max_tries: int, retries: int, epoch: int
) -> None:
    """
    Airflow keeps max_tries through retries and raises it by the tries spent when the task is cleared.
    """
    assert epoch == tries_before_clear(SimpleNamespace(max_tries=max_tries), retries)


def test_airflow_raises_max_tries_on_clear_as_we_read_it() -> None:
    """
    The first try after a clear is max_tries - retries + 1 in Airflow's own task runner too.
    """
    from inspect import getsource

    from airflow.models import taskinstance

    assert "ti.max_tries = ti.try_number + task.retries" in getsource(taskinstance.clear_task_instances)
