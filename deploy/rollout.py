"""Rollouts as data: what is observed and what is wanted → the missing calls. Read by Airflow; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BROKEN = frozenset({"Failed", "OutOfService", "UpdateRollbackFailed"})
"""Endpoint states that no waiting mends."""


@dataclass(frozen=True)
class Call:
    """One AWS call: boto3 method and request."""

    method: str
    request: dict[str, Any]


@dataclass(frozen=True)
class Observed:
    """What exists before the rollout.

    Attributes:
        model: Whether the wanted model exists.
        config: Whether the wanted endpoint config exists.
        endpoint: DescribeEndpoint's answer, or None.
    """

    model: bool
    config: bool
    endpoint: Mapping[str, Any] | None


@dataclass(frozen=True)
class Wanted:
    """What is to serve: three create requests with content-addressed names."""

    model: dict[str, Any]
    config: dict[str, Any]
    endpoint: dict[str, Any]


def missing_calls(observed: Observed, wanted: Wanted) -> list[Call]:
    """The calls between what is observed and what is wanted, in order; none when the wanted config serves.

    The endpoint must be at rest (see :meth:`foldline.remote.endpoints.Endpoints.at_rest`).
    """
    calls = []
    if not observed.model:
        calls.append(Call("create_model", wanted.model))
    if not observed.config:
        calls.append(Call("create_endpoint_config", wanted.config))
    if observed.endpoint is None:
        calls.append(Call("create_endpoint", wanted.endpoint))
    elif observed.endpoint["EndpointConfigName"] != wanted.endpoint["EndpointConfigName"]:
        members = ("EndpointName", "EndpointConfigName")
        calls.append(Call("update_endpoint", {name: wanted.endpoint[name] for name in members}))
    return calls


def fault(endpoint: Mapping[str, Any], wanted_config: str) -> str:
    """Why the endpoint at rest does not serve what is wanted; empty when it does.

    ``InService`` alone is no success: a rolled-back update is InService on the old config.
    """
    status, config = endpoint["EndpointStatus"], endpoint.get("EndpointConfigName")
    reason = endpoint.get("FailureReason") or "no reason given"
    if status in BROKEN:
        return f"the endpoint is {status}: {reason}"
    if status != "InService":
        return f"the endpoint is {status}"
    if config != wanted_config:
        return f"the update was rolled back: {config} serves instead of {wanted_config}: {reason}"
    if endpoint.get("PendingDeploymentSummary"):
        return "a deployment is still pending"
    return ""
