"""Rollouts as data: what is observed and what is wanted → the missing calls. Read by Airflow; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foldline.errors import DeploymentError

BROKEN = frozenset({"Failed", "OutOfService", "UpdateRollbackFailed"})
"""Endpoint states that no waiting mends."""


@dataclass(frozen=True)
class Call:
    """One AWS call: boto3 method and request."""

    method: str
    request: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is to serve: three create requests with content-addressed names."""

    model: dict[str, Any]
    config: dict[str, Any]
    endpoint: dict[str, Any]


def change(endpoint: Mapping[str, Any] | None, counts: Mapping[str, int], wanted: Wanted) -> Call:
    """The call that lets the wanted config serve.

    An update keeps the instance counts and weights that autoscaling set, unless the settings now ask for
    other counts than those of the config that serves.

    Args:
        endpoint: DescribeEndpoint's answer, at rest and serving another config; None when there is none.
        counts: Instances by variant, as the config that serves asks for them.
        wanted: What is to serve.

    Raises:
        DeploymentError: The variants have other names than those that serve. AWS would switch all traffic at
            once, watch no alarm, and forget the variants' autoscaling.
    """
    if endpoint is None:
        return Call("create_endpoint", wanted.endpoint)
    served = sorted(variant["VariantName"] for variant in endpoint.get("ProductionVariants", ()))
    named = sorted(variant["VariantName"] for variant in wanted.config.get("ProductionVariants", ()))
    if served and served != named:
        raise DeploymentError(
            f"endpoint {wanted.endpoint['EndpointName']} serves variants {', '.join(served)}, "
            f"the settings name {', '.join(named)}; nothing was changed",
            where=str(endpoint.get("EndpointArn", "")),
            mend="put back `variant`, which never changes; another name needs another endpoint",
        )
    asked = {
        variant["VariantName"]: variant.get("InitialInstanceCount")
        for variant in wanted.config.get("ProductionVariants", ())
    }
    return Call(
        "update_endpoint",
        {
            "EndpointName": wanted.endpoint["EndpointName"],
            "EndpointConfigName": wanted.endpoint["EndpointConfigName"],
            "RetainAllVariantProperties": asked == dict(counts),
        },
    )


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
