"""Scalable targets and their policies, as they are stored."""

from __future__ import annotations

import re
from typing import Any

from localaws.cloudwatch.alarms import Alarms
from localaws.errors import AwsError
from localaws.world import World

TARGETS = "autoscaling:target"
POLICIES = "autoscaling:policy"
ACTIVITIES = "autoscaling:activity"
RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def variant_resource(endpoint: str, variant: str) -> str:
    """The resource id of an endpoint's variant."""
    return f"endpoint/{endpoint}/variant/{variant}"


def registered(world: World, resource: str) -> dict[str, Any] | None:
    """A resource's scalable target, None when it is not registered."""
    return world.store.get(TARGETS, resource)


def policies_of(world: World, resource: str) -> list[dict[str, Any]]:
    """The policies of a resource, oldest first."""
    return [policy for policy in world.store.all(POLICIES) if policy["ResourceId"] == resource]


def policy_key(resource: str, name: str) -> str:
    """The key a policy is stored under."""
    return f"{resource}\n{name}"


def deregister(world: World, resource: str) -> bool:
    """Forget a target, with its policies and their alarms; False when there is none."""
    with world.store.transaction():
        for policy in policies_of(world, resource):
            forget_policy(world, policy)
        return world.store.delete(TARGETS, resource)


def forget_policy(world: World, policy: dict[str, Any]) -> None:
    """Forget a policy and the alarms that were made for it."""
    Alarms(world).delete([alarm["AlarmName"] for alarm in policy.get("Alarms", [])])
    world.store.delete(POLICIES, policy_key(policy["ResourceId"], policy["PolicyName"]))


def split_resource(resource: str) -> tuple[str, str]:
    """The endpoint's and the variant's name of a resource id.

    Raises:
        AwsError: ValidationException, when it is not a variant's.
    """
    found = RESOURCE.fullmatch(resource)
    if not found:
        raise AwsError(
            "ValidationException",
            f"Unsupported service namespace, resource type or scalable dimension: {resource!r} is not of the "
            "form endpoint/NAME/variant/NAME",
        )
    return found[1], found[2]
