"""Endpoints: what serves, and how it is doing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from localaws.ui.logs import last_lines
from localaws.ui.view import PAGE, Asker, NotThere, View

SETTLED = ("InService", "Failed", "OutOfService", "UpdateRollbackFailed")
FIGURES = (
    ("Invocations", "Sum"),
    ("Invocation4XXErrors", "Sum"),
    ("Invocation5XXErrors", "Sum"),
    ("ModelLatency", "Average"),
)
HOUR = 3600


def endpoints(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """All endpoints, or one."""
    if len(path) > 1:
        raise NotThere("no such page of an endpoint")
    if path:
        return _endpoint(asker, path[0])
    request = {"MaxResults": PAGE, **({"NextToken": query["next"]} if query.get("next") else {})}
    found, token = asker.listed("sagemaker", "ListEndpoints", "Endpoints", **request)
    rows = [
        {"name": item["EndpointName"], "status": item["EndpointStatus"], "created": item["CreationTime"]}
        for item in found
    ]
    live = any(row["status"] not in SETTLED for row in rows)
    return View("Endpoints", "endpoints.html", {"endpoints": rows, "next": token}, live=live)


def _endpoint(asker: Asker, name: str) -> View:
    found = asker.named("endpoint", "sagemaker", "DescribeEndpoint", EndpointName=name)
    variants = [
        {**variant, "figures": _figures(asker, name, variant["VariantName"])}
        for variant in found.get("ProductionVariants", [])
    ]
    data = {
        "name": name,
        "status": found["EndpointStatus"],
        "config": found["EndpointConfigName"],
        "created": found["CreationTime"],
        "reason": found.get("FailureReason"),
        "variants": variants,
        "pending": found.get("PendingDeploymentSummary"),
        "alarms": _alarms(asker, found),
        "log": last_lines(asker, f"/aws/sagemaker/Endpoints/{name}", "", 50),
    }
    return View(name, "endpoint.html", data, live=data["status"] not in SETTLED)


def _figures(asker: Asker, endpoint: str, variant: str) -> dict[str, float]:
    """The last hour's figures of a variant; empty where there are none."""
    if not asker.serves("cloudwatch", "GetMetricStatistics"):
        return {}
    found: dict[str, float] = {}
    now = time.time()
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    for metric, statistic in FIGURES:
        answer = asker.ask(
            "cloudwatch",
            "GetMetricStatistics",
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - HOUR,
            EndTime=now + 60,
            Period=HOUR * 2,
            Statistics=[statistic],
        )
        if points := answer.get("Datapoints"):
            found[metric] = sum(point[statistic] for point in points) / (
                1 if statistic == "Sum" else len(points)
            )
    return found


def _alarms(asker: Asker, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """The alarms that may roll the endpoint back."""
    rollback = (endpoint.get("LastDeploymentConfig") or {}).get("AutoRollbackConfiguration") or {}
    names = [alarm["AlarmName"] for alarm in rollback.get("Alarms", [])]
    if not names or not asker.serves("cloudwatch", "DescribeAlarms"):
        return []
    answer = asker.ask("cloudwatch", "DescribeAlarms", AlarmNames=names)
    return [
        {"name": alarm["AlarmName"], "state": alarm["StateValue"], "reason": alarm.get("StateReason", "")}
        for alarm in [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    ]
