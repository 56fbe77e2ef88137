"""Endpoint configurations: which models an endpoint serves, each as a variant with a weight."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.hosting.endpoint_config_rules import check_config
from localaws.sagemaker.hosting.model_containers import Container, served_containers
from localaws.sagemaker.hosting.models import KIND as MODEL_KIND
from localaws.world import World

KIND = Kind(
    type="endpoint-config",
    name="EndpointConfigName",
    arn="EndpointConfigArn",
    exists='Cannot create already existing endpoint configuration "{arn}".',
    missing='Could not find endpoint configuration "{arn}".',
)


class EndpointConfigs:
    """Creates, describes, lists and deletes endpoint configurations."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._documents = Documents(world, KIND)
        self._models = Documents(world, MODEL_KIND)

    def CreateEndpointConfig(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a configuration whose models are there."""
        check_config(request, self._served)
        return {"EndpointConfigArn": self._documents.create(request)["EndpointConfigArn"]}

    def _served(self, model: str) -> list[Container]:
        return served_containers(self._world, self._models.need(model))

    def DescribeEndpointConfig(self, request: dict[str, Any]) -> dict[str, Any]:
        """The configuration."""
        return self._documents.need(request["EndpointConfigName"])

    def ListEndpointConfigs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of configurations."""
        return self._documents.list(request, "EndpointConfigs")

    def DeleteEndpointConfig(self, request: dict[str, Any]) -> None:
        """Forget a configuration; endpoints that use it serve on."""
        self._documents.delete(request["EndpointConfigName"])
