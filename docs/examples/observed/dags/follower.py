"""Runs whenever the pipeline `observed` has new features: a DAG scheduled on data."""

from __future__ import annotations

from typing import Any

from airflow.sdk import dag, task

from operators.pipeline import pipeline


@dag(schedule=[pipeline("observed").asset("features")], catchup=False)
def follower() -> None:
    """What the event says of the data is what the task reads."""

    @task
    def look(triggering_asset_events: Any = None) -> list[dict[str, Any]]:
        return [event.extra for events in triggering_asset_events.values() for event in events]

    look()


follower()
