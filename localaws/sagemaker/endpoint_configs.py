"""Endpoint configurations: which models an endpoint serves, each as a variant with a weight."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.models import KIND as MODEL_KIND
from localaws.sagemaker.refusals import invalid, refuse
from localaws.world import World

KIND = Kind(
    type="endpoint-config",
    name="EndpointConfigName",
    arn="EndpointConfigArn",
    exists='Cannot create already existing endpoint configuration "{arn}".',
    missing='Could not find endpoint configuration "{arn}".',
)
NOT_THERE = (
    "AsyncInferenceConfig",
    "DataCaptureConfig",
    "ExplainerConfig",
    "ShadowProductionVariants",
    "CrossRegionTrafficConfig",
)
VARIANT_NOT_THERE = (
    "ServerlessConfig",
    "ManagedInstanceScaling",
    "RoutingConfig",
    "CapacityReservationConfig",
)


class EndpointConfigs:
    """Creates, describes, lists and deletes endpoint configurations."""

    def __init__(self, world: World) -> None:
        self._documents = Documents(world, KIND)
        self._models = Documents(world, MODEL_KIND)

    def CreateEndpointConfig(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a configuration whose models are there."""
        refuse("CreateEndpointConfig", request, NOT_THERE)
        names = [variant["VariantName"] for variant in request["ProductionVariants"]]
        if len(names) != len(set(names)):
            raise invalid(f"Variant names must be unique within a configuration, got {', '.join(names)}")
        for variant in request["ProductionVariants"]:
            refuse(f"ProductionVariants[{variant['VariantName']}]", variant, VARIANT_NOT_THERE)
            if "ModelName" not in variant:
                raise invalid(f"The variant {variant['VariantName']} has no ModelName")
            self._models.need(variant["ModelName"])
        return {"EndpointConfigArn": self._documents.create(request)["EndpointConfigArn"]}

    def DescribeEndpointConfig(self, request: dict[str, Any]) -> dict[str, Any]:
        """The configuration."""
        return self._documents.need(request["EndpointConfigName"])

    def ListEndpointConfigs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of configurations."""
        return self._documents.list(request, "EndpointConfigs")

    def DeleteEndpointConfig(self, request: dict[str, Any]) -> None:
        """Forget a configuration; endpoints that use it serve on."""
        self._documents.delete(request["EndpointConfigName"])
