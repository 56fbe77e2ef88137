"""Every DAG file: it parses, it is thin, and importing it costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
HEAVY = (
    "pandas",
    "numpy",
    "sklearn",
    "xgboost",
    "boto3",
    "botocore",
    "sagemaker",
    "pyarrow",
    "optuna",
    "matplotlib",
)
PARSE = """
import json, socket, sys
def refuse(*arguments, **more):
    raise AssertionError("a DAG file opened a connection while it was parsed")
socket.socket.connect = refuse
import airflow.sdk
from airflow.sdk import BaseOperator, Param, dag, task
before = set(sys.modules)
source = open(sys.argv[1]).read()
exec(compile(source, sys.argv[1], "exec"), {"__name__": "dag_file", "__file__": sys.argv[1]})
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


def test_there_is_a_dag_file() -> None:
    """
    The checks below look at something.
    """
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_is_thin(file: Path) -> None:
    """
    At most 60 lines: what a pipeline does stands in its step files.
    """
    assert len(file.read_text().splitlines()) <= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_imports_nothing_heavy_and_opens_no_connection(file: Path) -> None:
    """
    Parsing runs again and again on every scheduler: no pandas, no boto3, no network.
    """
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert [] == [name for name in loaded if name.partition(".")[0] in HEAVY]


def test_all_dags_parse(bag: Any) -> None:
    """
    Airflow's own bag has one DAG per file and no import error.
    """
    assert {} == bag.import_errors
    assert len(FILES) == len(bag.dags)


def test_params_are_typed_by_the_settings_they_stand_for(bag: Any) -> None:
    """
    The trigger form knows type, bounds and default of `folds`; a value outside is refused by Airflow itself.
    """
    from airflow.sdk.exceptions import ParamValidationError

    folds = bag.dags["flight_delays"].params.get_param("folds")

    assert 5 == folds.resolve()
    with pytest.raises(ParamValidationError):
        folds.resolve(value=1)
    with pytest.raises(ParamValidationError):
        folds.resolve(value="many")


def test_the_report_is_a_teardown(bag: Any) -> None:
    """
    It runs after a failure and never turns a failed run green.
    """
    report = bag.dags["flight_delays"].task_dict["report"]

    assert report.is_teardown
    assert not report.on_failure_fail_dagrun


def test_nothing_is_trained_before_the_quality_gate_or_deployed_before_the_evaluation(bag: Any) -> None:
    """
    The order that saves money and the order that saves face.
    """
    dag = bag.dags["flight_delays"]

    def upstream(task_id: str) -> set[str]:
        return {task.task_id for task in dag.task_dict[task_id].get_flat_relatives(upstream=True)}

    assert "quality" in upstream("tuning")
    assert "gate" in upstream("training")
    assert {"evaluation", "register", "transform"} <= upstream("deploy")
