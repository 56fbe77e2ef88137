"""Athena's operations for the front."""

from __future__ import annotations

from localaws.athena.catalogs import Catalogs
from localaws.athena.namedqueries import NamedQueries
from localaws.athena.prepared import PreparedStatements
from localaws.athena.queries import Queries
from localaws.athena.tags import Tags
from localaws.athena.workgroups import WorkGroups
from localaws.glue.catalog import Catalog
from localaws.world import World

validation_code = "InvalidRequestException"


def handlers(world: World) -> list[object]:
    """The objects that serve Athena."""
    catalog, tags = Catalog(world), Tags(world)
    workgroups = WorkGroups(world, tags)
    return [
        Queries(world, catalog, workgroups),
        workgroups,
        PreparedStatements(world.store, workgroups),
        NamedQueries(world.store, workgroups),
        Catalogs(catalog, tags),
        tags,
    ]
