"""The thread that changes instance counts when alarms of scaling policies go off."""

from __future__ import annotations

import logging
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.autoscaling.policies import DEFAULT_COOLDOWN, wanted_count
from localaws.autoscaling.targets import ACTIVITIES, POLICIES, TARGETS, policies_of, split_resource
from localaws.cloudwatch.alarms import Alarms
from localaws.errors import AwsError
from localaws.watching import Watcher
from localaws.world import World

log = logging.getLogger("localaws")
WAITING = "Waiting for change to be fulfilled by sagemaker."


@dataclass(frozen=True)
class EndpointCalls:
    """What scaling needs of SageMaker: its own operations.

    Attributes:
        describe: DescribeEndpoint.
        resize: UpdateEndpointWeightsAndCapacities.
    """

    describe: Callable[[dict[str, Any]], dict[str, Any] | None]
    resize: Callable[[dict[str, Any]], dict[str, Any] | None]


class Scaler:
    """Looks at the alarms of all policies about once a second, while there are policies."""

    def __init__(self, world: World, endpoints: EndpointCalls) -> None:
        self._world = world
        self._store = world.store
        self._alarms = Alarms(world)
        self._endpoints = endpoints
        self._looked = time.time()
        self._watcher = Watcher("scaler", self._look)

    def start(self) -> None:
        """Begin, with the policies of an earlier server."""
        self._watcher.start()

    def wake(self) -> None:
        """There may be a policy now."""
        self._watcher.wake()

    def stop(self) -> None:
        """Scale no more."""
        self._watcher.stop()

    def _look(self) -> bool:
        """Whether there are policies; what their alarms ask for is under way then."""
        since, self._looked = self._looked, time.time()
        try:
            self._finish_activities()
            if not self._store.all(POLICIES):
                return False
            for target in self._store.all(TARGETS):
                self._scale(target, since)
        except sqlite3.OperationalError as error:  # a full disk; the next second tries again
            log.warning("scaling policies cannot be looked at: %s", error)
        return True

    def _scale(self, target: dict[str, Any], since: float) -> None:
        """Set the largest count that any policy of a target asks for, as AWS does."""
        asked = [
            (policy, alarm)
            for policy in policies_of(self._world, target["ResourceId"])
            for alarm in self._alarms.all()
            if policy["PolicyARN"] in alarm["AlarmActions"]
            and alarm["ActionsEnabled"]
            and self._alarms.tripped(alarm["AlarmName"], since)
        ]
        current = self._settled_count(target) if asked else None
        if current is None:
            return
        wishes = [(wanted_count(policy, alarm, target, current), policy, alarm) for policy, alarm in asked]
        count, policy, alarm = max(wishes, key=lambda wish: wish[0])
        cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
        out = count > current
        if count != current and self._may(target, policy, out=out):
            self._set(target, count, cause, out=out)

    def _settled_count(self, target: dict[str, Any]) -> int | None:
        """A target's instances; None while its endpoint changes, or is gone."""
        endpoint, name = split_resource(target["ResourceId"])
        try:
            described = self._endpoints.describe({"EndpointName": endpoint}) or {}
        except AwsError:
            return None
        if described["EndpointStatus"] != "InService":
            return None
        counts = {v["VariantName"]: v["CurrentInstanceCount"] for v in described["ProductionVariants"]}
        return counts.get(name)

    def _may(self, target: dict[str, Any], policy: dict[str, Any], *, out: bool) -> bool:
        """Whether neither a suspension nor a cooldown is in the way."""
        suspended = target["SuspendedState"]
        if suspended["DynamicScalingOutSuspended" if out else "DynamicScalingInSuspended"]:
            return False
        tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
        if tracking is None:
            cooldown = policy["StepScalingPolicyConfiguration"].get("Cooldown", DEFAULT_COOLDOWN)
        else:
            cooldown = tracking.get("ScaleOutCooldown" if out else "ScaleInCooldown", DEFAULT_COOLDOWN)
        last = target["_LastOut"] if out else max(target["_LastOut"], target["_LastIn"])
        return bool(time.time() >= last + cooldown)

    def _set(self, target: dict[str, Any], count: int, cause: str, *, out: bool) -> None:
        endpoint, name = split_resource(target["ResourceId"])
        wanted = {"VariantName": name, "DesiredInstanceCount": count}
        try:
            self._endpoints.resize({"EndpointName": endpoint, "DesiredWeightsAndCapacities": [wanted]})
        except AwsError as error:  # someone else began to change it in between
            log.info("%s cannot be scaled now: %s", target["ResourceId"], error.message)
            return
        now, number = time.time(), str(uuid.uuid4())
        with self._store.transaction():
            if self._store.get(TARGETS, target["ResourceId"]):
                self._store.update(TARGETS, target["ResourceId"], **{"_LastOut" if out else "_LastIn": now})
            activity = {
                "ActivityId": number,
                **{key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
                "Description": f"Setting desired instance count to {count}.",
                "Cause": cause,
                "StartTime": now,
                "StatusCode": "InProgress",
                "StatusMessage": f"Successfully set desired instance count to {count}. {WAITING}",
            }
            self._store.create(ACTIVITIES, number, activity)

    def _finish_activities(self) -> None:
        """Call the activities done whose endpoints have changed."""
        for activity in self._store.all(ACTIVITIES):
            if activity["StatusCode"] != "InProgress" or self._settled_count(activity) is None:
                continue
            message = activity["StatusMessage"].removesuffix(WAITING)
            self._store.update(
                ACTIVITIES,
                activity["ActivityId"],
                StatusCode="Successful",
                StatusMessage=f"{message}Change successfully fulfilled by sagemaker.",
                EndTime=time.time(),
            )
