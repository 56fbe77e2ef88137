"""Lineage: artifacts, and which of the resources came of which."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import TAGS, Documents, Kind
from localaws.sagemaker.experiments.kinds import COMPONENT, plain_name
from localaws.sagemaker.listing import page
from localaws.sagemaker.refusals import invalid
from localaws.world import World

ARTIFACT = Kind(
    type="artifact",
    name="_Name",  # a digest of its source, which no other artifact has
    arn="ArtifactArn",
    exists="Artifact with this source already exists: {arn}",
    missing="Artifact '{arn}' does not exist.",
    missing_code="ResourceNotFound",
)
ASSOCIATIONS = "sagemaker:association"
ENDS = ("SourceArn", "DestinationArn")
ASSOCIATION_FILTERS = (*ENDS, "SourceType", "DestinationType", "AssociationType")
ASSOCIATION_ORDERS = (*ENDS, "SourceType", "DestinationType")


class Artifacts:
    """Creates, describes, lists and deletes artifacts: things by their URI."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._artifacts = Documents(world, ARTIFACT)

    def CreateArtifact(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store an artifact; one for each source."""
        artifact = self._artifacts.create({**request, "_Name": _digest(request["Source"])})
        return {"ArtifactArn": artifact["ArtifactArn"]}

    def DescribeArtifact(self, request: dict[str, Any]) -> dict[str, Any]:
        """The artifact."""
        name = plain_name(self._world, ARTIFACT, request["ArtifactArn"])
        return {"CreatedBy": {}, "LastModifiedBy": {}, **self._artifacts.need(name)}

    def ListArtifacts(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of artifacts, by source and type if asked."""
        filters = dict(request)
        source, kind = filters.pop("SourceUri", None), filters.pop("ArtifactType", None)
        artifacts = [
            artifact
            for artifact in self._artifacts.all()
            if source in (None, artifact["Source"]["SourceUri"]) and kind in (None, artifact["ArtifactType"])
        ]
        return self._artifacts.page(artifacts, filters, "ArtifactSummaries")

    def DeleteArtifact(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget an artifact, given by ARN or source, that is in no association."""
        if ("ArtifactArn" in request) == ("Source" in request):
            raise invalid("Exactly one of ArtifactArn and Source must be given")
        if "Source" in request:
            name = _digest(request["Source"])
        else:
            name = plain_name(self._world, ARTIFACT, request["ArtifactArn"])
        with self._world.store.transaction():
            arn = self._artifacts.need(name)["ArtifactArn"]
            if any(
                arn in (one["SourceArn"], one["DestinationArn"])
                for one in self._world.store.all(ASSOCIATIONS)
            ):
                raise invalid(f"Artifact '{arn}' cannot be deleted, it still has associations.")
            self._artifacts.delete(name)
        return {"ArtifactArn": arn}


class Associations:
    """Adds, lists and deletes associations between artifacts, trial components, and whatever has an ARN."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def AddAssociation(self, request: dict[str, Any]) -> dict[str, Any]:
        """Say that one resource came of another."""
        ends = {end: request[end] for end in ENDS}
        with self._store.transaction():
            for arn in ends.values():
                if self._store.get(TAGS, arn) is None:
                    raise AwsError("ResourceNotFound", f"The resource {arn} does not exist.")
            body = {**request, "CreationTime": time.time(), "_Name": _name(ends)}
            body |= {
                "SourceType": self._type(ends["SourceArn"]),
                "DestinationType": self._type(ends["DestinationArn"]),
            }
            if not self._store.create(ASSOCIATIONS, _name(ends), body):
                raise invalid(
                    f"The association of {ends['SourceArn']} with {ends['DestinationArn']} already exists."
                )
        return ends

    def ListAssociations(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of associations, by either end and type if asked."""
        asked = {member: request[member] for member in ASSOCIATION_FILTERS if member in request}
        found = [
            association
            for association in self._store.all(ASSOCIATIONS)
            if all(association.get(member) == value for member, value in asked.items())
        ]
        rest = {member: value for member, value in request.items() if member not in asked}
        orders = {member: member for member in ASSOCIATION_ORDERS}
        return page(found, rest, "AssociationSummaries", name="_Name", orders=orders)

    def DeleteAssociation(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take back that one resource came of another."""
        ends = {end: request[end] for end in ENDS}
        if not self._store.delete(ASSOCIATIONS, _name(ends)):
            raise AwsError(
                "ResourceNotFound", f"{ends['SourceArn']} is not associated with {ends['DestinationArn']}."
            )
        return ends

    def _type(self, arn: str) -> str | None:
        """What an end of an association is."""
        kind, _, name = arn.split(":", 5)[-1].partition("/")
        if kind == ARTIFACT.type:
            return str(Documents(self._world, ARTIFACT).need(name)["ArtifactType"])
        if kind == COMPONENT.type:
            source = Documents(self._world, COMPONENT).need(name).get("Source", {})
            return str(source["SourceType"]) if source else None
        return None


def _name(ends: dict[str, str]) -> str:
    return " ".join(ends[end] for end in ENDS)


def _digest(source: dict[str, Any]) -> str:
    """The name of a source's artifact."""
    types = sorted((one["SourceIdType"], one["Value"]) for one in source.get("SourceTypes", []))
    return hashlib.sha256(json.dumps([source["SourceUri"], types]).encode()).hexdigest()[:32]
