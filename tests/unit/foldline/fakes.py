"""A SageMaker that lives in a dict, with faults on demand, and a clock that tests own. Handed in, never patched."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError


def refusal(code: str, message: str = "refused", status: int = 400) -> ClientError:
    """An error as boto3 raises it."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")


class FakeClock:
    """Time that passes only when somebody sleeps."""

    patience = 120.0

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


class FakeBucket:
    """Objects by key, with conditional puts."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_object(self, Key: str, **more: Any) -> dict[str, Any]:
        if Key not in self.objects:
            raise refusal("NoSuchKey", status=404)
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Key: str, Body: bytes, IfNoneMatch: str = "", **more: Any) -> None:
        if IfNoneMatch and Key in self.objects:
            raise refusal("PreconditionFailed", status=412)
        self.objects[Key] = Body


class FakeSageMaker:
    """Training jobs by name; each describe moves a job one step along its script.

    Attributes:
        scripts: States each new job passes through, popped from the front; the last script stays.
        faults: Called before (``moment="before"``) and after (``"after"``) each operation is done; may raise.
    """

    def __init__(self, *scripts: list[dict[str, Any]]) -> None:
        self.scripts = list(scripts) or [completed()]
        self.jobs: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str]] = []
        self.faults: Callable[[str, str, str], None] = lambda operation, name, moment: None

    def create_training_job(self, **request: Any) -> dict[str, Any]:
        name = request["TrainingJobName"]
        self._enter("create", name)
        if name in self.jobs:
            raise refusal("ResourceInUse", "a training job with this name already exists")
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        self.jobs[name] = {"request": request, "script": list(script), "tags": request["Tags"]}
        self.faults("create", name, "after")
        return {"TrainingJobArn": arn(name)}

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        self._enter("describe", TrainingJobName)
        if TrainingJobName not in self.jobs:
            raise refusal("ValidationException", "Requested resource not found.")
        script = self.jobs[TrainingJobName]["script"]
        state = script.pop(0) if len(script) > 1 else script[0]
        return {
            "TrainingJobName": TrainingJobName,
            "TrainingJobArn": arn(TrainingJobName),
            "CreationTime": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            **state,
        }

    def stop_training_job(self, TrainingJobName: str) -> None:
        self._enter("stop", TrainingJobName)
        self.jobs[TrainingJobName]["script"] = [
            {"TrainingJobStatus": "Stopped", "SecondaryStatus": "Stopped"}
        ]

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self.jobs[ResourceArn.rpartition("/")[2]]["tags"]}

    def created(self) -> list[str]:
        """Names of accepted creates, in order."""
        return list(self.jobs)

    def _enter(self, operation: str, name: str) -> None:
        self.calls.append((operation, name))
        self.faults(operation, name, "before")


def arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}"


def running() -> dict[str, Any]:
    return {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"}


def completed() -> list[dict[str, Any]]:
    return [running(), {"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"}]


def failed(reason: str) -> list[dict[str, Any]]:
    return [running(), {"TrainingJobStatus": "Failed", "SecondaryStatus": "Failed", "FailureReason": reason}]


def stopped(secondary: str = "Stopped") -> list[dict[str, Any]]:
    return [running(), {"TrainingJobStatus": "Stopped", "SecondaryStatus": secondary}]


def dropped() -> EndpointConnectionError:
    return EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
