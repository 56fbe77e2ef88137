"""What is checked of a request to change an endpoint, besides its own members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localaws.autoscaling.targets import registered, variant_resource
from localaws.cloudwatch.alarms import Alarms
from localaws.sagemaker.hosting.variants import Variant
from localaws.sagemaker.refusals import invalid
from localaws.world import World


def require_settled(endpoint: dict[str, Any], *, for_update: bool) -> None:
    """Refuse to change an endpoint that changes, or to update one that failed.

    Raises:
        AwsError: ValidationException in AWS's words.
    """
    status = endpoint["EndpointStatus"]
    if status == "Failed" and for_update:
        raise invalid(
            f'Cannot update endpoint "{endpoint["EndpointArn"]}": it is Failed and can only be deleted.'
        )
    if status not in ("InService", "Failed"):
        raise invalid(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')


def check_alarms(world: World, names: Sequence[str]) -> None:
    """Refuse alarms for a rollback that are not there: they could never go off.

    Raises:
        AwsError: ValidationException, naming them.
    """
    alarms = Alarms(world)
    missing = [name for name in names if alarms.find(name) is None]
    if missing:
        raise invalid(
            f"AutoRollbackConfiguration names CloudWatch alarms that do not exist: {', '.join(missing)}"
        )


def check_scaled(world: World, endpoint: str, old: Sequence[Variant], new: Sequence[Variant]) -> None:
    """Refuse another instance type for a variant that is registered for automatic scaling.

    Raises:
        AwsError: ValidationException, naming the variant and the way out.
    """
    types = {variant.name: variant.instance_type for variant in new}
    for variant in old:
        if types.get(variant.name, variant.instance_type) == variant.instance_type:
            continue
        resource = variant_resource(endpoint, variant.name)
        if registered(world, resource):
            raise invalid(
                f"The update would change the instance type of variant {variant.name} from "
                f"{variant.instance_type} to {types[variant.name]}, but it is a target of Application Auto "
                f"Scaling; call DeregisterScalableTarget for {resource} first."
            )
