"""Rows of the shop's own database become a table that Athena reads: the example of docs/operators.md."""

from __future__ import annotations

from airflow.sdk import dag

from operators.athena import AthenaUnloadOperator
from operators.extract import SourceExtractOperator
from operators.pipeline import pipeline

steps = pipeline("shop")


@dag(**steps.dag)
def shop() -> None:
    """What did each customer spend?"""
    orders = SourceExtractOperator(step=steps["extract"])
    spent = AthenaUnloadOperator(step=steps["ingest"])

    orders >> spent


shop()
