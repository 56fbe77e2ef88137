"""The steps of an update, and what it is watched for: pure."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from localaws.errors import AwsError
from localaws.sagemaker.hosting.model_containers import Container
from localaws.sagemaker.hosting.rollout_plan import ALL, Plan, plan_of
from localaws.sagemaker.hosting.rollout_watch import Closing, RolledBack, Watch
from localaws.sagemaker.hosting.traffic import rest
from localaws.sagemaker.hosting.variants import Variant

CONTAINER = Container(image="image", environment={}, data=None, source=None)


def variants(**counts: int) -> list[Variant]:
    """Variants by name and count."""
    return [Variant(name, CONTAINER, 1.0, 1.0, count) for name, count in counts.items()]


def routing(kind: str, **sizes: Any) -> dict[str, Any]:
    """A blue/green DeploymentConfig that waits ten seconds."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": 10, **sizes}
        }
    }


def percent(value: int) -> dict[str, Any]:
    """A CapacitySize in percent."""
    return {"Type": "CAPACITY_PERCENT", "Value": value}


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        ({}, (ALL,)),
        (routing("ALL_AT_ONCE"), (ALL,)),
        (routing("CANARY", CanarySize=percent(5)), ({"a": 0.05, "b": 0.05}, ALL)),
        (
            routing("LINEAR", LinearStepSize=percent(30)),
            (
                {"a": 0.3, "b": 0.3},
                {"a": 0.6, "b": 0.6},
                {"a": pytest.approx(0.9), "b": pytest.approx(0.9)},
                ALL,
            ),
        ),
        (
            routing("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 1}),
            ({"a": 0.5, "b": 0.25}, ALL),
        ),
        (
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                    "WaitIntervalInSeconds": 1,
                }
            },
            ({"a": 0.5, "b": 0.25}, {"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 0.75}, ALL),
        ),
    ],
)
def test_the_new_fleet_takes_its_shares_in_steps(config, steps):
    """
    Percent are of the traffic, instances of each variant's count; the last step is all of it.
    """
    old = variants(a=2, b=4)
    assert steps == plan_of(config, old, old).steps


def test_other_variant_names_shift_all_at_once_without_baking():
    """
    A change of the variants' names is not watched, as on AWS.
    """
    config = {**routing("ALL_AT_ONCE"), "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "x"}]}}
    assert Plan() == plan_of(config, variants(a=1), variants(b=1))
    assert ("x",) == plan_of(config, variants(a=1), variants(a=1)).alarms


def test_one_instance_has_no_half():
    """
    A canary of one instance of one is more than half of the variant, and refused.
    """
    config = routing("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 1})
    with pytest.raises(AwsError, match="CanarySize must be at most 50%"):
        plan_of(config, variants(a=1), variants(a=1))


def test_what_one_fleet_has_not_the_other_has():
    """
    Shares of both fleets add up to one, a new variant's to none for the old.
    """
    assert {"a": 0.75, "b": 0.0} == rest({"a": 0.25}, variants(a=4, b=4))


class Hours:
    """A clock that goes on by an hour at each look."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 3600
        return self._now


def test_a_limit_ends_an_update():
    """
    Past MaximumExecutionTimeoutInSeconds the update rolls back and says so.
    """
    watch = Watch(Plan(limit=600), lambda name, since: False, threading.Event(), Hours())
    with pytest.raises(RolledBack, match=r"longer than MaximumExecutionTimeoutInSeconds \(600\)"):
        watch.look()


def test_a_server_that_goes_down_interrupts_the_watch():
    """
    Closing comes before any alarm.
    """
    closing = threading.Event()
    closing.set()
    watch = Watch(Plan(alarms=("x",)), lambda name, since: True, closing)
    with pytest.raises(Closing):
        watch.wait(3600)


def test_an_alarm_ends_a_bake_at_once():
    """
    The reason names the alarm.
    """
    watch = Watch(Plan(alarms=("x", "y")), lambda name, since: name == "y", threading.Event())
    with pytest.raises(RolledBack, match='"y" is in the ALARM state'):
        watch.wait(3600)
