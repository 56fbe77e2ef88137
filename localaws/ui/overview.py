"""The first page: what runs, what ran last, what serves, what there is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from localaws.ui.endpoints import endpoints
from localaws.ui.jobs import KINDS, UNDER_WAY, listed
from localaws.ui.objects import buckets
from localaws.ui.queries import queries
from localaws.ui.view import Asker, NotThere, View

LATEST = 8


def overview(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """Everything at a glance."""
    if path:
        raise NotThere("no such page")
    running: list[dict[str, Any]] = []
    latest: list[dict[str, Any]] = []
    for kind in KINDS.values():
        running += listed(asker, kind, {"status": "InProgress"}, size=LATEST)[0]
        latest += listed(asker, kind, {}, size=LATEST)[0]
    latest.sort(key=lambda row: row["created"] or 0, reverse=True)
    data = {
        "running": running,
        "latest": [row for row in latest if row["status"] not in UNDER_WAY][:LATEST],
        "endpoints": endpoints(asker, (), {}).data["endpoints"],
        "queries": queries(asker, (), {}).data["queries"][:LATEST],
        "buckets": buckets(asker),
        "databases": [found["Name"] for found in asker.listed("glue", "GetDatabases", "DatabaseList")[0]],
        "free": shutil.disk_usage(asker.world.state).free,
        "state": str(asker.world.state),
        "url": asker.world.url,
    }
    return View("Overview", "overview.html", data, live=bool(running))
