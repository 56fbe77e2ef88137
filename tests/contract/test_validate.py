"""`foldline validate`, as CI runs it: a process of its own, on this repository and on broken copies of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What the command said."""

    code: int
    text: str
    errors: str

    @property
    def document(self) -> dict:
        """The answer of ``--output json``."""
        return json.loads(self.text)


def validate(root: Path, *arguments: str, **environment: str) -> Answer:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "foldline.cli.main", "validate", *arguments],
        cwd=root,
        env={**kept, "PYTHONPATH": str(ROOT), "FOLDLINE_ROOT": str(root), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def copy(tmp_path):
    """A copy of this repository's main pipeline, its DAG file and the environments."""
    for folder in ("infra/env", "infra/flight_delays"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "dags").mkdir()
    shutil.copy(ROOT / "dags/flight_delays.py", tmp_path / "dags")
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{old!r} in {file.name}"
    file.write_text(text.replace(old, new, 1))


def test_this_repository_is_valid():
    """
    Every config, query, request and DAG file of this repository passes, in all environments.
    """
    answer = validate(ROOT, "--output", "json")
    assert [] == answer.document["problems"]
    assert 0 == answer.code
    checked = answer.document["checked"]
    assert 3 == checked["environments"]
    assert len(list((ROOT / "dags").glob("*.py"))) == checked["dag_files"]
    assert checked["requests"] >= 3 * 12


def test_a_clean_run_ends_with_counts(copy):
    """
    The summary says how much was looked at.
    """
    answer = validate(copy, "flight_delays", "--env", "local")
    assert "1 query, 1 environment, " in answer.text
    assert answer.text.endswith(" requests, 1 DAG file: no problems\n")
    assert 0 == answer.code


def test_everything_is_told_in_one_run(copy):
    """
    One run tells of configs, SQL, instance types, and DAG files, each with file and line; the exit code is 1.
    """
    pipeline = copy / "infra/flight_delays"
    edit(pipeline / "tuning.yaml", "trials: 8", "trials: 0, trails: 6")
    edit(pipeline / "tuning.yaml", "ml.m5.xlarge", "ml.m5.xlrge")
    edit(pipeline / "quality.yaml", "ml.m5.xlarge", "ml.m5.xlrge")
    edit(pipeline / "deploy.yaml", "max_runtime: 30m", "max_runtime: 30")
    edit(pipeline / "ingest.sql", "WHERE f.flight_date", "WHERE AND f.flight_date")
    edit(copy / "infra/env/dev.yaml", "instances: 1", "instances: 0")
    (copy / "dags/absent.py").write_text("import os\nimport no_such_module\n")
    (copy / "dags/syntax.py").write_text("x = 1\ndef f(:\n")
    answer = validate(copy)
    expected = [
        "infra/env/dev.yaml (environment dev): 1 problem\n  line 15  instances: 0, must be at least 1",
        "search.trials: 0, must be at least 1",
        "search.trails: unknown key; did you mean 'trials'?",
        "job.instance: 'ml.m5.xlrge' is not one SageMaker knows; did you mean 'ml.m5.xlarge'?",
        "max_runtime: 30 is no duration; write a number with a unit: 30s, 30m, 30h",
        "infra/flight_delays/ingest.sql: 1 problem\n  line 63  column ",
        "dags/absent.py: 1 problem\n  line 2  does not import: ModuleNotFoundError: No module named 'no_such_module'",
        "dags/syntax.py: 1 problem\n  line 2  does not import: SyntaxError: invalid syntax",
        "dags/flight_delays.py: 1 problem",
        "3 DAG files: 9 problems",
    ]
    assert [] == [text for text in expected if text not in answer.text], answer.text
    assert 1 == answer.code


def test_a_request_that_breaks_the_service_model(copy):
    """
    What the escape hatch adds is checked too, with the operation and the path inside the request.
    """
    (copy / "infra/flight_delays/training.yaml").open("a").write(
        "request: {StoppingCondition: {MaxRuntimeInSecs: 5}, RetryStrategy: {MaximumRetryAttempts: 99}}\n"
    )
    answer = validate(copy, "--env", "local", "--output", "json")
    told = {problem["path"]: problem["message"] for problem in answer.document["problems"]}
    assert {
        "CreateTrainingJob StoppingCondition.MaxRuntimeInSecs": "unknown member; did you mean 'MaxRuntimeInSeconds'?",
        "CreateTrainingJob RetryStrategy.MaximumRetryAttempts": "99, at most 30",
    } == told
    assert {"infra/flight_delays/training.yaml"} == {
        problem["file"] for problem in answer.document["problems"]
    }
    assert 1 == answer.code


def test_an_instance_type_is_told_once(copy):
    """
    A wrong instance type is told at its setting, not again at each request that carries it.
    """
    edit(copy / "infra/flight_delays/transform.yaml", "ml.m5.large", "ml.m5.lrge")
    (problem,) = validate(copy, "--output", "json").document["problems"]
    assert ("instance", 2, "ml.m5.large") == (problem["path"], problem["line"], problem["nearest"])
    assert ["dev", "local", "prod"] == problem["environments"]


def test_a_dag_file_that_uses_the_network(copy):
    """
    A DAG file that calls out while it is parsed is refused, wherever it runs.
    """
    (copy / "dags/calls.py").write_text(
        "import urllib.request\n\n\nurllib.request.urlopen('http://192.0.2.1/').read()\n"
    )
    (problem,) = validate(copy, "--env", "local", "--output", "json").document["problems"]
    assert ("dags/calls.py", 4) == (problem["file"], problem["line"])
    assert "a DAG file must not use the network while it is parsed" in problem["message"]


def test_a_dag_file_sees_no_credentials(copy):
    """
    Credentials and database of the caller do not reach the DAG files.
    """
    (copy / "dags/looks.py").write_text(
        "import os\n\n"
        "seen = [n for n in os.environ if n.startswith('AWS_') and n != 'AWS_EC2_METADATA_DISABLED']\n"
        "assert not seen, seen\n"
        "assert 'postgresql' not in os.environ['AIRFLOW__DATABASE__SQL_ALCHEMY_CONN']\n"
    )
    answer = validate(
        copy,
        "--env",
        "local",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_PROFILE="prod",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql://nobody@192.0.2.1/none",
    )
    assert answer.text.endswith("2 DAG files: no problems\n"), answer.text


def test_a_folder_that_hides_one_of_ours(copy):
    """
    A folder of the user that is named like one of our packages, and found first, is told.
    """
    (copy / "training").mkdir()
    (copy / "training/__init__.py").touch()
    answer = validate(copy, "--env", "local", PYTHONPATH=os.pathsep.join([str(copy), str(ROOT)]))
    assert (
        f"training: is found in {copy}/training, which hides ours in {ROOT}; rename that folder"
        in answer.text
    )


def test_a_project_without_a_pipeline(tmp_path):
    """
    An empty project is told what it lacks.
    """
    (tmp_path / "infra").mkdir()
    answer = validate(tmp_path)
    assert "holds no pipeline; a pipeline is a folder with pipeline.yaml" in answer.text
    assert 1 == answer.code


def test_no_project_at_all(tmp_path):
    """
    Outside a project the command says where it looked and how to mend it.
    """
    answer = validate(tmp_path)
    assert 1 == answer.code
    assert f"there is no project in {tmp_path} or above it" in answer.errors.replace("\n", " ")


def test_an_unknown_pipeline(copy):
    """
    A pipeline that is not there is told with the nearest one.
    """
    answer = validate(copy, "flight_delay", "--env", "local")
    assert (
        "there is no pipeline 'flight_delay'; known: flight_delays; did you mean 'flight_delays'?"
        in answer.text
    )
    assert 1 == answer.code
