"""How model packages are named, and found by name or ARN."""

from __future__ import annotations

from typing import Any

from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.refusals import invalid
from localaws.world import World

GROUP_KIND = Kind(
    type="model-package-group",
    name="ModelPackageGroupName",
    arn="ModelPackageGroupArn",
    exists="Model Package Group already exists: {arn}",
    missing="ModelPackageGroup {arn} does not exist.",
    status="ModelPackageGroupStatus",
)
PACKAGE_KIND = Kind(
    type="model-package",
    name="_Name",  # "group/version" or the name of an unversioned package
    arn="ModelPackageArn",
    exists="Model Package already exists: {arn}",
    missing="ModelPackage {arn} does not exist.",
    status="ModelPackageStatus",
)


def group_name(world: World, given: str) -> str:
    """The name of a group given by name or ARN.

    Raises:
        AwsError: It is another account's or region's.
    """
    return _own(world, given, GROUP_KIND.type)


def package_name(world: World, given: str) -> str:
    """``group/version``, or the name of an unversioned package, given by name or ARN."""
    return _own(world, given, PACKAGE_KIND.type)


def find_package(world: World, given: str) -> dict[str, Any]:
    """A model package by name or ARN.

    Raises:
        AwsError: There is none.
    """
    return Documents(world, PACKAGE_KIND).need(package_name(world, given))


def _own(world: World, given: str, kind: str) -> str:
    if not given.startswith("arn:"):
        return given
    prefix = world.arn("sagemaker", f"{kind}/")
    if not given.startswith(prefix):
        raise invalid(f"{given} is not a {kind} of this account and region ({prefix}…)")
    return given.removeprefix(prefix)
