"""Tags on Glue's resources, by ARN."""

from __future__ import annotations

from typing import Any

from localaws.world import World

KIND = "glue.tags"


class Tags:
    """TagResource, UntagResource and GetTags."""

    def __init__(self, world: World) -> None:
        self.store = world.store

    def get(self, arn: str) -> dict[str, str]:
        """The tags of a resource."""
        return dict((self.store.get(KIND, arn) or {}).get("Tags", {}))

    def put(self, arn: str, tags: dict[str, str]) -> None:
        """Set a resource's tags to these and no others."""
        self.store.put(KIND, arn, {"Tags": tags})

    def forget(self, arn: str) -> None:
        """Drop the tags of a resource that is no more."""
        self.store.delete(KIND, arn)

    def TagResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add tags to a resource, in place of those of the same key."""
        with self.store.transaction():
            self.put(request["ResourceArn"], self.get(request["ResourceArn"]) | request["TagsToAdd"])
        return {}

    def UntagResource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take tags off a resource."""
        with self.store.transaction():
            kept = {
                k: v for k, v in self.get(request["ResourceArn"]).items() if k not in request["TagsToRemove"]
            }
            self.put(request["ResourceArn"], kept)
        return {}

    def GetTags(self, request: dict[str, Any]) -> dict[str, Any]:
        """A resource's tags."""
        return {"Tags": self.get(request["ResourceArn"])}
