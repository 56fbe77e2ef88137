"""Every hour: what no living run owns. It reports; with `apply` it stops and deletes (docs/reaper.md)."""

from __future__ import annotations

import datetime as dt

from airflow.sdk import Param, dag

from operators.reaper import ReaperOperator


@dag(
    schedule="@hourly",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=["foldline"],
    params={
        "apply": Param(False, type="boolean", description="Stop and delete what is found."),
        "sole": Param(
            True, type="boolean", description="No other Airflow runs pipelines in this environment."
        ),
    },
)
def reaper() -> None:
    """Jobs, endpoints, configs, models, staged data and uploads that nobody owns."""
    ReaperOperator(task_id="sweep")


reaper()
