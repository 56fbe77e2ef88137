"""What the main job's run tells the outside: assets of all five kinds, links of lists and of mapped tasks."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Demo

pytestmark = pytest.mark.xdist_group("flight_delays")


@pytest.fixture
def database(airflow_home: Path) -> sqlite3.Connection:
    """Airflow's own database."""
    return sqlite3.connect(airflow_home / "airflow.db")


def links(database: sqlite3.Connection, demo: Demo, task: str) -> list[tuple[int, str]]:
    """Map index and address of the job's button of a task, from the run's first finished state."""
    rows = database.execute(
        "SELECT map_index, value FROM xcom WHERE run_id = ? AND task_id = ? AND key = '_link_foldline_job'",
        (demo.first["run_id"], task),
    ).fetchall()
    return sorted((index, json.loads(value)) for index, value in rows)


def test_the_run_tells_of_model_and_endpoint(demo: Demo, database: sqlite3.Connection) -> None:
    """
    A DAG can wait for a registered version and for an endpoint; the events say which version and what was done.
    """
    rows = database.execute(
        "SELECT a.name, e.extra FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE e.source_run_id = ?",
        (demo.first["run_id"],),
    ).fetchall()
    extras: dict[str, dict[str, Any]] = {name: json.loads(extra) for name, extra in rows}

    wanted = ("raw", "table", "features", "model", "endpoint")
    assert {f"flight_delays.{name}" for name in wanted} == set(extras)
    assert extras["flight_delays.model"]["version"] >= 1
    assert "Approved" == extras["flight_delays.model"]["status"]
    assert extras["flight_delays.endpoint"]["action"] in ("created", "updated", "unchanged")


def test_a_search_leads_to_the_list_of_its_fits(demo: Demo, database: sqlite3.Connection) -> None:
    """
    Six jobs of one task have one button: the list of those whose names begin alike, and of no others.
    """
    ((_, address),) = links(database, demo, "tuning")

    assert "/jobs/training?name=tuning" in address
    with urllib.request.urlopen(address) as answer:
        page = answer.read().decode()
    assert "tuning" in page
    assert "cross-validation" not in page


def test_each_fold_has_its_own_button(demo: Demo, database: sqlite3.Connection) -> None:
    """
    Mapped tasks are told apart by their map index.
    """
    found = links(database, demo, "cross_validation")

    assert [0, 1, 2] == [index for index, _ in found]
    assert 3 == len({address for _, address in found})
