"""A project of the tests' own: the repo's dags/ and infra/ in a temporary folder, one Airflow home, one endpoint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foldline.layout import PipelineLayout
from tests.airflowhomes import migrated

ROOT = Path(__file__).parents[2]
SECONDS = 420


@dataclass(frozen=True)
class Project:
    """A folder with dags/ and infra/, and the environment its commands run in."""

    root: Path
    variables: dict[str, str]

    def foldline(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the foldline command in the project."""
        done = subprocess.run(
            [sys.executable, "-m", "foldline.cli.main", *words],
            cwd=self.root,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"foldline {' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def run(self, *words: str) -> dict[str, Any]:
        """``foldline run flight_delays`` with a JSON summary; failed runs included."""
        done = self.foldline("run", "flight_delays", "--output", "json", *words, check=False)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in one of the project's files."""
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{file} holds no {old!r}"
        path.write_text(text.replace(old, new))


def variables_for(root: Path, url: str, airflow_home: Path) -> dict[str, str]:
    """The environment of a project's commands: nothing of the developer's own AWS or Airflow."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
    return {
        **kept,
        "AWS_ENDPOINT_URL": url,
        "FOLDLINE_ROOT": str(root),
        "FOLDLINE_AIRFLOW_HOME": str(airflow_home),
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Airflow database for all projects of this worker."""
    return migrated(tmp_path_factory.mktemp("airflow"))


@pytest.fixture(scope="session")
def make_project(
    endpoint: Any, airflow_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Project]:
    """Makes a project that talks to the session's endpoint, or to another one."""

    def make(url: str | None = None) -> Project:
        root = tmp_path_factory.mktemp("project")
        for folder in ("dags", "infra"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        return Project(root, variables_for(root, url or endpoint.url, airflow_home))

    return make


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """A project of this test's own, with a tenth of the real flights in its raw folders."""
    made = make_project()
    made.foldline("samples", "flight_delays", "--fraction", "0.1")
    return made


class Demo:
    """A project after `foldline demo`, and what the command printed."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.first = self.demo()

    def demo(self) -> dict[str, Any]:
        words = ("--fraction", "0.1", "-p", "folds=3", "-p", "trials=2", "--output", "json")
        return json.loads(self.project.foldline("demo", *words).stdout)


@pytest.fixture(scope="session")
def demo(make_project: Callable[..., Project]) -> Demo:
    """The main job, once for all tests that look at what it leaves."""
    return Demo(make_project())


@pytest.fixture(scope="session")
def record(demo: Demo, client: Callable[..., Any]) -> dict[str, Any]:
    """The run record, from S3."""
    key = PipelineLayout("foldline-local", "flight_delays").run(demo.first["run_id"]).run_json.key
    return json.loads(client("s3").get_object(Bucket="foldline-local", Key=key)["Body"].read())
