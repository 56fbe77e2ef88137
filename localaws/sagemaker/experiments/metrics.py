"""Metrics that programs report of trial components: kept value by value, told as summaries."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, pstdev
from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.experiments.kinds import COMPONENT
from localaws.world import World

MAX_METRICS = 100  # different ones of a component; AWS's quota is a few hundred


class ComponentMetrics:
    """The data plane ``sagemaker-metrics``."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._components = Documents(world, COMPONENT)

    def BatchPutMetrics(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add values to a component's metrics."""
        name = request["TrialComponentName"]
        with self._store.transaction():
            metrics = self._components.need(name)["_Metrics"]
            errors = []
            for index, data in enumerate(request["MetricData"]):
                if data["MetricName"] not in metrics and len(metrics) >= MAX_METRICS:
                    errors.append({"Code": "METRIC_LIMIT_EXCEEDED", "MetricIndex": index})
                    continue
                point = [float(data["Timestamp"]), data.get("Step"), data["Value"]]
                metrics.setdefault(data["MetricName"], []).append(point)
            self._components.update(name, _Metrics=metrics)
        return {"Errors": errors} if errors else {}


def summaries(component: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics programs reported of a component, as TrialComponentMetricSummary."""
    arn = component["TrialComponentArn"]
    return [
        summary(name, arn, [(moment, value) for moment, _, value in points])
        for name, points in component.get("_Metrics", {}).items()
    ]


def summary(name: str, source: str, points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """One metric in short.

    Args:
        name: The metric.
        source: The ARN it comes from.
        points: Epoch seconds and value, in the order they came; at least one.
    """
    values = [value for _, value in points]
    return {
        "MetricName": name,
        "SourceArn": source,
        "TimeStamp": points[-1][0],
        "Max": max(values),
        "Min": min(values),
        "Last": values[-1],
        "Count": len(values),
        "Avg": fmean(values),
        "StdDev": pstdev(values),
    }
