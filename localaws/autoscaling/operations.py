"""Application Auto Scaling's operations: targets, policies, activities."""

from __future__ import annotations

import base64
import time
import uuid
from typing import Any

from localaws.autoscaling.policies import tracking_alarms
from localaws.autoscaling.requests import check_kind, check_policy, invalid, missing, not_implemented
from localaws.autoscaling.scaler import EndpointCalls, Scaler
from localaws.autoscaling.targets import (
    ACTIVITIES,
    DIMENSION,
    POLICIES,
    TARGETS,
    deregister,
    forget_policy,
    policy_key,
    registered,
    split_resource,
)
from localaws.cloudwatch.alarms import Alarms
from localaws.errors import AwsError
from localaws.world import World

PAGE = 50
BOUNDS = ("MinCapacity", "MaxCapacity")
NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


class ApplicationAutoScaling:
    """Scales the instances of endpoint variants; what AWS scales besides is refused by name."""

    def __init__(self, world: World, endpoints: EndpointCalls) -> None:
        self._world = world
        self._store = world.store
        self._endpoints = endpoints
        self._alarms = Alarms(world)
        self._scaler = Scaler(world, endpoints)

    def RegisterScalableTarget(self, request: dict[str, Any]) -> dict[str, Any]:
        """Register a variant that serves, or change the bounds of one that is registered."""
        check_kind(request)
        if request.get("Tags"):
            raise not_implemented("RegisterScalableTarget.Tags")
        resource = request["ResourceId"]
        self._need_variant(resource)
        with self._store.transaction():
            old = registered(self._world, resource) or self._new_target(resource)
            target = {**old, **{name: request[name] for name in (*BOUNDS, "RoleARN") if name in request}}
            target["SuspendedState"] = {**old["SuspendedState"], **request.get("SuspendedState", {})}
            lacking = [name for name in BOUNDS if name not in target]
            if lacking:
                raise invalid(f"{lacking[0]} is required to register a new scalable target")
            low, high = (target[name] for name in BOUNDS)
            if not 0 <= low <= high:
                raise invalid(f"MinCapacity must be at least 0 and at most MaxCapacity, got {low} and {high}")
            self._store.put(TARGETS, resource, target)
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def _new_target(self, resource: str) -> dict[str, Any]:
        role = (
            "aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
        )
        unique = uuid.uuid4().hex[:20]
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": resource,
            "ScalableDimension": DIMENSION,
            "RoleARN": f"arn:aws:iam::{self._world.account}:role/{role}",
            "CreationTime": time.time(),
            "ScalableTargetARN": self._world.arn("application-autoscaling", f"scalable-target/{unique}"),
            "SuspendedState": NOT_SUSPENDED,
            "_LastOut": 0.0,
            "_LastIn": 0.0,
        }

    def DescribeScalableTargets(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of targets."""
        wanted = request.get("ResourceIds")
        found = [
            target
            for target in self._asked_for(TARGETS, request)
            if wanted is None or target["ResourceId"] in wanted
        ]
        return _page("ScalableTargets", found, request)

    def DeregisterScalableTarget(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a target, with its policies and their alarms."""
        check_kind(request)
        if not deregister(self._world, request["ResourceId"]):
            raise missing("No scalable target found", request)
        return {}

    def PutScalingPolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a policy; target tracking gets its two alarms, which really go off."""
        check_kind(request)
        resource, name = request["ResourceId"], request["PolicyName"]
        with self._store.transaction():
            if registered(self._world, resource) is None:
                raise missing("No scalable target registered", request)
            old = self._store.get(POLICIES, policy_key(resource, name))
            kind = request.get("PolicyType") or (old or {}).get("PolicyType", "")
            check_policy({**request, "PolicyType": kind})
            if old:
                forget_policy(self._world, old)
            unique = f"{uuid.uuid4()}:resource/sagemaker/{resource}:policyName/{name}"
            first = {
                "PolicyARN": self._world.arn("autoscaling", f"scalingPolicy:{unique}"),
                "CreationTime": time.time(),
            }
            kept = {key: (old or first)[key] for key in first}
            policy: dict[str, Any] = {**request, **kept, "PolicyType": kind, "Alarms": []}
            if policy["PolicyType"] == "TargetTrackingScaling":
                policy["Alarms"] = self._make_alarms(policy)
            self._store.put(POLICIES, policy_key(resource, name), policy)
        self._scaler.wake()
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def DescribeScalingPolicies(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of policies."""
        wanted = request.get("PolicyNames")
        found = [
            {**policy, "Alarms": policy["Alarms"] or self._acting_on(policy)}
            for policy in self._asked_for(POLICIES, request)
            if wanted is None or policy["PolicyName"] in wanted
        ]
        return _page("ScalingPolicies", found, request)

    def DeleteScalingPolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a policy, and the alarms that were made for it."""
        check_kind(request)
        with self._store.transaction():
            policy = self._store.get(POLICIES, policy_key(request["ResourceId"], request["PolicyName"]))
            if policy is None:
                raise missing("No scaling policy found", request, f", policy name: {request['PolicyName']}")
            forget_policy(self._world, policy)
        return {}

    def DescribeScalingActivities(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of what was scaled, newest first."""
        if request.get("IncludeNotScaledActivities"):
            raise not_implemented("DescribeScalingActivities.IncludeNotScaledActivities")
        return _page("ScalingActivities", self._asked_for(ACTIVITIES, request)[::-1], request)

    def start(self) -> None:
        """Go on with the policies of an earlier server."""
        self._scaler.start()

    def stop(self) -> None:
        """Scale no more."""
        self._scaler.stop()

    def _need_variant(self, resource: str) -> None:
        endpoint, name = split_resource(resource)
        try:
            described = self._endpoints.describe({"EndpointName": endpoint}) or {}
        except AwsError as error:
            raise invalid(f"SageMaker endpoint doesn't exist: {resource}. {error.message}") from error
        names = [variant["VariantName"] for variant in described.get("ProductionVariants", [])]
        if name not in names:
            raise invalid(f"SageMaker endpoint variant doesn't exist: {resource}")

    def _asked_for(self, table: str, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The stored documents of a table that a Describe request's common members leave."""
        same = ("ServiceNamespace", "ResourceId", "ScalableDimension")
        return [
            found
            for found in self._store.all(table)
            if all(found[name] == request.get(name, found[name]) for name in same)
        ]

    def _make_alarms(self, policy: dict[str, Any]) -> list[dict[str, str]]:
        endpoint, variant = split_resource(policy["ResourceId"])
        high, low = (
            f"TargetTracking-{policy['ResourceId']}-Alarm{way}-{uuid.uuid4()}" for way in ("High", "Low")
        )
        requests = tracking_alarms(policy, endpoint, variant, (high, low))
        for alarm in requests:
            self._alarms.put("MetricAlarm", alarm)
        return [
            {"AlarmName": alarm["AlarmName"], "AlarmARN": self._alarms.arn(alarm["AlarmName"])}
            for alarm in requests
        ]

    def _acting_on(self, policy: dict[str, Any]) -> list[dict[str, str]]:
        """The alarms that name a step-scaling policy as their action."""
        return [
            {"AlarmName": alarm["AlarmName"], "AlarmARN": alarm["AlarmArn"]}
            for alarm in self._alarms.all()
            if policy["PolicyARN"] in alarm["AlarmActions"]
        ]


def _page(member: str, found: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    """A page of an answer's member, and the token of the next.

    Raises:
        AwsError: InvalidNextTokenException.
    """
    size = min(request.get("MaxResults", PAGE), PAGE)
    try:
        start = int(base64.urlsafe_b64decode(request["NextToken"])) if "NextToken" in request else 0
    except ValueError:
        raise AwsError("InvalidNextTokenException", "The NextToken is not one this endpoint gave") from None
    token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return {member: found[start : start + size], "NextToken": token if len(found) > start + size else None}
