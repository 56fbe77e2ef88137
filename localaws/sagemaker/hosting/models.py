"""Models: which image and which data a transform job or an endpoint starts."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import Objects, split_uri
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.hosting.model_containers import containers_of
from localaws.sagemaker.refusals import invalid, not_implemented
from localaws.sagemaker.registry.names import find_package
from localaws.world import World

KIND = Kind(
    type="model",
    name="ModelName",
    arn="ModelArn",
    exists='Cannot create already existing model "{arn}".',
    missing='Could not find model "{arn}".',
)


class Models:
    """Creates, describes, lists and deletes models."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._documents = Documents(world, KIND)

    def CreateModel(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a model whose data is there."""
        if ("PrimaryContainer" in request) == bool(request.get("Containers")):
            raise invalid("You must provide either PrimaryContainer or Containers, and not both")
        _check_together(request)
        for definition in [request.get("PrimaryContainer", {}), *request.get("Containers", [])]:
            _require_approval(self._world, definition)
        for container in containers_of(self._world, request):
            _require_data(self._world.objects, container)
        return {"ModelArn": self._documents.create(request)["ModelArn"]}

    def DescribeModel(self, request: dict[str, Any]) -> dict[str, Any]:
        """The model."""
        return self._documents.need(request["ModelName"])

    def ListModels(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of models."""
        return self._documents.list(request, "Models")

    def DeleteModel(self, request: dict[str, Any]) -> None:
        """Forget a model; endpoints that serve it serve on."""
        self._documents.delete(request["ModelName"])


def _require_approval(world: World, definition: dict[str, Any]) -> None:
    """A versioned package serves only once it is approved; the wording is ours, the refusal is AWS's."""
    if "ModelPackageName" not in definition:
        return
    package = find_package(world, definition["ModelPackageName"])
    status = package.get("ModelApprovalStatus", "Approved")
    if status != "Approved":
        raise invalid(f"The model package {package['ModelPackageArn']} is {status}, not Approved")


def _check_together(request: dict[str, Any]) -> None:
    """Refuse containers that cannot serve together; the wording is ours."""
    several = request.get("Containers", [])
    modes = {definition.get("Mode") for definition in [request.get("PrimaryContainer", {}), *several]}
    if len(several) > 1 and "MultiModel" in modes:
        raise not_implemented("containers of Mode MultiModel beside others in one model")
    names = [definition["ContainerHostname"] for definition in several if "ContainerHostname" in definition]
    if len(names) != len(set(names)):
        raise invalid(f"Each ContainerHostname must be unique within a model, got {', '.join(names)}")
    if request.get("InferenceExecutionConfig", {}).get("Mode") == "Direct" and (
        len(several) < 2 or len(names) < len(several)
    ):
        raise invalid(
            "Inference execution mode Direct needs several Containers, each with a ContainerHostname"
        )


def _require_data(objects: Objects, container: dict[str, Any]) -> None:
    uri = container.get("ModelDataUrl")
    if container.get("Mode") == "MultiModel":
        if not uri:
            raise invalid("A container of Mode MultiModel needs the prefix of its models as ModelDataUrl")
        split_uri(uri)
        return
    if not uri:
        return
    try:
        objects.get(*split_uri(uri))
    except AwsError as error:
        raise invalid(f"Could not find model data at {uri}.") from error
