"""Tags of every kind of resource, by ARN."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.documents import TAGS
from localaws.world import World

MAX_TAGS = 50


class Tags:
    """Adds, lists and removes tags."""

    def __init__(self, world: World) -> None:
        self._store = world.store

    def AddTags(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add tags to a resource, or overwrite those of the same key; all its tags."""
        arn = request["ResourceArn"]
        with self._store.transaction():
            tags = self._need(arn)
            tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
            if len(tags) > MAX_TAGS:
                raise AwsError(
                    "ResourceLimitExceeded", f"A resource has at most {MAX_TAGS} tags, {arn} would have more"
                )
            self._store.put(TAGS, arn, tags)
        return {"Tags": _listed(tags)}

    def ListTags(self, request: dict[str, Any]) -> dict[str, Any]:
        """The tags of a resource, in one page."""
        return {"Tags": _listed(self._need(request["ResourceArn"]))}

    def DeleteTags(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags by key; no matter which are there."""
        arn = request["ResourceArn"]
        with self._store.transaction():
            tags = self._need(arn)
            self._store.put(TAGS, arn, {key: tags[key] for key in tags if key not in request["TagKeys"]})
        return {}

    def _need(self, arn: str) -> dict[str, str]:
        tags = self._store.get(TAGS, arn)
        if tags is None:
            raise AwsError("ValidationException", "Requested resource not found.")
        return tags


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
