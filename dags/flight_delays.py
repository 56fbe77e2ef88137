"""From 336,776 raw flights to an endpoint that says whether one will arrive more than 30 minutes late."""

from __future__ import annotations

from airflow.sdk import dag

from operators.athena import AthenaUnloadOperator
from operators.cross_validation import cross_validation
from operators.endpoint import EndpointOperator
from operators.evaluation import EvaluationOperator
from operators.final_fit import FitOperator
from operators.folds import FoldsOperator
from operators.gate import GateOperator
from operators.glue_crawler import GlueCrawlerOperator
from operators.model_package import ModelPackageOperator
from operators.pipeline import pipeline
from operators.predictions import PredictionsOperator
from operators.quality import QualityOperator
from operators.report import ReportOperator
from operators.tuning_job import TuningOperator

steps = pipeline("flight_delays")  # infra/flight_delays/*.yaml, checked


@dag(**steps.dag)
def flight_delays() -> None:
    """Will this flight arrive more than 30 minutes late?"""
    raw = GlueCrawlerOperator(step=steps["catalogue"])
    table = AthenaUnloadOperator(step=steps["ingest"])
    fit_to_learn = QualityOperator(step=steps["quality"], table=table.output)
    folds = FoldsOperator(step=steps["preprocessing"], table=fit_to_learn.output)
    baseline = cross_validation(step=steps["cross_validation"], folds=folds)
    best = TuningOperator(step=steps["tuning"], folds=folds.output)
    gate = GateOperator(step=steps["gate"], candidate=best.output, baseline=baseline.output)
    model = FitOperator(step=steps["training"], folds=folds.output, trial=best.output)
    package = ModelPackageOperator(step=steps["register"], model=model.output, trial=best.output)
    predictions = PredictionsOperator(step=steps["transform"], model=model.output, folds=folds.output)
    evaluation = EvaluationOperator(
        step=steps["evaluation"], predictions=predictions.output, trial=best.output
    )
    endpoint = EndpointOperator(step=steps["deploy"], package=package.output, predictions=predictions.output)
    report = ReportOperator(step=steps["report"]).as_teardown()  # runs whatever became of the others

    raw >> table
    gate >> model
    package >> predictions
    evaluation >> endpoint >> report


flight_delays()
