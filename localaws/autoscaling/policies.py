"""How much a policy scales, and the alarms a target-tracking policy stands on: pure."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from typing import Any

DEFAULT_COOLDOWN = 300
HIGH_PERIODS = 3  # minutes above the target before it scales out, as on AWS
LOW_PERIODS = 15  # minutes below nine tenths of it before it scales in
LOW_SHARE = 0.9
PERIOD = 60
INVOCATIONS = "SageMakerVariantInvocationsPerInstance"


def tracking_alarms(
    policy: Mapping[str, Any], endpoint: str, variant: str, names: tuple[str, str]
) -> list[dict[str, Any]]:
    """The alarm requests of a target-tracking policy: the high one; the low one unless it never scales in.

    Args:
        policy: The policy.
        endpoint: The endpoint's name.
        variant: The variant's name.
        names: The alarms' names.
    """
    config = policy["TargetTrackingScalingPolicyConfiguration"]
    metric = tracked_metric(config, endpoint, variant)
    text = f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}."
    common = {**metric, "Period": PERIOD, "AlarmDescription": text, "AlarmActions": [policy["PolicyARN"]]}
    high = {
        **common,
        "AlarmName": names[0],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": config["TargetValue"],
        "EvaluationPeriods": HIGH_PERIODS,
    }
    low = {
        **common,
        "AlarmName": names[1],
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": config["TargetValue"] * LOW_SHARE,
        "EvaluationPeriods": LOW_PERIODS,
    }
    return [high] if config.get("DisableScaleIn") else [high, low]


def tracked_metric(config: Mapping[str, Any], endpoint: str, variant: str) -> dict[str, Any]:
    """The metric a target-tracking policy keeps near its target, as an alarm names it."""
    if "PredefinedMetricSpecification" in config:
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": "InvocationsPerInstance",
            "Dimensions": [
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": variant},
            ],
            "Statistic": "Sum",
        }
    custom = config["CustomizedMetricSpecification"]
    names = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")
    return {name: custom[name] for name in names if name in custom}


def wanted_count(
    policy: Mapping[str, Any], alarm: Mapping[str, Any], target: Mapping[str, Any], current: int
) -> int:
    """The instances a policy wants when one of its alarms is in ALARM, within the target's bounds.

    Args:
        policy: The policy.
        alarm: The alarm's description, with the datapoints that put it in its state.
        target: The scalable target.
        current: The instances there are.
    """
    if policy["PolicyType"] == "TargetTrackingScaling":
        wanted = _tracked(policy["TargetTrackingScalingPolicyConfiguration"], alarm, current)
    else:
        wanted = _stepped(policy["StepScalingPolicyConfiguration"], alarm, current)
    return min(max(wanted, int(target["MinCapacity"])), int(target["MaxCapacity"]))


def _tracked(config: Mapping[str, Any], alarm: Mapping[str, Any], current: int) -> int:
    """In proportion to the metric: twice the target wants twice the instances."""
    value = _datapoint(alarm, "Average")
    wanted = math.ceil(current * value / float(config["TargetValue"]) - 1e-9)
    if alarm["ComparisonOperator"] == "GreaterThanThreshold":
        return max(wanted, current + 1)
    return min(wanted, current - 1)


def _stepped(config: Mapping[str, Any], alarm: Mapping[str, Any], current: int) -> int:
    """By the step the metric's distance from the threshold falls into; unchanged outside all of them."""
    over = _datapoint(alarm, config.get("MetricAggregationType", "Average")) - alarm["Threshold"]
    for step in config["StepAdjustments"]:
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        inside = low <= over < high if over >= 0 else low < over <= high
        if inside:
            return _adjusted(config, int(step["ScalingAdjustment"]), current)
    return current


def _adjusted(config: Mapping[str, Any], adjustment: int, current: int) -> int:
    """The count after one adjustment, in the way its policy counts."""
    match config["AdjustmentType"]:
        case "ExactCapacity":
            return adjustment
        case "ChangeInCapacity":
            return current + adjustment
    change = current * adjustment / 100
    least = int(config.get("MinAdjustmentMagnitude", 1))
    size = max(math.floor(abs(change)), least) if change else 0
    return current + int(math.copysign(size, change))


def _datapoint(alarm: Mapping[str, Any], aggregation: str) -> float:
    """The metric's value behind an alarm's state; its threshold where a person set the state."""
    points = json.loads(alarm.get("StateReasonData") or "{}").get("recentDatapoints") or [alarm["Threshold"]]
    match aggregation:
        case "Minimum":
            return float(min(points))
        case "Maximum":
            return float(max(points))
    return statistics.fmean(points)
