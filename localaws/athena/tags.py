"""Tags on Athena's resources: workgroups and data catalogs, by ARN."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.glue.paging import page
from localaws.world import World

KIND = "athena.tags"
HOLDERS = {"workgroup": "athena.workgroup", "datacatalog": "athena.datacatalog"}


class Tags:
    """TagResource, UntagResource and ListTagsForResource.

    Args:
        world: The services' common ground.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store

    def put(self, holder: str, name: str, tags: list[dict[str, str]]) -> None:
        """Set the tags of a new resource.

        Args:
            holder: ``workgroup`` or ``datacatalog``.
            name: The resource's name.
            tags: AWS's list of keys and values.
        """
        arn = self.world.arn("athena", f"{holder}/{name}")
        self.store.put(KIND, arn, {"Tags": {tag["Key"]: tag.get("Value", "") for tag in tags}})

    def forget(self, holder: str, name: str) -> None:
        """Drop the tags of a resource that is no more."""
        self.store.delete(KIND, self.world.arn("athena", f"{holder}/{name}"))

    def TagResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add tags to a resource, in place of those of the same key."""
        with self.store.transaction():
            tags = self._need(request["ResourceARN"])
            tags |= {tag["Key"]: tag.get("Value", "") for tag in request["Tags"]}
            self.store.put(KIND, request["ResourceARN"], {"Tags": tags})
        return {}

    def UntagResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take tags off a resource."""
        with self.store.transaction():
            tags = self._need(request["ResourceARN"])
            kept = {key: value for key, value in tags.items() if key not in request["TagKeys"]}
            self.store.put(KIND, request["ResourceARN"], {"Tags": kept})
        return {}

    def ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a resource's tags."""
        tags = sorted(self._need(request["ResourceARN"]).items())
        found, token = page(tags, request, limit=75, code="InvalidRequestException")
        return {"Tags": [{"Key": key, "Value": value} for key, value in found], "NextToken": token}

    def _need(self, arn: str) -> dict[str, str]:
        holder, _, name = arn.partition(self.world.arn("athena", ""))[2].partition("/")
        kind = HOLDERS.get(holder)
        if kind is None or (self.store.get(kind, name) is None):
            raise AwsError("ResourceNotFoundException", f"Resource {arn} was not found", ResourceName=arn)
        return dict((self.store.get(KIND, arn) or {}).get("Tags", {}))
