"""Built-in algorithms as a user meets them: jobs, endpoints and transforms at the session's endpoint."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from botocore.exceptions import ClientError, WaiterError

REGISTRY = "382416733822.dkr.ecr.us-east-1.amazonaws.com"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::123456789012:role/test"
SOON = {"Delay": 0.05, "MaxAttempts": 1200}


def csv(*columns: Any) -> bytes:
    """Columns side by side as CSV."""
    buffer = io.StringIO()
    np.savetxt(buffer, np.column_stack(columns), delimiter=",", fmt="%.9g")
    return buffer.getvalue().encode()


@dataclass
class Lab:
    """Trains and serves built-in algorithms."""

    clients: Callable[[str], Any]
    bucket: str

    def put(self, key: str, body: bytes) -> str:
        """Store an object; its URI."""
        self.clients("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        """An object's bytes."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    def image(self, algorithm: str) -> str:
        """The image of an algorithm."""
        return XGBOOST if algorithm == "xgboost" else f"{REGISTRY}/{algorithm}:1"

    def request(
        self, algorithm: str, channels: dict[str, bytes], content_type: str, **hyperparameters: Any
    ) -> dict[str, Any]:
        """A training job's request; channels hold a file each."""
        name = f"{algorithm}-{uuid.uuid4().hex[:12]}"
        inputs = [
            {
                "ChannelName": channel,
                "ContentType": content_type,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": self.put(f"{name}/{channel}/data", data).removesuffix("data"),
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
            for channel, data in channels.items()
        ]
        return {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": self.image(algorithm), "TrainingInputMode": "File"},
            "InputDataConfig": inputs,
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
            "HyperParameters": {key: str(value) for key, value in hyperparameters.items()},
        }

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run a training job to its end; its description."""
        self.clients("sagemaker").create_training_job(**request)
        return self.ended(request["TrainingJobName"])

    def ended(self, name: str) -> dict[str, Any]:
        """A training job's description when it has ended."""
        sagemaker = self.clients("sagemaker")
        try:
            sagemaker.get_waiter("training_job_completed_or_stopped").wait(
                TrainingJobName=name, WaiterConfig=SOON
            )
        except WaiterError as error:
            if "Max attempts" in str(error):
                raise
        return sagemaker.describe_training_job(TrainingJobName=name)

    def train(
        self, algorithm: str, channels: dict[str, bytes], content_type: str = "text/csv", **values: Any
    ) -> dict[str, Any]:
        """Train with success; the job's description."""
        job = self.run(self.request(algorithm, channels, content_type, **values))
        assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
        return job

    def refused(
        self, algorithm: str, channels: dict[str, bytes], content_type: str = "text/csv", **values: Any
    ) -> str:
        """Train in vain; the FailureReason."""
        job = self.run(self.request(algorithm, channels, content_type, **values))
        assert "Failed" == job["TrainingJobStatus"]
        return job["FailureReason"]

    def log(self, job: dict[str, Any]) -> list[str]:
        """The lines of a training job's log."""
        logs, group = self.clients("logs"), "/aws/sagemaker/TrainingJobs"
        found = logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=job["TrainingJobName"] + "/"
        )
        [stream] = found["logStreams"]
        events = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )
        return [event["message"] for event in events["events"]]

    def wait_for_line(self, job: dict[str, Any], beginning: str) -> None:
        """Wait until a training job's log has a line that begins so."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if any(line.startswith(beginning) for line in self.log(job)):
                    return
            except (ClientError, ValueError):  # no group, or no stream, before the first line
                pass
            time.sleep(0.05)
        raise AssertionError(f"the log never had a line {beginning!r}")

    def metrics(self, job: dict[str, Any]) -> dict[str, float]:
        """A job's final metrics by name."""
        return {one["MetricName"]: one["Value"] for one in job["FinalMetricDataList"]}

    def model(self, job: dict[str, Any]) -> str:
        """Create the model of a training job; its name."""
        name = f"model-{uuid.uuid4().hex[:12]}"
        container = {
            "Image": job["AlgorithmSpecification"]["TrainingImage"],
            "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        }
        self.clients("sagemaker").create_model(
            ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE
        )
        return name

    def endpoint(self, job: dict[str, Any]) -> Callable[..., bytes]:
        """Deploy a training job's model; asks it: ``ask(body, content_type, accept)``."""
        sagemaker, model = self.clients("sagemaker"), self.model(job)
        variant = {
            "VariantName": "all",
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=model, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=model, EndpointConfigName=model)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=model, WaiterConfig=SOON)

        def ask(body: bytes, content_type: str = "text/csv", accept: str = "") -> bytes:
            answer = self.clients("sagemaker-runtime").invoke_endpoint(
                EndpointName=model,
                Body=body,
                ContentType=content_type,
                **({"Accept": accept} if accept else {}),
            )
            return answer["Body"].read()

        return ask

    def predictions(self, ask: Callable[..., bytes], body: bytes, content_type: str = "text/csv") -> list:
        """The predictions for a request, by the JSON form."""
        return json.loads(ask(body, content_type, "application/json"))["predictions"]

    def transform(self, job: dict[str, Any], body: bytes, given: dict, output: dict) -> bytes:
        """The ``.out`` object of a transform job over one object."""
        name = f"transform-{uuid.uuid4().hex[:12]}"
        self.put(f"{name}/in/data", body)
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/{name}/in/"}}
        sagemaker = self.clients("sagemaker")
        sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=self.model(job),
            TransformInput={"DataSource": source, **given},
            TransformOutput={"S3OutputPath": f"s3://{self.bucket}/{name}/out", **output},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        sagemaker.get_waiter("transform_job_completed_or_stopped").wait(
            TransformJobName=name, WaiterConfig=SOON
        )
        return self.get(f"s3://{self.bucket}/{name}/out/data.out")
