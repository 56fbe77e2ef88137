"""When triggers fired, from the logs that Airflow's triggerer writes beside those of the tasks."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

FIRED = "Trigger fired event"


def fired(home: Path) -> dict[tuple[str, str], float]:
    """Epoch seconds of the last event of each task's trigger, by DAG and task.

    Args:
        home: AIRFLOW_HOME.
    """
    found: dict[tuple[str, str], float] = {}
    for log in home.glob("logs/dag_id=*/**/*.trigger.*"):
        for line in log.read_text(errors="replace").splitlines():
            if FIRED in line:
                event = json.loads(line)
                task, at = (event["dag_id"], event["task_id"]), moment(event["timestamp"])
                found[task] = max(at, found.get(task, 0.0))
    return found


def moment(text: str) -> float:
    """Epoch seconds of a time in ISO 8601."""
    return dt.datetime.fromisoformat(text).timestamp()
