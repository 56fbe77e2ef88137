"""Who lives, as Airflow itself tells it: to a running task, and on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foldline.cli.airflowhome import airflow_environment
from foldline.cli.reap import CommandRuns
from foldline.environment import environment
from tests.airflowhomes import migrated
from tests.conftest import Endpoint
from tests.reaper.conftest import ROOT

ASKING = """
import json, os
from airflow.sdk import dag, task
from operators.reaper import ReaperOperator, TaskRuns

@dag(schedule=None, params={"apply": False, "sole": True})
def asking():
    @task
    def done(): pass

    @task
    def number(n): pass

    @task
    def ask(**context):
        runs, run = TaskRuns(context["ti"]), context["run_id"]
        answers = {
            "run": runs.run("asking", run),
            "no run": runs.run("asking", "never"),
            "done": runs.task("asking", run, "done", -1),
            "mapped": runs.task("asking", run, "number", 1),
            "no index": runs.task("asking", run, "number", 7),
            "asks": runs.task("asking", run, "ask", -1),
            "no task": runs.task("asking", run, "never", -1),
            "id": run,
        }
        open(os.environ["ANSWERS"], "w").write(json.dumps(answers))

    [done(), number.expand(n=[1, 2])] >> ask() >> ReaperOperator(task_id="sweep")

asking()
"""


@dataclass(frozen=True)
class Asked:
    """What the task was told, and the Airflow it ran in."""

    told: dict[str, str]
    variables: dict[str, str]
    log: str


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Asked:
    """One run of a DAG that asks, then sweeps."""
    root = tmp_path_factory.mktemp("asking")
    shutil.copytree(ROOT / "infra", root / "infra")
    (root / "dags").mkdir()
    (root / "dags/asking.py").write_text(ASKING)
    variables = {
        **airflow_environment(environment("local", root), root),
        "AIRFLOW_HOME": str(root / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "FOLDLINE_ROOT": str(root),
        "AWS_ENDPOINT_URL": endpoint.url,
        "ANSWERS": str(root / "answers.json"),
    }
    migrated(root / "airflow")
    log = run_dag("asking", variables, root)
    return Asked(json.loads((root / "answers.json").read_text()), variables, log)


def run_dag(dag: str, variables: dict[str, str], root: Path) -> str:
    """What a run of a DAG logged."""
    done = subprocess.run(
        [sys.executable, "-m", "foldline.cli.dagrun", dag, "{}"],
        env=variables,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


@pytest.mark.slow
def test_a_task_is_told_which_runs_and_tasks_live(asked: Asked) -> None:
    """
    By the task's own interface, so that it works where a worker has no way to Airflow's database.
    """
    answers: dict[str, Any] = {key: value for key, value in asked.told.items() if key != "id"}

    assert {
        "run": "living",
        "no run": "gone",
        "done": "over",
        "mapped": "over",
        "no index": "gone",
        "asks": "living",
        "no task": "gone",
    } == answers


@pytest.mark.slow
def test_the_command_line_tells_the_same_afterwards(asked: Asked) -> None:
    """
    A DAG that this Airflow does not know is unknown, never gone.
    """
    runs, run = CommandRuns(asked.variables), asked.told["id"]

    assert "success" == runs.run("asking", run)
    assert "gone" == runs.run("asking", "never")
    assert "unknown" == runs.run("strange", run)
    assert ["over", "over", "gone", "gone"] == [
        runs.task("asking", run, task, index)
        for task, index in (("done", -1), ("number", 1), ("number", 7), ("never", -1))
    ]


@pytest.mark.slow
def test_without_apply_a_sweep_reports_and_changes_nothing(asked: Asked) -> None:
    """
    The operator's task ends well, with no audit; where there is not even a bucket, nothing is staged.
    """
    assert "audit: none, nothing was changed" in asked.log
