"""CloudWatch's table of handlers; the front finds each operation by its method's name."""

from __future__ import annotations

from localaws.cloudwatch.alarm_operations import AlarmOperations
from localaws.cloudwatch.metric_operations import MetricOperations
from localaws.world import World

validation_code = "ValidationError"
SCOPE = "monitoring"
"""CloudWatch's name in the SigV4 credential scope."""


def handlers(world: World) -> list[object]:
    """Everything that serves an operation of CloudWatch over one world."""
    return [MetricOperations(world), AlarmOperations(world)]
