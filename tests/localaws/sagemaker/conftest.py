"""What SageMaker's tests share: an account's clients with a bucket, and requests cut down to what a test is about."""

from __future__ import annotations

import functools
import io
import tarfile
import textwrap
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

ECR = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
IMAGE = f"{ECR}/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/service-role/test"
SOON = {"Delay": 0.02, "MaxAttempts": 3000}


def fresh(word: str) -> str:
    """A name nothing else has."""
    return f"{word}-{uuid.uuid4().hex[:12]}"


def archive(**files: str) -> bytes:
    """A ``.tar.gz`` of files by path, ``__`` standing for ``/``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            data = textwrap.dedent(text).encode()
            member = tarfile.TarInfo(
                name.replace("__", "/").removesuffix("_py") + (".py" if name.endswith("_py") else "")
            )
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@dataclass
class Account:
    """One account's clients of one endpoint, and a bucket of a test's own."""

    clients: Callable[[str], Any]
    bucket: str

    @property
    def sagemaker(self) -> Any:
        """The SageMaker client."""
        return self.clients("sagemaker")

    # S3 and logs

    def archive(self, **files: str) -> bytes:
        """A ``.tar.gz`` of files by path, ``__`` standing for ``/`` and a last ``_py`` for ``.py``."""
        return archive(**files)

    def put(self, key: str, data: str | bytes) -> str:
        """Store an object; its URI."""
        self.clients("s3").put_object(Bucket=self.bucket, Key=key, Body=data)
        return self.uri(key)

    def get(self, key: str) -> bytes:
        """An object's bytes."""
        return self.clients("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix: str = "") -> list[str]:
        """The keys under a prefix."""
        pages = (
            self.clients("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def uri(self, key: str) -> str:
        """The URI of a key in the bucket."""
        return f"s3://{self.bucket}/{key}"

    def members(self, key: str) -> dict[str, str]:
        """The files of a ``.tar.gz`` object."""
        with tarfile.open(fileobj=io.BytesIO(self.get(key))) as tar:
            files = [member for member in tar if member.isfile()]
            return {member.name: tar.extractfile(member).read().decode() for member in files}

    def log(self, kind: str, name: str) -> dict[str, list[str]]:
        """The lines of every log stream of a job or an endpoint, by stream."""
        logs, group = self.clients("logs"), f"/aws/sagemaker/{kind}"
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)["logStreams"]
        return {
            stream["logStreamName"]: [
                event["message"]
                for event in logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
                )["events"]
            ]
            for stream in streams
        }

    def wait_for_line(self, kind: str, name: str, line: str) -> None:
        """Wait until a job's or an endpoint's log has a line."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if any(line in lines for lines in self.log(kind, name).values()):
                    return
            except ClientError:  # there is no log group before the first line
                pass
            time.sleep(0.05)
        raise AssertionError(f"the log of {name} never had the line {line!r}")

    def wait_for_object(self, key: str, data: bytes) -> None:
        """Wait until an object holds some bytes."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.get(key) == data:
                    return
            except ClientError:  # there is no object yet
                pass
            time.sleep(0.05)
        raise AssertionError(f"{key} never held {data!r}")

    # training

    def channel(
        self, name: str, uri: str, kind: str = "S3Prefix", distribution: str = "FullyReplicated"
    ) -> dict:
        """A training channel."""
        source = {"S3DataType": kind, "S3Uri": uri, "S3DataDistributionType": distribution}
        return {"ChannelName": name, "DataSource": {"S3DataSource": source}}

    def training_request(self, script: str = "pass", **members: Any) -> dict[str, Any]:
        """A request for a training job that runs a script, which arrives as the channel ``code``."""
        name = fresh("train")
        self.put(f"{name}/code/script.py", textwrap.dedent(script))
        code = self.channel("code", self.uri(f"{name}/code/"))
        request = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/script.py"],
            },
            "OutputDataConfig": {"S3OutputPath": self.uri("out")},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **members,
        }
        return {**request, "InputDataConfig": [code, *members.get("InputDataConfig", [])]}

    def train(self, script: str = "pass", **members: Any) -> dict[str, Any]:
        """Run a training job to its end; its description."""
        request = self.training_request(script, **members)
        self.sagemaker.create_training_job(**request)
        return self.trained(request["TrainingJobName"])

    def trained(self, name: str) -> dict[str, Any]:
        """A training job's description when it has ended."""
        self._wait("training_job_completed_or_stopped", TrainingJobName=name)
        return self.sagemaker.describe_training_job(TrainingJobName=name)

    # processing

    def processing_request(self, script: str, **members: Any) -> dict[str, Any]:
        """A request for a processing job that runs a script, which arrives as the input ``code``."""
        name = fresh("process")
        self.put(f"{name}/code/script.py", textwrap.dedent(script))
        request = {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "AppSpecification": {
                "ImageUri": f"{ECR}/sagemaker-scikit-learn:1.2-1",
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/script.py"],
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
            },
            **members,
        }
        code = self.input("code", self.uri(f"{name}/code/"))
        return {**request, "ProcessingInputs": [code, *members.get("ProcessingInputs", [])]}

    def input(self, name: str, uri: str, path: str = "", **members: Any) -> dict[str, Any]:
        """A processing input, under ``/opt/ml/processing/input/<name>`` unless said otherwise."""
        source = {
            "S3Uri": uri,
            "LocalPath": path or f"/opt/ml/processing/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            **members,
        }
        return {"InputName": name, "S3Input": source}

    def output(self, name: str, uri: str, **members: Any) -> dict[str, Any]:
        """A processing output under ``/opt/ml/processing/<name>``."""
        target = {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/{name}",
            "S3UploadMode": "EndOfJob",
            **members,
        }
        return {"OutputName": name, "S3Output": target}

    def process(self, script: str, **members: Any) -> dict[str, Any]:
        """Run a processing job to its end; its description."""
        request = self.processing_request(script, **members)
        self.sagemaker.create_processing_job(**request)
        return self.processed(request["ProcessingJobName"])

    def processed(self, name: str) -> dict[str, Any]:
        """A processing job's description when it has ended."""
        self._wait("processing_job_completed_or_stopped", ProcessingJobName=name)
        return self.sagemaker.describe_processing_job(ProcessingJobName=name)

    # models, transforms, endpoints

    def model(self, inference: str, *, image: str = IMAGE, **files: str) -> str:
        """Create a model around an inference script; its name."""
        name = fresh("model")
        data = self.put(f"{name}/model.tar.gz", archive(code__inference_py=inference, **files))
        container = {"Image": image, "ModelDataUrl": data}
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        return name

    def transform_request(self, model: str, uri: str, **members: Any) -> dict[str, Any]:
        """A request for a transform of CSV lines."""
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
        request: dict[str, Any] = {
            "TransformJobName": fresh("transform"),
            "ModelName": model,
            "TransformInput": {"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
            "TransformOutput": {
                "S3OutputPath": self.uri("scores"),
                "Accept": "text/csv",
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        for name, value in members.items():
            both = isinstance(value, dict) and isinstance(request.get(name), dict)
            request[name] = {**request[name], **value} if both else value
        return request

    def transform(self, model: str, uri: str, **members: Any) -> dict[str, Any]:
        """Run a transform job to its end; its description."""
        request = self.transform_request(model, uri, **members)
        self.sagemaker.create_transform_job(**request)
        return self.transformed(request["TransformJobName"])

    def transformed(self, name: str) -> dict[str, Any]:
        """A transform job's description when it has ended."""
        self._wait("transform_job_completed_or_stopped", TransformJobName=name)
        return self.sagemaker.describe_transform_job(TransformJobName=name)

    def config(self, **models: str | tuple[str, float]) -> str:
        """Create an endpoint configuration of variants by name, each a model or (model, weight); its name."""
        name = fresh("config")
        pairs = {key: value if isinstance(value, tuple) else (value, 1.0) for key, value in models.items()}
        variants = [
            {
                "VariantName": key,
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
            for key, (model, weight) in pairs.items()
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        return name

    def endpoint(self, config: str) -> dict[str, Any]:
        """Create an endpoint and wait until it serves or failed; its description."""
        name = fresh("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return self.settled(name)

    def settled(self, name: str) -> dict[str, Any]:
        """An endpoint's description when it serves or failed."""
        self._wait("endpoint_in_service", EndpointName=name)
        return self.sagemaker.describe_endpoint(EndpointName=name)

    def invoke(self, endpoint: str, body: bytes = b"1", **members: Any) -> dict[str, Any]:
        """Call an endpoint; the answer with its body read."""
        request = {"EndpointName": endpoint, "Body": body, "ContentType": "text/csv", **members}
        answer = self.clients("sagemaker-runtime").invoke_endpoint(**request)
        return {**answer, "Body": answer["Body"].read()}

    def _wait(self, waiter: str, **name: str) -> None:
        try:
            self.sagemaker.get_waiter(waiter).wait(**name, WaiterConfig=SOON)
        except WaiterError as error:
            if "Max attempts" in str(error):
                raise


@pytest.fixture
def account(client: Callable, bucket: str) -> Account:
    """An account at the session's endpoint."""
    return Account(client, bucket)


@pytest.fixture
def own_account(start: Callable, connect: Callable, tmp_path: Path) -> Callable[..., tuple[Any, Account]]:
    """Starts an endpoint of a test's own, again on the same state if asked twice: (endpoint, account)."""

    def make(*options: str) -> tuple[Any, Account]:
        endpoint = start(tmp_path / "state", 0, *options)
        account = Account(functools.cache(functools.partial(connect, endpoint)), "bucket")
        if not account.clients("s3").list_buckets()["Buckets"]:
            account.clients("s3").create_bucket(Bucket="bucket")
        return endpoint, account

    return make
