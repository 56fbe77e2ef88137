"""The same DAG under the real scheduler, triggered as a user would: `airflow dags trigger`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.test_interruption import free_port

pytestmark = [pytest.mark.xdist_group("scheduler"), pytest.mark.scheduler]
SECONDS = 300


@pytest.fixture
def airflow(project: Project, tmp_path: Path) -> Iterator[dict[str, str]]:
    """`airflow standalone` on this project; its environment."""
    from foldline.cli.airflowhome import airflow_environment
    from foldline.environment import environment

    port = free_port()
    variables = {
        **project.variables,
        **airflow_environment(environment("local", project.root), project.root),
        "AWS_ENDPOINT_URL": project.variables["AWS_ENDPOINT_URL"],
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    }
    log = (tmp_path / "airflow.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "airflow", "standalone"],
        env=variables,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    yield variables
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # standalone hangs now and then when it is told to end
        process.wait()
    log.close()


def state_of(database: Path, run_id: str) -> str | None:
    """The run's state, from Airflow's own database."""
    if not database.is_file():
        return None
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
        try:
            row = connection.execute("SELECT state FROM dag_run WHERE run_id = ?", (run_id,)).fetchone()
        except sqlite3.OperationalError:  # the tables are being made
            return None
    return row[0] if row else None


def test_a_triggered_run_succeeds_under_the_scheduler(airflow: dict[str, str]) -> None:
    """
    Scheduler, DAG processor, API server and LocalExecutor are Airflow's own; mapped folds run side by side.
    """
    command = [sys.executable, "-m", "airflow", "dags", "trigger", "flight_delays"]
    trigger = [*command, "--conf", '{"folds": 2, "trials": 1}', "--run-id", "by-hand"]
    deadline = time.monotonic() + SECONDS
    database = Path(airflow["AIRFLOW_HOME"]) / "airflow.db"
    while subprocess.run(trigger, env=airflow, capture_output=True, check=False).returncode != 0:
        assert time.monotonic() < deadline, "the DAG could not be triggered"
        time.sleep(1)

    while (state := state_of(database, "by-hand")) not in ("success", "failed"):
        assert time.monotonic() < deadline, f"the run is {state}"
        time.sleep(0.5)

    assert "success" == state
