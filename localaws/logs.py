"""CloudWatch Logs over the log store."""

from __future__ import annotations

from typing import Any

from localaws.world import World


class Logs:
    """CloudWatch Logs: groups, streams, events."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._logs = world.logs
