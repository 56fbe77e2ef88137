"""Rollouts as data."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.rollout import Call, Wanted, change, fault

WANTED = Wanted(
    {"ModelName": "m"},
    {"EndpointConfigName": "new", "ProductionVariants": [{"VariantName": "main", "InitialInstanceCount": 2}]},
    {"EndpointName": "e", "EndpointConfigName": "new", "Tags": []},
)


def endpoint(status: str = "InService", config: str = "old", **more: Any) -> dict[str, Any]:
    return {"EndpointStatus": status, "EndpointConfigName": config, **more}


def test_a_first_deployment_creates_the_endpoint() -> None:
    """
    There is nothing to keep.
    """
    assert Call("create_endpoint", WANTED.endpoint) == change(None, {}, WANTED)


@pytest.mark.parametrize(
    ("served", "kept"), [({"main": 2}, True), ({"main": 1}, False), ({"other": 2}, False)]
)
def test_an_update_keeps_what_autoscaling_set_unless_the_settings_ask_for_another_count(
    served: dict[str, int], kept: bool
) -> None:
    """
    Counts and weights survive a new model; a count that was edited is applied.
    """
    call = change(endpoint(), served, WANTED)

    assert "update_endpoint" == call.method
    assert {
        "EndpointName": "e",
        "EndpointConfigName": "new",
        "RetainAllVariantProperties": kept,
    } == call.request


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
