"""Deployments on the local endpoint: tiny models that say a number, an AWS that may be killed at any call."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from deploy.rollout import BROKEN, Wanted, change, fault
from foldline.layout import S3Uri
from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.hosting.deployment import Deployed, Deployment, Plan
from foldline.remote.hosting.endpoints import Endpoints, Known
from foldline.remote.hosting.locks import Lock
from foldline.remote.hosting.models import ensure_model
from foldline.remote.memory import Memory
from foldline.waiting import Deferring, Staying, Suspended

ACCOUNT, BUCKET = "123456789012", "deployments"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/jobs"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"
SERVE = """
def model_fn(folder):
    {load}
def transform_fn(model, data, content_type, accept):
    return "{answer}", "text/csv"
"""
CHANGES = ("create_model", "create_endpoint_config", "create_endpoint", "update_endpoint")
BUDGET = 60.0


class Killed(BaseException):
    """The worker is gone: no code of ours may catch this."""


@dataclass
class Fragile:
    """A client that dies right before or right after its n-th change.

    Attributes:
        client: boto3's.
        at: Which change, from 1; 0 never.
        after: Whether AWS still gets it.
        calls: Changes that AWS got.
    """

    client: Any
    at: int = 0
    after: bool = False
    calls: list[str] = field(default_factory=list)
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        if name not in CHANGES:
            return getattr(self.client, name)

        def change(**request: Any) -> Any:
            self.asked += 1
            if self.asked == self.at and not self.after:
                raise Killed
            self.calls.append(name)
            answer = getattr(self.client, name)(**request)
            if self.asked == self.at:
                raise Killed
            return answer

        return change


@dataclass
class Bed:
    """Deployments of one endpoint.

    Attributes:
        client: boto3 clients by service.
        name: The endpoint.
    """

    client: Callable[[str], Any]
    name: str

    def model(self, answer: float, load: str = "return 1") -> str:
        """S3 address of a model that answers every record alike."""
        body, packed = SERVE.format(load=load, answer=answer).encode(), io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            member = tarfile.TarInfo("code/inference.py")
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
        key = f"{self.name}/{answer}-{abs(hash(load))}/model.tar.gz"
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=packed.getvalue())
        return f"s3://{BUCKET}/{key}"

    def wanted(self, artifact: str) -> Wanted:
        """Model, config and endpoint for an artifact."""
        tail = f"{self.name}-{artifact.split('/')[-2].replace('.', '-')}"[:60]
        container = {
            "Image": IMAGE,
            "ModelDataUrl": artifact,
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
        variant = {
            "VariantName": "main",
            "ModelName": tail,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
        }
        return Wanted(
            {"ModelName": tail, "PrimaryContainer": container, "ExecutionRoleArn": ROLE},
            {"EndpointConfigName": tail, "ProductionVariants": [variant]},
            {"EndpointName": self.name, "EndpointConfigName": tail},
        )

    def lock(self, task: str, **members: Any) -> Lock:
        """The endpoint's lock, as one task sees it."""
        clock = SystemClock(10.0)
        lock = Lock(
            self.client("s3"),
            ACCOUNT,
            S3Uri(BUCKET, f"locks/{self.name}.json"),
            task,
            BUDGET,
            S3Uri(BUCKET, f"{self.name}/{task}/run.json"),
            clock,
            Staying(clock),
            Backoff(0.02, 0.1),
        )
        return replace(lock, **members)

    def deployment(
        self, task: str, artifact: str, answer: float, *, sagemaker: Any = None, defer: bool = False
    ) -> Deployment:
        """One task's deployment of an artifact that is known to answer ``answer``."""
        wanted, clock = self.wanted(artifact), SystemClock(10.0)
        client = sagemaker or self.client("sagemaker")
        waits = Deferring(clock, patience=0.0) if defer else Staying(clock)
        endpoints = Endpoints(client, self.client("sagemaker-runtime"), clock, waits, Backoff(0.05, 0.2))
        config = wanted.config["EndpointConfigName"]

        def prepare() -> None:
            ensure_model(client, clock, wanted.model)
            if not endpoints.exists("describe_endpoint_config", EndpointConfigName=config):
                endpoints.carry_out("create_endpoint_config", wanted.config)

        def next_call(endpoint: dict[str, Any] | None, counts: dict[str, int]) -> tuple[str, dict[str, Any]]:
            found = change(endpoint, counts, wanted)
            return found.method, found.request

        return Deployment(
            endpoints,
            Memory(self.client("s3"), S3Uri(BUCKET, f"{self.name}/{task}/memory/"), ACCOUNT),
            self.lock(task, waits=waits),
            Plan(self.name, config, prepare, next_call, lambda seen: fault(seen, config), BROKEN),
            Known(("1,2",), (answer,)),
            1e-6,
            BUDGET,
        )

    def deploy(self, task: str, answer: float, **members: Any) -> Deployed:
        """Deploy a model that answers ``answer``."""
        return self.deployment(task, self.model(answer), answer, **members).carry_out()

    def deferring(self, make: Callable[[], Deployment]) -> tuple[Deployed, int]:
        """A deployment whose every wait lets go of the worker; and how many times it was run from its start."""
        looks = 0
        while True:
            looks += 1
            try:
                return make().carry_out(), looks
            except Suspended as suspended:
                Staying(SystemClock()).pause(0.1, suspended.watch)

    def served(self) -> dict[str, Any]:
        """DescribeEndpoint's answer."""
        return self.client("sagemaker").describe_endpoint(EndpointName=self.name)
