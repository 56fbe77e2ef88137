"""Model package groups: the registry's named lines of versions."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.registry.names import GROUP_KIND, PACKAGE_KIND, group_name
from localaws.world import World


class ModelPackageGroups:
    """Creates, describes, lists and deletes groups."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._documents = Documents(world, GROUP_KIND)

    def CreateModelPackageGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store an empty group."""
        group = self._documents.create(request, ModelPackageGroupStatus="Completed", _Versions=0)
        return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}

    def DescribeModelPackageGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """The group."""
        group = self._documents.need(group_name(self._world, request["ModelPackageGroupName"]))
        return {"CreatedBy": {}, **group}

    def ListModelPackageGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of groups."""
        return self._documents.list(request, "ModelPackageGroupSummaryList")

    def DeleteModelPackageGroup(self, request: dict[str, Any]) -> None:
        """Forget an empty group."""
        name = group_name(self._world, request["ModelPackageGroupName"])
        with self._world.store.transaction():
            group = self._documents.need(name)
            packages = Documents(self._world, PACKAGE_KIND).all()
            if any(package.get("ModelPackageGroupName") == name for package in packages):
                arn = group["ModelPackageGroupArn"]
                raise AwsError(
                    "ConflictException",
                    f"Model Package Group cannot be deleted, it still has model packages: {arn}",
                )
            self._documents.delete(name)
