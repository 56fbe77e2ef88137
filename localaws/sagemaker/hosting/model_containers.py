"""A model's containers, with those that name a model package resolved to its image and data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localaws.sagemaker.refusals import invalid, not_implemented, refuse, refuse_value
from localaws.sagemaker.registry.names import find_package
from localaws.world import World

NOT_THERE = ("AdditionalModelDataSources", "InferenceSpecificationName", "ContainerMetricsConfig")
SOURCE_NOT_THERE = ("HubAccessConfig", "ManifestS3Uri")


@dataclass(frozen=True)
class Container:
    """What one model server is made of.

    Attributes:
        image: The image's URI.
        data: URI of ``model.tar.gz``; None for a model without data.
        source: An ``S3DataSource`` instead of an archive's URI.
        environment: The container's own variables.
        name: Its hostname.
        multi_model: Whether ``data`` is the prefix of many models' archives.
        cached: Whether such models stay loaded.
    """

    image: str
    data: str | None = None
    source: dict[str, Any] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    name: str = "primary"
    multi_model: bool = False
    cached: bool = True


def containers_of(world: World, model: dict[str, Any]) -> list[dict[str, Any]]:
    """The container definitions of a model: Image, ModelDataUrl or ModelDataSource, Environment.

    Raises:
        AwsError: A container names neither an image nor a model package that is there.
    """
    named = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model["Containers"]
    return [resolved for definition in named for resolved in _resolved(world, definition)]


def container_of(world: World, model: dict[str, Any]) -> Container:
    """The one container of a model.

    Raises:
        AwsError: The model is of a form this endpoint cannot serve.
    """
    definitions = containers_of(world, model)
    if len(definitions) != 1:
        raise not_implemented(
            f"inference pipelines (the model {model['ModelName']} has {len(definitions)} containers)"
        )
    [definition] = definitions
    refuse_value("ContainerDefinition.Mode", definition.get("Mode", "SingleModel"), ("SingleModel",))
    return _container(definition, "primary")


def served_containers(world: World, model: dict[str, Any]) -> list[Container]:
    """The containers an endpoint runs for a model, in their order.

    Raises:
        AwsError: The model names a model package that is not there.
    """
    definitions = containers_of(world, model)
    if len(definitions) == 1:
        return [_container(definitions[0], "primary")]
    return [
        _container(definition, definition.get("ContainerHostname", f"container_{number}"))
        for number, definition in enumerate(definitions, 1)
    ]


def _container(definition: dict[str, Any], name: str) -> Container:
    return Container(
        definition["Image"],
        definition.get("ModelDataUrl"),
        definition.get("ModelDataSource", {}).get("S3DataSource"),
        dict(definition.get("Environment", {})),
        name,
        definition.get("Mode") == "MultiModel",
        definition.get("MultiModelConfig", {}).get("ModelCacheSetting") != "Disabled",
    )


def _resolved(world: World, definition: dict[str, Any]) -> list[dict[str, Any]]:
    refuse("ContainerDefinition", definition, NOT_THERE)
    refuse("S3DataSource", definition.get("ModelDataSource", {}).get("S3DataSource", {}), SOURCE_NOT_THERE)
    if "ModelPackageName" not in definition:
        if "Image" not in definition:
            raise invalid("A container needs an Image or a ModelPackageName")
        return [definition]
    package = find_package(world, definition["ModelPackageName"])
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if not containers:
        raise invalid(
            f"The model package {package['ModelPackageArn']} has no InferenceSpecification to serve"
        )
    own = definition.get("Environment", {})
    return [
        {**container, "Environment": {**container.get("Environment", {}), **own}} for container in containers
    ]
