"""What a run has read of each source, so that the next one reads only what is new.

A file is new if it changed after the last committed run began. Files of the fifteen minutes before that are
told apart by name, because a listing may show a file late; this is Glue's rule, and its form of the state.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from awsglue.s3 import Item

HIGH_BAND = dt.timedelta(milliseconds=900_000)
FORM = "%Y-%m-%dT%H:%M:%S.%f%z"


class Bookmarks:
    """The states of all sources of a job, by transformation context.

    Args:
        folder: Holds ``bookmarks.json`` as the last run left it, and gets ``committed.json``; None turns
            bookmarks off.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._states: dict[str, Any] = {}
        if folder is not None:
            self._states = json.loads((folder / "bookmarks.json").read_text())
        self._pending: dict[str, Any] = {}

    def unread(self, context: str, items: list[Item]) -> list[Item]:
        """The files of a source that no committed run has read; all of them without a context."""
        if self._folder is None or not context:
            return items
        now = dt.datetime.now(dt.UTC)
        old = self._states.get(context, {}).get("timestamps")
        found = items
        if old:
            band = dt.datetime.strptime(old["CURR_RUN_START_TIME"], FORM) - HIGH_BAND
            included = set(old["INCLUDE_LIST"].split(","))
            found = [item for item in items if item.modified > band and _mark(item) not in included]
        late = [_mark(item) for item in items if item.modified > now - HIGH_BAND]
        self._pending[context] = {
            "jsonClass": "HadoopDataSourceJobBookmarkState",
            "timestamps": {
                "RUN": str(int(old["RUN"]) + 1 if old else 1),
                "HIGH_BAND": str(int(HIGH_BAND.total_seconds() * 1000)),
                "CURR_LATEST_PARTITION": "0",
                "CURR_LATEST_PARTITIONS": "",
                "CURR_RUN_START_TIME": now.strftime(FORM),
                "INCLUDE_LIST": ",".join(late),
            },
        }
        return found

    def commit(self) -> None:
        """Keep what was read since the last commit; the run hands it to Glue when it ends."""
        if self._folder is None:
            return
        self._states |= self._pending
        self._pending = {}
        part = self._folder / "committed.json.part"
        part.write_text(json.dumps(self._states))
        part.replace(self._folder / "committed.json")


@functools.cache
def current() -> Bookmarks:
    """The bookmarks of this run."""
    folder = os.environ.get("LOCALAWS_GLUE_BOOKMARKS")
    return Bookmarks(Path(folder) if folder else None)


def _mark(item: Item) -> str:
    return hashlib.md5(f"{item.key} {item.etag}".encode(), usedforsecurity=False).hexdigest()
