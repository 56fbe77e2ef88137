"""What one job costs on the local endpoint when its program does nothing."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from bench.measure import Row

GOAL = 0.3
ROLE = "arn:aws:iam::123456789012:role/foldline-jobs"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"


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


def trivial(sagemaker: Any, name: str) -> float:
    """Seconds from submit to Completed of a training job that does nothing."""
    began = time.perf_counter()
    sagemaker.create_training_job(**training_request(name, ["python3", "-c", "pass"]))
    while (
        status := sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]
    ) == "InProgress":
        time.sleep(0.002)
    assert status == "Completed", status
    return time.perf_counter() - began


def rows(sagemaker: Any, times: int = 21) -> list[Row]:
    """The median trivial job."""
    stamp = int(time.time())
    took = median(trivial(sagemaker, f"trivial-{stamp}-{number}") for number in range(times))
    goal = f"at most {GOAL} s"
    return [Row("trivial training job, submit to Completed", f"{took:.3f} s", goal=goal, met=took <= GOAL)]
