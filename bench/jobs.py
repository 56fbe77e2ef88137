"""What a job costs on the local endpoint: one that does nothing and one that imports much, warm and cold."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from bench.measure import Row, alternated

ROLE = "arn:aws:iam::123456789012:role/foldline-jobs"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
TRIVIAL_GOAL, IMPORTS_GOAL = 0.15, 0.2
COLD = "-B"  # changes nothing here, as jobs write no bytecode, but is an option: such programs start cold
PROGRAMS = {
    "does nothing": ("pass", TRIVIAL_GOAL, 11),
    "imports pandas, scikit-learn and xgboost": (
        "import pandas, sklearn.ensemble, sklearn.linear_model, sklearn.model_selection, xgboost",
        IMPORTS_GOAL,
        5,
    ),
}
IS_WARM = "import os, sys; sys.exit('zygote.py' not in open(f'/proc/{os.getppid()}/cmdline').read())"


def training_request(name: str, program: list[str]) -> dict[str, Any]:
    """A training job with no data that runs one program."""
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": program,
        },
        "OutputDataConfig": {"S3OutputPath": "s3://foldline-local/bench/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


def rows(sagemaker: Any) -> list[Row]:
    """A job that does nothing and one that imports much, warm and cold in turn."""
    _warm_up(sagemaker)
    found = []
    for what, (code, goal, times) in PROGRAMS.items():
        warm, cold = alternated(
            partial(_run, sagemaker, ["python3", "-c", code]),
            partial(_run, sagemaker, ["python3", COLD, "-c", code]),
            times,
        )
        found.append(
            Row(
                f"training job that {what}, submit to Completed, warm",
                f"{warm:.3f} s",
                f"cold: {cold:.3f} s",
                warm / cold,
                f"at most {goal} s",
                warm <= goal,
            )
        )
    return found


def _warm_up(sagemaker: Any, seconds: float = 60.0) -> None:
    """Run jobs until one is warm: warm-ups take place in the background."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _run(sagemaker, ["python3", "-c", IS_WARM]) == "Completed":
            return
    raise TimeoutError("no job ran warm; see keeper/log in the endpoint's state folder")


def _run(sagemaker: Any, program: list[str]) -> str:
    """Run a job to its end, looking often; its status."""
    name = f"warm-{time.time_ns()}"
    sagemaker.create_training_job(**training_request(name, program))
    while True:
        status: str = sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]
        if status != "InProgress":
            return status
        time.sleep(0.002)
