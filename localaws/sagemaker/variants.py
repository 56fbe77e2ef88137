"""Variants: what an endpoint serves under one name with one weight, and how a description shows them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.model_containers import Container, container_of
from localaws.sagemaker.models import KIND as MODEL_KIND
from localaws.world import World

START_SECONDS = 600.0  # unless ContainerStartupHealthCheckTimeoutInSeconds says otherwise


@dataclass(frozen=True)
class Variant:
    """A variant of a configuration with its model resolved.

    It is kept with the endpoint, which so starts again after its model and configuration were deleted.

    Attributes:
        name: The variant's name.
        container: What its model server is made of.
        seconds: How long the server may take to answer its first ping.
        weight: Its share of the traffic, against the others' weights.
        count: The instances it says it has; one server stands for them all.
        instance_type: The type of those instances.
    """

    name: str
    container: Container
    seconds: float
    weight: float
    count: int
    instance_type: str = ""

    def stored(self) -> dict[str, Any]:
        """The variant as JSON."""
        return asdict(self)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Variant:
        """The variant ``stored`` gave."""
        return cls(**{**stored, "container": Container(**stored["container"])})

    def summary(self) -> dict[str, Any]:
        """The variant as DescribeEndpoint shows it."""
        image = self.container.image
        return {
            "VariantName": self.name,
            "DeployedImages": [
                {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": time.time()}
            ],
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            "CurrentInstanceCount": self.count,
            "DesiredInstanceCount": self.count,
        }


def variants_of(world: World, config: dict[str, Any]) -> list[Variant]:
    """The variants of an endpoint configuration.

    Raises:
        AwsError: A model is not there, or is of a form that cannot be served.
    """
    models = Documents(world, MODEL_KIND)
    return [
        Variant(
            variant["VariantName"],
            container_of(world, models.need(variant["ModelName"])),
            variant.get("ContainerStartupHealthCheckTimeoutInSeconds", START_SECONDS),
            variant.get("InitialVariantWeight", 1.0),
            variant.get("InitialInstanceCount", 1),
            variant.get("InstanceType", ""),
        )
        for variant in config["ProductionVariants"]
    ]
