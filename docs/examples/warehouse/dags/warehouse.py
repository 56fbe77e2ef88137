"""Sensors, a swapped table, a query on it and an unload from Redshift: the example of docs/operators.md."""

from __future__ import annotations

from airflow.sdk import dag

from operators.athena import AthenaQueryOperator
from operators.athena_sensors import AthenaFreshnessSensor, AthenaRowCountSensor
from operators.athena_table import AthenaTableOperator
from operators.pipeline import pipeline
from operators.redshift import RedshiftUnloadOperator

steps = pipeline("warehouse")


@dag(**steps.dag)
def warehouse() -> None:
    """What did each shop sell yesterday?"""
    arrived = AthenaRowCountSensor(step=steps["arrived"])
    fresh = AthenaFreshnessSensor(step=steps["fresh"])
    daily = AthenaTableOperator(step=steps["daily"])
    best = AthenaQueryOperator(step=steps["best"])
    export = RedshiftUnloadOperator(step=steps["export"])

    arrived >> fresh >> daily >> best >> export


@dag(**{**steps.dag, "dag_id": "warehouse_deferring"})
def warehouse_deferring() -> None:
    """Waiting in the triggerer: sales of a region that has none, and the table beside."""
    late = AthenaRowCountSensor(step=steps["late"], deferrable=True)
    after = AthenaQueryOperator(step=steps["best"], task_id="after", deferrable=True)
    AthenaTableOperator(step=steps["daily"], deferrable=True)

    late >> after


warehouse()
warehouse_deferring()
