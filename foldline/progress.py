"""Progress as JSON lines in one file: operators append, a display follows.

Any number of processes may append; `foldline run` names the file in ``FOLDLINE_EVENTS``. The events are

- ``run``: ``state`` (running, success, failed), ``run_id``, ``tasks`` (names in their order, when it starts)
- ``task``: ``task``, ``map_index`` (-1 when not mapped), ``state``, ``detail``
- ``fit``: ``task``, ``trial``, ``fold``, ``state`` (running, done, failed), ``score``
- ``trial``: ``trial``, ``mean``, ``sd``, ``best``

each with ``at``, the Unix time it was appended. Standard library only: every operator imports this.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

VARIABLE = "FOLDLINE_EVENTS"
"""Environment variable that names the file; unset, :func:`emit` does nothing."""
WAIT = 0.1
"""Seconds between two looks at the file."""


def emit(event: str, **fields: Any) -> None:
    """Append one event to the file named by ``FOLDLINE_EVENTS``; without it, do nothing.

    A whole line goes out in one ``write`` on a descriptor opened with ``O_APPEND``, so lines of concurrent
    processes never mix.

    Args:
        event: ``run``, ``task``, ``fit`` or ``trial``.
        **fields: JSON values by name.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = json.dumps({"event": event, "at": round(time.time(), 3), **fields}, ensure_ascii=False) + "\n"
    with suppress(OSError):  # a courtesy to a watcher: a full disk or a removed folder must not fail the task
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


def follow(path: Path, stop: threading.Event) -> Iterator[dict[str, Any]]:
    """Events as they are appended to ``path``, from its beginning.

    The file may not exist yet. A line is read once its newline is there; one that is no JSON object (a writer
    was killed on a full disk) is passed over.

    Args:
        path: The file that ``FOLDLINE_EVENTS`` names.
        stop: Once set, what is left in the file is yielded and the iteration ends.
    """
    offset, rest = 0, b""
    while True:
        last_look = stop.is_set()  # asked before reading: nothing appended before it was set is missed
        chunk = _read(path, offset)
        offset += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            event = _event(line)
            if event is not None:
                yield event
        if last_look:
            return
        if not chunk:
            stop.wait(WAIT)


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
