"""What CloudWatch is told of an asynchronous endpoint's queue."""

from __future__ import annotations

import time
from dataclasses import dataclass

from localaws.cloudwatch.metrics import Metrics
from localaws.sagemaker.hosting.invocation_metrics import NAMESPACE


@dataclass(frozen=True)
class Backlog:
    """An endpoint's requests that are not done.

    Attributes:
        size: How many, with those under way.
        oldest: When the one that waits longest came, epoch seconds; None when none waits.
    """

    size: int
    oldest: float | None


def report(metrics: Metrics, endpoint: str, backlog: Backlog, instances: int) -> None:
    """Report a backlog as it is now.

    Args:
        metrics: Where to.
        endpoint: The endpoint's name.
        backlog: Its backlog.
        instances: Its instances; none is what ``HasBacklogWithoutCapacity`` is for.
    """
    age = time.time() - backlog.oldest if backlog.oldest is not None else 0.0
    values = (
        ("ApproximateBacklogSize", float(backlog.size), "Count"),
        ("ApproximateBacklogSizePerInstance", backlog.size / max(1, instances), "Count"),
        ("ApproximateAgeOfOldestRequest", round(age), "Seconds"),
        ("HasBacklogWithoutCapacity", float(bool(backlog.size) and not instances), "Count"),
    )
    for name, value, unit in values:
        metrics.put(NAMESPACE, name, {"EndpointName": endpoint}, value, unit)
