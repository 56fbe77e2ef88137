"""Rollouts as data."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.rollout import Observed, Wanted, fault, missing_calls

WANTED = Wanted(
    {"ModelName": "m"},
    {"EndpointConfigName": "new"},
    {"EndpointName": "e", "EndpointConfigName": "new", "Tags": []},
)


def endpoint(status: str = "InService", config: str = "old", **more: Any) -> dict[str, Any]:
    return {"EndpointStatus": status, "EndpointConfigName": config, **more}


def test_a_first_deployment_creates_all_three() -> None:
    """
    Model, then config, then endpoint.
    """
    calls = missing_calls(Observed(model=False, config=False, endpoint=None), WANTED)

    assert ["create_model", "create_endpoint_config", "create_endpoint"] == [call.method for call in calls]


def test_another_config_is_an_update() -> None:
    """
    The endpoint keeps its name; only what is missing is called.
    """
    calls = missing_calls(Observed(model=True, config=False, endpoint=endpoint()), WANTED)

    assert ["create_endpoint_config", "update_endpoint"] == [call.method for call in calls]
    assert {"EndpointName": "e", "EndpointConfigName": "new"} == calls[-1].request


def test_deploying_what_serves_calls_nothing() -> None:
    """
    A redeploy of the same model changes nothing.
    """
    assert [] == missing_calls(Observed(model=True, config=True, endpoint=endpoint(config="new")), WANTED)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (endpoint(), "rolled back"),
        (endpoint("UpdateRollbackFailed", "new"), "UpdateRollbackFailed"),
        (endpoint("OutOfService", "new"), "OutOfService"),
        (endpoint("Failed", "new", FailureReason="ping"), "ping"),
        (endpoint(config="new", PendingDeploymentSummary={"EndpointConfigName": "x"}), "pending"),
        (endpoint("SomethingNew", "new"), "SomethingNew"),
    ],
)
def test_in_service_alone_is_no_success(seen: dict[str, Any], words: str) -> None:
    """
    A rolled-back, broken, pending or unknown state is told.
    """
    assert words in fault(seen, "new")


def test_the_wanted_config_in_service_is_success() -> None:
    """
    Status, config and no pending deployment: nothing to tell.
    """
    assert "" == fault(endpoint(config="new"), "new")
