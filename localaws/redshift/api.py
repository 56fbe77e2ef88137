"""Redshift Data's operations for the front."""

from __future__ import annotations

from localaws.redshift.listings import Listings
from localaws.redshift.runs import Runs
from localaws.redshift.statements import Statements
from localaws.world import World

validation_code = "ValidationException"


def handlers(world: World) -> list[object]:
    """The objects that serve the Data API."""
    runs = Runs(world)
    return [Statements(world, runs), Listings(runs)]
