"""Model packages: versions of a group, or packages of their own name; approval and metadata."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.listing import page
from localaws.sagemaker.refusals import invalid, refuse, refuse_value
from localaws.sagemaker.registry.names import (
    GROUP_KIND,
    PACKAGE_KIND,
    find_package,
    group_name,
    package_name,
)
from localaws.world import World

TOKENS = "sagemaker:model-package-token"
REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)


class ModelPackages:
    """Creates, describes, lists, updates and deletes model packages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._documents = Documents(world, PACKAGE_KIND)
        self._groups = Documents(world, GROUP_KIND)

    def CreateModelPackage(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a package; the same ClientToken with the same request gives the same package again."""
        refuse(
            "CreateModelPackage",
            request,
            (
                "SourceAlgorithmSpecification",
                "ValidationSpecification",
                "CertifyForMarketplace",
                "ManagedStorageType",
            ),
        )
        grouped = "ModelPackageGroupName" in request
        if grouped == ("ModelPackageName" in request):
            raise invalid("Exactly one of ModelPackageName and ModelPackageGroupName must be given")
        with self._world.store.transaction():
            known = self._known(request)
            if known is not None:
                return {"ModelPackageArn": known}
            package = self._create_version(request) if grouped else self._create_named(request)
            if "ClientToken" in request:
                body = {"Arn": package["ModelPackageArn"], "Request": request}
                self._world.store.put(TOKENS, request["ClientToken"], body)
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def DescribeModelPackage(self, request: dict[str, Any]) -> dict[str, Any]:
        """The package, by name or ARN."""
        return find_package(self._world, request["ModelPackageName"])

    def BatchDescribeModelPackage(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several packages by ARN; those that are not there are errors of their own."""
        found: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for arn in request["ModelPackageArnList"]:
            try:
                found[arn] = find_package(self._world, arn)
            except AwsError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}

    def ListModelPackages(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of packages: a group's versions, or without a group the unversioned ones."""
        filters = dict(request)
        group = filters.pop("ModelPackageGroupName", None)
        approval = filters.pop("ModelApprovalStatus", None)
        kind = filters.pop("ModelPackageType", "Versioned" if group else "Unversioned")
        packages = self._documents.all()
        if group:
            name = group_name(self._world, group)
            self._groups.need(name)
            packages = [package for package in packages if package.get("ModelPackageGroupName") == name]
        if approval:
            packages = [package for package in packages if package.get("ModelApprovalStatus") == approval]
        if kind != "Both":
            packages = [
                package for package in packages if ("ModelPackageVersion" in package) == (kind == "Versioned")
            ]
        for package in packages:
            if "ModelPackageVersion" in package:
                del package["ModelPackageName"]  # the list leaves it out, DescribeModelPackage does not
        return page(
            packages, filters, "ModelPackageSummaryList", name=PACKAGE_KIND.name, status=PACKAGE_KIND.status
        )

    def UpdateModelPackage(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change approval and metadata of a package."""
        refuse("UpdateModelPackage", request, ("ModelPackageRegistrationType",))
        name = package_name(self._world, request["ModelPackageArn"])
        with self._world.store.transaction():
            package = self._documents.need(name)
            changes = {member: request[member] for member in REPLACED if member in request}
            metadata = package.get("CustomerMetadataProperties", {}) | request.get(
                "CustomerMetadataProperties", {}
            )
            removed = request.get("CustomerMetadataPropertiesToRemove", [])
            changes["CustomerMetadataProperties"] = {k: v for k, v in metadata.items() if k not in removed}
            more = request.get("AdditionalInferenceSpecificationsToAdd", [])
            if more:
                changes["AdditionalInferenceSpecifications"] = [
                    *package.get("AdditionalInferenceSpecifications", []),
                    *more,
                ]
            self._documents.update(name, **changes)
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def DeleteModelPackage(self, request: dict[str, Any]) -> None:
        """Forget a package; its version number is not given again."""
        self._documents.delete(package_name(self._world, request["ModelPackageName"]))

    def _known(self, request: dict[str, Any]) -> str | None:
        """The package an earlier request of the same token made.

        Raises:
            AwsError: The earlier request was another one.
        """
        token = self._world.store.get(TOKENS, request.get("ClientToken", ""))
        if token is None:
            return None
        if token["Request"] != request:
            raise invalid(f"The ClientToken {request['ClientToken']} was used with other parameters")
        arn: str = token["Arn"]
        return arn

    def _create_version(self, request: dict[str, Any]) -> dict[str, Any]:
        name = group_name(self._world, request["ModelPackageGroupName"])
        version = self._groups.need(name)["_Versions"] + 1
        self._groups.update(name, _Versions=version)
        approval = request.get("ModelApprovalStatus", "PendingManualApproval")
        return self._store(
            request,
            f"{name}/{version}",
            ModelPackageGroupName=name,
            ModelPackageVersion=version,
            ModelApprovalStatus=approval,
        )

    def _create_named(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_value(
            "ModelApprovalStatus of an unversioned package", request.get("ModelApprovalStatus"), (None,)
        )
        return self._store(request, request["ModelPackageName"])

    def _store(self, request: dict[str, Any], name: str, **members: Any) -> dict[str, Any]:
        # a versioned package's ModelPackageName is its group's, as DescribeModelPackage answers
        named = {"ModelPackageName": name.partition("/")[0], PACKAGE_KIND.name: name}
        details = {"ValidationStatuses": [{"Name": name.partition("/")[0], "Status": "Completed"}]}
        body = {key: value for key, value in request.items() if key != "ClientToken"}
        return self._documents.create(
            {**body, **named},
            ModelPackageStatus="Completed",
            ModelPackageStatusDetails=details,
            CreatedBy={},
            **members,
        )
