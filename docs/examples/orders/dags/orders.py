"""Raw orders → tables → rules about them → clean orders: the steps on Glue."""

from __future__ import annotations

from airflow.sdk import dag

from operators.glue_crawler import GlueCrawlerOperator
from operators.glue_job import GlueJobOperator
from operators.glue_quality import GlueDataQualityOperator
from operators.pipeline import pipeline

steps = pipeline("orders")


@dag(**steps.dag)
def orders() -> None:
    """Which orders are worth learning from?"""
    raw = GlueCrawlerOperator(step=steps["catalogue"])
    fit = GlueDataQualityOperator(step=steps["rules"])
    clean = GlueJobOperator(
        step=steps["clean"],
        arguments={"database": raw.output},  # of a result, the member of the argument's name
        deferrable=True,  # Glue takes a while to start: no worker slot is held meanwhile
    )

    raw >> fit >> clean


orders()
