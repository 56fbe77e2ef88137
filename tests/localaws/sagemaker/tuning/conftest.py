"""What the tests of tuning jobs share: requests whose trials run a script, and a way to wait for the end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"
ROLE = "arn:aws:iam::123456789012:role/service-role/test"
FINAL = ("Completed", "Failed", "Stopped")
PREAMBLE = """
import json, time
given = json.load(open("/opt/ml/input/config/hyperparameters.json"))
def tell(value):
    print(f"score={value!r};", flush=True)
"""


@dataclass
class Tuner:
    """Tuning jobs of one account; their trials run a script under ``PREAMBLE``."""

    account: Any

    @property
    def sagemaker(self) -> Any:
        """The SageMaker client."""
        return self.account.sagemaker

    def definition(self, script: str, **members: Any) -> dict[str, Any]:
        """A training job definition whose jobs run a script."""
        source = self.account.put(
            f"source/{uuid.uuid4().hex}.tar.gz", self.account.archive(train_py=PREAMBLE + script)
        )
        static = {"sagemaker_program": "train.py", "sagemaker_submit_directory": source}
        return {
            "StaticHyperParameters": {**static, **members.pop("static", {})},
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "score", "Regex": "score=(.*?);"}],
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": self.account.uri("out")},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **members,
        }

    def request(
        self, script: str, *, ranges: dict, jobs: int | None = None, parallel: int = 1, **config: Any
    ) -> dict:
        """A request for a tuning job that maximizes ``score``; members of its config, and ``static``, by keyword."""
        limits = {"MaxParallelTrainingJobs": parallel, **({"MaxNumberOfTrainingJobs": jobs} if jobs else {})}
        definition = self.definition(script, static=config.pop("static", {}))
        return {
            "HyperParameterTuningJobName": f"tune-{uuid.uuid4().hex[:12]}",
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
                "ResourceLimits": limits,
                "ParameterRanges": ranges,
                **config,
            },
            "TrainingJobDefinition": definition,
        }

    def create(self, request: dict[str, Any]) -> str:
        """Start a tuning job; its name."""
        self.sagemaker.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def tuned(self, name: str) -> dict[str, Any]:
        """A tuning job's description when it has ended."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            if found["HyperParameterTuningJobStatus"] in FINAL:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{name} never ended")

    def tune(self, script: str, **parts: Any) -> dict[str, Any]:
        """Run a tuning job to its end; its description."""
        return self.tuned(self.create(self.request(script, **parts)))

    def trials(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        """A tuning job's trials, in order of their start unless asked otherwise."""
        pages = self.sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, **{"SortBy": "Name", "SortOrder": "Ascending", **filters}
        )
        return [trial for page in pages for trial in page["TrainingJobSummaries"]]

    def wait_for_trials(self, name: str, count: int) -> None:
        """Wait until a tuning job has started some trials."""
        deadline = time.monotonic() + 30
        while len(self.trials(name)) < count:
            assert time.monotonic() < deadline, f"{name} never had {count} trials"
            time.sleep(0.01)

    def wait_for_trial(self, name: str) -> str:
        """Wait until a tuning job has a trial whose program runs; its name."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for trial in self.trials(name):
                job = self.sagemaker.describe_training_job(TrainingJobName=trial["TrainingJobName"])
                if job["SecondaryStatus"] == "Training":
                    return trial["TrainingJobName"]
            time.sleep(0.02)
        raise AssertionError(f"no trial of {name} ever ran")


@pytest.fixture
def tuner(account: Any) -> Tuner:
    """Tuning jobs at the session's endpoint."""
    return Tuner(account)


@pytest.fixture
def own_tuner(own_account: Callable[..., tuple[Any, Any]]) -> Callable[[], tuple[Any, Tuner]]:
    """Starts an endpoint of a test's own, again on the same state if asked twice: (endpoint, tuning jobs)."""

    def make() -> tuple[Any, Tuner]:
        endpoint, account = own_account()
        return endpoint, Tuner(account)

    return make
