"""What Application Auto Scaling's requests must make sense of, and its refusals."""

from __future__ import annotations

from typing import Any

from localaws.autoscaling.policies import INVOCATIONS
from localaws.autoscaling.targets import DIMENSION, split_resource
from localaws.errors import AwsError

KINDS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


def invalid(message: str) -> AwsError:
    """The answer to a request whose members make no sense together."""
    return AwsError("ValidationException", message)


def not_implemented(what: str) -> AwsError:
    """The answer to what Application Auto Scaling can do and this endpoint cannot."""
    return AwsError("NotImplemented", f"localaws does not implement {what}", 501)


def missing(what: str, request: dict[str, Any], ending: str = "") -> AwsError:
    """The answer to a request for a target or a policy that is not there."""
    return AwsError(
        "ObjectNotFoundException",
        f"{what} for service namespace: {request['ServiceNamespace']}, resource ID: {request['ResourceId']}, "
        f"scalable dimension: {request['ScalableDimension']}{ending}",
    )


def check_kind(request: dict[str, Any]) -> None:
    """Refuse what is not an endpoint's variant.

    Raises:
        AwsError: NotImplemented, naming them; ValidationException for a malformed resource id.
    """
    if request["ServiceNamespace"] != "sagemaker" or request["ScalableDimension"] != DIMENSION:
        raise not_implemented(
            f"application-autoscaling of {request['ServiceNamespace']} {request['ScalableDimension']} (only "
            f"sagemaker {DIMENSION})"
        )
    split_resource(request["ResourceId"])


def check_policy(request: dict[str, Any]) -> None:
    """Refuse a policy without its configuration, or of a kind that is not here.

    Raises:
        AwsError: ValidationException, or NotImplemented naming the member.
    """
    kind = request["PolicyType"]
    if kind not in KINDS:
        raise not_implemented(f"PolicyType = {kind}") if kind else invalid("PolicyType is required")
    if KINDS[kind] not in request:
        raise invalid(f"{KINDS[kind]} is required for policy type {kind}")
    config = request[KINDS[kind]]
    if kind == "StepScaling":
        if not config.get("StepAdjustments") or "AdjustmentType" not in config:
            raise invalid("StepScalingPolicyConfiguration needs AdjustmentType and StepAdjustments")
        return
    if config["TargetValue"] <= 0:
        raise invalid(f"TargetValue must be greater than 0, got {config['TargetValue']}")
    predefined, custom = (
        config.get("PredefinedMetricSpecification"),
        config.get("CustomizedMetricSpecification"),
    )
    if bool(predefined) == bool(custom):
        raise invalid("Give exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification")
    if predefined and predefined["PredefinedMetricType"] != INVOCATIONS:
        raise not_implemented(f"PredefinedMetricType = {predefined['PredefinedMetricType']}")
    if custom and custom.get("Metrics"):
        raise not_implemented("CustomizedMetricSpecification.Metrics")
    if custom and not {"Namespace", "MetricName", "Statistic"} <= custom.keys():
        raise invalid("CustomizedMetricSpecification needs Namespace, MetricName and Statistic")
