"""Five hundred tasks that `bench.deferred` puts into the triggerer."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

COUNT = 500

with DAG("many", schedule=None):
    for number in range(COUNT):
        EmptyOperator(task_id=f"fit-{number}")
