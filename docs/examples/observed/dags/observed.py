"""A small pipeline whose every sign to the outside is looked at."""

from __future__ import annotations

from airflow.sdk import dag

from operators.athena import AthenaUnloadOperator
from operators.folds import FoldsOperator
from operators.glue_crawler import GlueCrawlerOperator
from operators.pipeline import pipeline
from operators.report import ReportOperator

steps = pipeline("observed")


@dag(**steps.dag)
def observed() -> None:
    """Which visits end in a sale?"""
    raw = GlueCrawlerOperator(step=steps["catalogue"])
    table = AthenaUnloadOperator(step=steps["ingest"])
    folds = FoldsOperator(step=steps["preprocessing"], table=table.output, deferrable=True)
    report = ReportOperator(step=steps["report"]).as_teardown()

    raw >> table
    folds >> report


observed()
