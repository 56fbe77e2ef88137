"""When triggers fired, from the log of Airflow's triggerer."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

FIRED = re.compile(r"^(\S+) .*Trigger fired event.* name='([^/]+)/[^/]+/([^/]+)/-?\d+/")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def fired(log: Path) -> dict[tuple[str, str], float]:
    """Epoch seconds of the last event of each task's trigger, by DAG and task.

    Args:
        log: What the triggerer wrote.
    """
    found = {}
    for line in ESCAPES.sub("", log.read_text(errors="replace")).splitlines():
        if match := FIRED.search(line):
            at, dag, task = match.groups()
            found[dag, task] = moment(at)
    return found


def moment(text: str) -> float:
    """Epoch seconds of a time in ISO 8601."""
    return dt.datetime.fromisoformat(text).timestamp()
