"""How an update shifts traffic to its new servers: the steps a DeploymentConfig asks for. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.hosting.variants import Variant
from localaws.sagemaker.refusals import invalid

Shares = Mapping[str, float]
"""The new servers' share of each variant's traffic, 0 to 1; a variant that is not named has all of it."""
ALL: Shares = {}
SLACK = 1e-9


@dataclass(frozen=True)
class Plan:
    """An update's way from the old servers to the new ones.

    Attributes:
        steps: The new servers' shares after each shift; the last one is all.
        bake: Seconds the alarms are watched after each shift.
        linger: Seconds they are watched after that, before the old servers end.
        limit: Seconds for the whole update, None without limit.
        alarms: Alarms that roll it back.
        rolling: Whether the old servers' instances go with each step.
    """

    steps: tuple[Shares, ...] = (ALL,)
    bake: float = 0.0
    linger: float = 0.0
    limit: float | None = None
    alarms: tuple[str, ...] = ()
    rolling: bool = False


def plan_of(config: Mapping[str, Any], old: Sequence[Variant], new: Sequence[Variant]) -> Plan:
    """The plan of a DeploymentConfig for a change from old variants to new ones.

    With other variant names than before all traffic shifts at once and nothing is watched, as on AWS.

    Raises:
        AwsError: ValidationException for sizes and times that make no sense together.
    """
    if "BlueGreenUpdatePolicy" in config and "RollingUpdatePolicy" in config:
        raise invalid("DeploymentConfig must have only one of BlueGreenUpdatePolicy and RollingUpdatePolicy")
    alarms = tuple(
        alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    )
    if "RollingUpdatePolicy" in config:
        plan = _rolling(config["RollingUpdatePolicy"], new, alarms)
    else:
        plan = _blue_green(config.get("BlueGreenUpdatePolicy", {}), new, alarms)
    waits = len(plan.steps) * plan.bake + plan.linger
    if plan.limit is not None and plan.limit <= waits:
        raise invalid(
            f"MaximumExecutionTimeoutInSeconds ({plan.limit}) must be larger than the total waiting time of "
            f"WaitIntervalInSeconds and TerminationWaitInSeconds ({waits})"
        )
    same = {variant.name for variant in old} == {variant.name for variant in new}
    return plan if same else Plan()


def _blue_green(policy: Mapping[str, Any], variants: Sequence[Variant], alarms: tuple[str, ...]) -> Plan:
    routing = policy.get("TrafficRoutingConfiguration", {})
    kind = routing.get("Type", "ALL_AT_ONCE")
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind, "")
    for name in ("CanarySize", "LinearStepSize"):
        if (name in routing) != (name == member):
            needs = "needs" if name == member else "does not take"
            raise invalid(f"TrafficRoutingConfiguration of type {kind} {needs} {name}")
    steps: tuple[Shares, ...] = (ALL,)
    if kind == "CANARY":
        steps = (_shares(routing["CanarySize"], variants, member, least=0.0), ALL)
    elif kind == "LINEAR":
        steps = _staircase(_shares(routing["LinearStepSize"], variants, member, least=0.1))
    return Plan(
        steps,
        bake=routing.get("WaitIntervalInSeconds", 0),
        linger=policy.get("TerminationWaitInSeconds", 0),
        limit=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
    )


def _rolling(policy: Mapping[str, Any], variants: Sequence[Variant], alarms: tuple[str, ...]) -> Plan:
    batch = _shares(policy["MaximumBatchSize"], variants, "MaximumBatchSize", least=0.05)
    return Plan(
        _staircase(batch),
        bake=policy["WaitIntervalInSeconds"],
        limit=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
        rolling=True,
    )


def _shares(size: Mapping[str, Any], variants: Sequence[Variant], member: str, *, least: float) -> Shares:
    """The share of each variant's capacity a CapacitySize stands for, at most half.

    Raises:
        AwsError: It is out of range.
    """
    shares = {
        variant.name: size["Value"] / (100 if size["Type"] == "CAPACITY_PERCENT" else variant.count)
        for variant in variants
    }
    for variant in variants:
        if not least - SLACK <= shares[variant.name] <= 0.5 + SLACK:
            bounds = f"between {least:.0%} and" if least else "at most"
            raise invalid(
                f"{member} must be {bounds} 50% of the total instance count of variant {variant.name} "
                f"({variant.count}), got {size['Value']} {size['Type']}"
            )
    return shares


def _staircase(step: Shares) -> tuple[Shares, ...]:
    """Steps of one size until each variant has all; the variant with the most steps counts."""
    count = max(math.ceil(1 / share - SLACK) for share in step.values())
    lower = [{name: min(1.0, number * share) for name, share in step.items()} for number in range(1, count)]
    return (*lower, ALL)
