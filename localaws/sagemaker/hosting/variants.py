"""Variants: what an endpoint serves under one name with one weight, and how a description shows them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from localaws.sagemaker.documents import Documents
from localaws.sagemaker.hosting.model_containers import Container, served_containers
from localaws.sagemaker.hosting.models import KIND as MODEL_KIND
from localaws.world import World

START_SECONDS = 600.0  # unless ContainerStartupHealthCheckTimeoutInSeconds says otherwise
SERVERLESS_SECONDS = 180.0  # AWS's limit for a serverless container


@dataclass(frozen=True)
class Variant:
    """A variant of a configuration with its model resolved.

    It is kept with the endpoint, which so starts again after its model and configuration were deleted.

    Attributes:
        name: The variant's name.
        container: What its model server is made of; of several containers the first.
        seconds: How long the server may take to answer its first ping.
        weight: Its share of the traffic, against the others' weights.
        count: The instances it says it has; one server stands for them all.
        instance_type: The type of those instances.
        more: The containers after the first.
        direct: Whether an invocation names the container it is for.
        serverless: The ServerlessConfig of a variant that has one.
        shadow: Whether it is sent copies only.
        capture: The configuration's DataCaptureConfig.
        asynchronous: The configuration's AsyncInferenceConfig.
    """

    name: str
    container: Container
    seconds: float
    weight: float
    count: int
    instance_type: str = ""
    more: tuple[Container, ...] = ()
    direct: bool = False
    serverless: dict[str, Any] | None = None
    shadow: bool = False
    capture: dict[str, Any] | None = None
    asynchronous: dict[str, Any] | None = None

    @property
    def containers(self) -> tuple[Container, ...]:
        """All of its containers, in their order."""
        return (self.container, *self.more)

    @property
    def instances(self) -> int:
        """The instances a description shows."""
        return 0 if self.serverless else self.count

    def stored(self) -> dict[str, Any]:
        """The variant as JSON."""
        return asdict(self)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Variant:
        """The variant ``stored`` gave."""
        container = Container(**stored["container"])
        more = tuple(Container(**other) for other in stored.get("more", ()))
        return cls(**{**stored, "container": container, "more": more})

    def summary(self) -> dict[str, Any]:
        """The variant as DescribeEndpoint shows it."""
        images = [
            {
                "SpecifiedImage": container.image,
                "ResolvedImage": container.image,
                "ResolutionTime": time.time(),
            }
            for container in self.containers
        ]
        return {
            "VariantName": self.name,
            "DeployedImages": images,
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            "CurrentInstanceCount": self.instances,
            "DesiredInstanceCount": self.instances,
            "CurrentServerlessConfig": self.serverless,
            "DesiredServerlessConfig": self.serverless,
        }

    def routed(self) -> dict[str, Any]:
        """What an invocation must know of the variant, for the endpoint's route."""
        return {
            "variant": self.name,
            "instances": self.count,
            "shadow": self.shadow,
            "multi_model": self.container.multi_model,
            "direct": self.direct,
            "capture": self.capture,
            "asynchronous": self.asynchronous,
        }


def variants_of(world: World, config: dict[str, Any]) -> list[Variant]:
    """The variants of an endpoint configuration, its shadow variants behind the others.

    Raises:
        AwsError: A model is not there, or is of a form that cannot be served.
    """
    shadows = [
        _variant(world, config, given, shadow=True) for given in config.get("ShadowProductionVariants", [])
    ]
    return [_variant(world, config, given, shadow=False) for given in config["ProductionVariants"]] + shadows


def _variant(world: World, config: dict[str, Any], given: dict[str, Any], *, shadow: bool) -> Variant:
    model = Documents(world, MODEL_KIND).need(given["ModelName"])
    first, *more = served_containers(world, model)
    serverless = given.get("ServerlessConfig")
    seconds = SERVERLESS_SECONDS if serverless else START_SECONDS
    return Variant(
        given["VariantName"],
        first,
        given.get("ContainerStartupHealthCheckTimeoutInSeconds", seconds),
        given.get("InitialVariantWeight", 1.0),
        given.get("InitialInstanceCount", 1),
        given.get("InstanceType", ""),
        tuple(more),
        model.get("InferenceExecutionConfig", {}).get("Mode") == "Direct",
        serverless,
        shadow,
        config.get("DataCaptureConfig"),
        config.get("AsyncInferenceConfig"),
    )


def described(variants: Sequence[Variant]) -> dict[str, Any]:
    """What DescribeEndpoint says of an endpoint's configuration beside its production variants."""
    shadows = [variant.summary() for variant in variants if variant.shadow]
    first = variants[0]
    return {
        "AsyncInferenceConfig": first.asynchronous,
        "DataCaptureConfig": _capture_summary(first.capture) if first.capture else None,
        "ShadowProductionVariants": shadows or None,
    }


def _capture_summary(capture: dict[str, Any]) -> dict[str, Any]:
    enabled = capture.get("EnableCapture", True)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }
