"""What happens when the endpoint answers known records with something else than batch transform did."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from foldline.aws import Clients
from foldline.config import load_pipeline
from foldline.errors import DeploymentError
from foldline.layout import S3Uri
from operators.endpoint import EndpointOperator
from operators.steprun import Place, StepRun
from tests.e2e.conftest import Demo

pytestmark = pytest.mark.xdist_group("flight_delays")


NUMBERS = count(1)


class Deployment:
    """The deploy step of the demo's run, done again with other settings or other expectations."""

    def __init__(self, demo: Demo, record: dict[str, Any]) -> None:
        self.demo = demo
        self.results = {task["step"]: task["result"] for task in record["tasks"]}
        pipeline = load_pipeline("flight_delays", root=demo.project.root)
        # Each is a task of its own: one that is done again remembers what served before its first try.
        self.run_number = next(NUMBERS)
        self.run = StepRun(
            pipeline,
            "deploy",
            Place("flight_delays", record["run_id"], "deploy", epoch=self.run_number),
            Clients(pipeline.environment),
        )

    def deploy(self, predictions: dict[str, Any]) -> None:
        operator = EndpointOperator(
            step="flight_delays.deploy", package=self.results["register"], predictions=predictions
        )
        operator.work(self.run)

    def shifted(self, by: float) -> dict[str, Any]:
        """Predictions that lie: every probability moved."""
        source = S3Uri.parse(self.results["transform"]["uri"])
        target = S3Uri(source.bucket, source.key.rstrip("/") + "-shifted/")
        for item in self.run.objects.below(source):
            lines = self.run.objects.get_bytes(item.uri).decode().splitlines()
            moved = [f"{line.rpartition(',')[0]},{float(line.rpartition(',')[2]) + by!r}" for line in lines]
            self.run.objects.put_bytes(target / item.uri.name, "\n".join(moved).encode(), "text/csv")
        return {**self.results["transform"], "uri": str(target)}


@pytest.fixture
def deployment(demo: Demo, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Deployment:
    for name in ("AWS_ENDPOINT_URL", "FOLDLINE_ROOT"):
        monkeypatch.setenv(name, demo.project.variables[name])
    monkeypatch.delenv("FOLDLINE_ENV", raising=False)
    return Deployment(demo, record)


def served(client: Callable[..., Any], endpoint: str) -> dict[str, Any]:
    return client("sagemaker").describe_endpoint(EndpointName=endpoint)


def test_a_wrong_answer_brings_the_old_config_back(
    demo: Demo, deployment: Deployment, client: Callable[..., Any]
) -> None:
    """
    The update went through and the known records do not answer: the task fails and the old config serves on.
    """
    endpoint = demo.first["endpoint"]
    before = served(client, endpoint)["EndpointConfigName"]
    demo.project.edit("infra/flight_delays/deploy.yaml", "instances: 2", "instances: 1")
    try:
        again = Deployment(demo, {"tasks": [], "run_id": deployment.run.place.run_id})
        again.results = deployment.results

        with pytest.raises(DeploymentError, match="answers known record 0"):
            again.deploy(deployment.shifted(0.1))
    finally:
        demo.project.edit("infra/flight_delays/deploy.yaml", "instances: 1", "instances: 2")

    after = served(client, endpoint)
    assert ("InService", before) == (after["EndpointStatus"], after["EndpointConfigName"])


def test_a_first_deployment_that_answers_wrongly_is_taken_down(
    demo: Demo, deployment: Deployment, client: Callable[..., Any]
) -> None:
    """
    There is nothing to go back to, so nothing serves.
    """
    demo.project.edit("infra/flight_delays/deploy.yaml", "endpoint: flight-delays", "endpoint: first-try")
    try:
        first = Deployment(demo, {"tasks": [], "run_id": deployment.run.place.run_id})
        first.results = deployment.results

        with pytest.raises(DeploymentError, match="answers known record 0"):
            first.deploy(deployment.shifted(0.1))
    finally:
        demo.project.edit("infra/flight_delays/deploy.yaml", "endpoint: first-try", "endpoint: flight-delays")

    names = [item["EndpointName"] for item in client("sagemaker").list_endpoints()["Endpoints"]]
    assert "first-try" not in names


def test_deploying_what_serves_changes_nothing(
    demo: Demo, deployment: Deployment, client: Callable[..., Any]
) -> None:
    """
    The same package again: no create, no update, and the records are asked all the same.
    """
    deployment.deploy(deployment.results["transform"])
    before = served(client, demo.first["endpoint"])["LastModifiedTime"]

    deployment.deploy(deployment.results["transform"])

    assert before == served(client, demo.first["endpoint"])["LastModifiedTime"]
    assert "unchanged" == deployment.run.evidence["action"]


def test_a_package_that_nobody_approved_is_not_deployed(
    demo: Demo, deployment: Deployment, client: Callable[..., Any]
) -> None:
    """
    The registry is asked at the moment of the deployment; what serves is not touched.
    """
    sagemaker, package = client("sagemaker"), deployment.results["register"]["arn"]
    before = served(client, demo.first["endpoint"])["LastModifiedTime"]
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="PendingManualApproval")
    try:
        with pytest.raises(DeploymentError, match="is PendingManualApproval; nothing was changed"):
            deployment.deploy(deployment.results["transform"])
    finally:
        sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")

    assert before == served(client, demo.first["endpoint"])["LastModifiedTime"]
