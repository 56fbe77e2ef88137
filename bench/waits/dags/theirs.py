"""The same work by the Amazon provider's operators with their defaults; see `ours.py` beside it."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerProcessingOperator,
    SageMakerTrainingOperator,
    SageMakerTransformOperator,
)
from airflow.sdk import DAG, BaseOperator

from bench.jobs import ROLE
from bench.waitjobs import (
    BUCKET,
    KINDS,
    LENGTHS,
    LONG,
    MODES,
    OUTPUT,
    PAUSE,
    SETTINGS,
    lane,
    processing,
    training,
    transform,
)


def theirs(mode: str, kind: str, seconds: int) -> BaseOperator:
    """The provider's operator with its defaults."""
    name = f"theirs-{mode}-{kind}-{seconds}-0"
    common: dict[str, Any] = {"task_id": name, "deferrable": mode == "deferring", "trigger_rule": "all_done"}
    if kind == "training":
        return SageMakerTrainingOperator(config=training(name, seconds), **common)
    if kind == "processing":
        return SageMakerProcessingOperator(config=processing(name, seconds), **common)
    if kind == "transform":
        return SageMakerTransformOperator(config=transform(name), **common)
    if kind == "query":
        return AthenaOperator(query="select 1 as one", database="default", output_location=OUTPUT, **common)
    return GlueJobOperator(
        job_name=name,
        script_location=PAUSE,
        script_args={"--seconds": str(seconds)},
        s3_bucket=BUCKET,
        num_of_dpus=0.0625,
        iam_role_arn=ROLE,
        create_job_kwargs={
            "Command": {"Name": "pythonshell", "ScriptLocation": PAUSE, "PythonVersion": "3.9"}
        },
        **common,
    )


with DAG("theirs", **SETTINGS):
    for mode in MODES:
        for seconds in (*LENGTHS, LONG):
            theirs(mode, "training", seconds)
        lane([theirs(mode, kind, seconds) for kind, seconds in KINDS.items()])
