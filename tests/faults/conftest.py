"""One real Airflow for all tests of this folder, on a project of its own and an endpoint of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Endpoint, start_endpoint
from tests.faults.airflow import Airflow
from tests.faults.jobs import Job, jobs_of
from tests.faults.postgres import Postgres, Unavailable, postgres
from tests.faults.rules import Faults

PROJECT = Path(__file__).parent / "project"
DAGS = ("one_staying", "one_deferring", "folds_staying", "folds_deferring")


def make_project(folder: Path) -> Path:
    """A project of the tests' own: held DAGs, and the laptop's environment."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "infra" / "env").mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "infra" / "env" / "local.yaml", folder / "infra" / "env" / "local.yaml")
    return folder


def variables_for(project: Path, endpoint: Endpoint) -> dict[str, str]:
    """The environment of Airflow's processes: nothing of the developer's own AWS or Airflow."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
    return {
        **kept,
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "FOLDLINE_ROOT": str(project),
        "FOLDLINE_ENV": "local",
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="session")
def faults_endpoint(
    tmp_path_factory: pytest.TempPathFactory, connect: Callable[..., Any]
) -> Iterator[Endpoint]:
    """A local endpoint whose jobs and fault rules are these tests' alone."""
    running = start_endpoint(tmp_path_factory.mktemp("faults-localaws"))
    connect(running, "s3").create_bucket(Bucket="foldline-local")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server of this session's own; where none can be had, its tests are skipped and say why."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres())
        except Unavailable as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str | None:
    """Airflow's database: a SQLite file, or with FAULTS_DATABASE=postgresql a real server's."""
    if os.environ.get("FAULTS_DATABASE", "sqlite") == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.url(server.create("airflow"), "postgresql+psycopg2")


@pytest.fixture(scope="session")
def airflow(
    faults_endpoint: Endpoint, database: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Airflow]:
    """All of Airflow's processes, running; a test that kills one restarts it."""
    folder = tmp_path_factory.mktemp("faults")
    project = make_project(folder / "project")
    home = folder / "airflow"
    home.mkdir()
    made = Airflow(home, project, variables_for(project, faults_endpoint), database)
    try:
        made.start(DAGS)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def sagemaker(faults_endpoint: Endpoint, connect: Callable[..., Any]) -> Any:
    """A SageMaker client of that endpoint."""
    return connect(faults_endpoint, "sagemaker")


@pytest.fixture(scope="session")
def jobs(sagemaker: Any) -> Callable[[str], list[Job]]:
    """Gives the training jobs of a run."""
    return lambda run: jobs_of(sagemaker, run)


@pytest.fixture(scope="session")
def faults(faults_endpoint: Endpoint) -> Faults:
    """Fault rules of that endpoint."""
    return Faults(faults_endpoint.url)


@pytest.fixture(scope="session")
def s3(faults_endpoint: Endpoint, connect: Callable[..., Any]) -> Any:
    """An S3 client of that endpoint."""
    return connect(faults_endpoint, "s3")


os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="foldline-airflow-"))
from tests.faults.awsbed import bad_day, shared  # noqa: E402, F401  # fixtures; they import Airflow
