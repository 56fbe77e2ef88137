"""The one door to the tags of every service that keeps some."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from localaws.athena.tags import KIND as ATHENA
from localaws.cloudwatch.alarms import TAGS as CLOUDWATCH
from localaws.glue.tags import KIND as GLUE
from localaws.s3.tagging import SETTING
from localaws.sagemaker.documents import TAGS as SAGEMAKER
from localaws.world import World


@dataclass(frozen=True)
class Tagged:
    """A resource with tags.

    Attributes:
        arn: Its name in full.
        tags: Its tags.
    """

    arn: str
    tags: dict[str, str]

    @property
    def types(self) -> frozenset[str]:
        """The filters that mean it: its service, and its service and type as its ARN has them."""
        _, _, service, _, _, resource = self.arn.split(":", 5)
        word = "bucket" if service == "s3" else resource.replace(":", "/").partition("/")[0]
        return frozenset({service, f"{service}:{word}"})


def tagged(world: World) -> list[Tagged]:
    """Every resource of every service that has a tag, by ARN.

    IAM's roles are left out, as AWS does.
    """
    return sorted((found for found in _all(world) if found.tags), key=lambda found: found.arn)


def _all(world: World) -> Iterator[Tagged]:
    for kind in (SAGEMAKER, CLOUDWATCH):
        for arn, tags in world.store.items(kind):
            yield Tagged(arn, tags)
    for kind in (GLUE, ATHENA):
        for arn, body in world.store.items(kind):
            yield Tagged(arn, body["Tags"])
    for bucket, text in world.objects.index.settings(SETTING).items():
        yield Tagged(f"arn:aws:s3:::{bucket}", json.loads(text))
