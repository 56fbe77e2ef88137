"""Athena's operations for the front."""

from __future__ import annotations

from localaws.athena.catalogs import Catalogs
from localaws.athena.queries import Queries
from localaws.athena.workgroups import WorkGroups
from localaws.glue.catalog import Catalog
from localaws.world import World

validation_code = "InvalidRequestException"


def handlers(world: World) -> list[object]:
    """The objects that serve Athena."""
    catalog, workgroups = Catalog(world), WorkGroups(world)
    return [Queries(world, catalog, workgroups), workgroups, Catalogs(catalog)]
