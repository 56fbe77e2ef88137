"""The metrics an invocation leaves in CloudWatch, as SageMaker's endpoints leave them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudwatch.metrics import Metrics

NAMESPACE = "AWS/SageMaker"
OF_CALLERS = ("Invocations", "InvocationsPerInstance", "OverheadLatency")
"""Metrics an asynchronous endpoint does not have: nobody waits for it."""


def record(
    metrics: Metrics, endpoint: str, target: Mapping[str, Any], status: int, *, model: float, total: float
) -> None:
    """Record one invocation, for the variant and for the variant within its configuration.

    Args:
        metrics: Where to.
        endpoint: The endpoint's name.
        target: The server that was asked, an entry of the endpoint's route.
        status: The model's HTTP status; 0 when it gave no answer.
        model: Seconds the model took.
        total: Seconds from the request to the answer.
    """
    values = [
        ("Invocations", 1.0, "None"),
        ("InvocationsPerInstance", 1.0 / max(1, target["instances"]), "None"),
        ("Invocation4XXErrors", float(400 <= status < 500), "None"),
        ("Invocation5XXErrors", float(status >= 500 or not status), "None"),
        ("InvocationModelErrors", float(not 200 <= status < 300), "None"),
        ("ModelLatency", _microseconds(model), "Microseconds"),
        ("OverheadLatency", _microseconds(total - model), "Microseconds"),
    ]
    if target["asynchronous"]:
        values = [entry for entry in values if entry[0] not in OF_CALLERS]
    variant = {"EndpointName": endpoint, "VariantName": target["variant"]}
    for dimensions in (variant, {**variant, "EndpointConfigName": target["config"]}):
        for name, value, unit in values:
            metrics.put(NAMESPACE, name, dimensions, value, unit)


def _microseconds(seconds: float) -> float:
    """A latency to three digits, so that a second with many calls is kept in few rows."""
    return float(f"{seconds * 1e6:.3g}")
