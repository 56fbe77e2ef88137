"""What is checked of an endpoint configuration: which kinds of endpoints do not go together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.sagemaker.hosting.model_containers import Container
from localaws.sagemaker.refusals import invalid, not_implemented, refuse

NOT_THERE = ("ExplainerConfig", "CrossRegionTrafficConfig", "MetricsConfig")
VARIANT_NOT_THERE = (
    "ManagedInstanceScaling",
    "CapacityReservationConfig",
    "InstancePools",
    "AcceleratorPartitionLayouts",
    "CoreDumpConfig",
)
ROUTING_NOT_THERE = ("PREFIX_AWARE", "KV_AWARE")
INSTANCE_MEMBERS = ("InstanceType", "InitialInstanceCount", "AcceleratorType", "VolumeSizeInGB")

Served = Callable[[str], list[Container]]
"""The containers of a model by its name; raises AwsError when it is not there."""


def check_config(request: dict[str, Any], served: Served) -> None:
    """Refuse a configuration no endpoint could have.

    Raises:
        AwsError: ValidationException, or NotImplemented naming the member.
    """
    refuse("CreateEndpointConfig", request, NOT_THERE)
    production, shadows = request["ProductionVariants"], request.get("ShadowProductionVariants", [])
    names = [variant["VariantName"] for variant in [*production, *shadows]]
    if len(names) != len(set(names)):
        raise invalid(f"Variant names must be unique within a configuration, got {', '.join(names)}")
    for variant in [*production, *shadows]:
        _check_variant(variant, served)
    if any("ServerlessConfig" in variant for variant in production):
        _check_serverless(request, served)
    if shadows:
        _check_shadow(production, shadows)
    if "AsyncInferenceConfig" in request:
        _check_asynchronous(request, served)


def _check_variant(variant: dict[str, Any], served: Served) -> None:
    name = variant["VariantName"]
    where = f"ProductionVariants[{name}]"
    refuse(where, variant, VARIANT_NOT_THERE)
    strategy = variant.get("RoutingConfig", {}).get("RoutingStrategy")
    if strategy in ROUTING_NOT_THERE:
        raise not_implemented(f"{where}.RoutingConfig.RoutingStrategy = {strategy!r}")
    if "ModelName" not in variant:
        raise not_implemented(f"inference components: the variant {name} has no ModelName")
    served(variant["ModelName"])
    if "ServerlessConfig" in variant:
        given = [member for member in INSTANCE_MEMBERS if member in variant]
        if given:
            raise invalid(f"The variant {name} has a ServerlessConfig and cannot have {', '.join(given)}")
    elif "InstanceType" not in variant or "InitialInstanceCount" not in variant:
        raise invalid(
            f"The variant {name} needs InstanceType and InitialInstanceCount, or else a ServerlessConfig"
        )


def _check_serverless(request: dict[str, Any], served: Served) -> None:
    """A serverless endpoint has one variant of one container, and neither capture nor shadow."""
    if len(request["ProductionVariants"]) > 1:
        raise invalid("A serverless endpoint has exactly one production variant")
    [variant] = request["ProductionVariants"]
    for member in ("DataCaptureConfig", "ShadowProductionVariants", "AsyncInferenceConfig"):
        if member in request:
            raise invalid(f"{member} is not supported for serverless endpoints")
    config = variant["ServerlessConfig"]
    if config["MemorySizeInMB"] % 1024:
        raise invalid(f"MemorySizeInMB must be a multiple of 1024, got {config['MemorySizeInMB']}")
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        raise invalid("ProvisionedConcurrency must be at most MaxConcurrency")
    containers = served(variant["ModelName"])
    if len(containers) > 1 or containers[0].multi_model:
        raise invalid(
            "Inference pipelines and multi-model containers are not supported for serverless endpoints"
        )


def _check_shadow(production: list[dict[str, Any]], shadows: list[dict[str, Any]]) -> None:
    if len(production) != 1 or len(shadows) != 1:
        raise invalid("A shadow variant needs exactly one production variant, and there can be only one")
    if "ServerlessConfig" in shadows[0]:
        raise invalid("ServerlessConfig is not supported for shadow variants")


def _check_asynchronous(request: dict[str, Any], served: Served) -> None:
    """An asynchronous endpoint has one variant, whose model is known without a header."""
    if len(request["ProductionVariants"]) > 1 or "ShadowProductionVariants" in request:
        raise invalid("An asynchronous endpoint has exactly one production variant, and no shadow")
    [variant] = request["ProductionVariants"]
    if any(container.multi_model for container in served(variant["ModelName"])):
        raise invalid("Multi-model containers are not supported for asynchronous endpoints")
    if not request["AsyncInferenceConfig"]["OutputConfig"].get("S3OutputPath"):
        raise not_implemented("AsyncInferenceConfig.OutputConfig without S3OutputPath")
