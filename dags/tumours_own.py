"""One's own scripts and SageMaker's own tuner: data, a fit, a search, its best model, batch predictions."""

from __future__ import annotations

from airflow.sdk import dag

from operators.hyperparameter_tuning import HyperParameterTuningJobOperator
from operators.model import ModelOperator
from operators.pipeline import pipeline
from operators.processing_job import ProcessingJobOperator
from operators.report import ReportOperator
from operators.training_job import TrainingJobOperator
from operators.transform_job import TransformJobOperator

steps = pipeline("tumours_own")  # infra/tumours_own/*.yaml, checked


@dag(**steps.dag)
def tumours_own() -> None:
    """Is this breast tumour malignant? With scripts of one's own."""
    prepared = ProcessingJobOperator(step=steps["prepare"])
    data = {"train": prepared.output, "validation": prepared.output}
    fitted = TrainingJobOperator(step=steps["fit"], channels=data)
    best = HyperParameterTuningJobOperator(step=steps["search"], channels=data)
    model = ModelOperator(step=steps["model"], model=best.output)
    predicted = TransformJobOperator(
        step=steps["predict"], model=model.output, data=prepared.named("records")
    )
    report = ReportOperator(step=steps["report"]).as_teardown()

    [fitted, predicted] >> report


tumours_own()
