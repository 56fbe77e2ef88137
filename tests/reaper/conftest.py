"""A run's jobs on a real local endpoint: started as operators start them, found by their tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from foldline.aws import Clients
from foldline.environment import Environment, environment
from foldline.jobs import Runner
from foldline.names import Identity, spec_hash
from foldline.outcomes import PROCESSING
from foldline.remote.calls import Backoff, SystemClock
from foldline.waiting import Deferring, Suspended
from foldline.work import Work
from tests.conftest import Endpoint

ROOT = Path(__file__).parents[2]
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
DAG = "flight_delays"
LONG = "import time\nprint('began', flush=True)\ntime.sleep(600)"
SHORT = "print('hello from the job', flush=True)"


@dataclass(frozen=True)
class Place:
    """The environment's clients, and jobs in it."""

    environment: Environment
    clients: Clients

    def begin(self, run: str, task: str, program: str = LONG, **more: Any) -> Work:
        """Start a processing job of a task, as the runner does in a worker that lets go at once."""
        request = processing(program)
        given = {"env": "local", "dag": DAG, "map_index": -1, "kind": "processing", **more}
        identity = Identity(run=run, task=task, spec_hash=spec_hash(request), **given)
        work = Work(PROCESSING, identity, request)
        clock = SystemClock(20.0)
        runner = Runner(
            self.clients.client("sagemaker"), clock, Deferring(clock, patience=0.0), Backoff(0.05)
        )
        with pytest.raises(Suspended):
            runner.run(work)
        return work

    def status(self, name: str) -> str:
        """The word AWS has for a processing job."""
        found = self.clients.client("sagemaker").describe_processing_job(ProcessingJobName=name)
        return found["ProcessingJobStatus"]

    def settle(self, name: str) -> None:
        """Wait until a processing job is over."""
        waiter = self.clients.client("sagemaker").get_waiter("processing_job_completed_or_stopped")
        waiter.wait(ProcessingJobName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 1000})


def processing(program: str) -> dict[str, Any]:
    """The request of a job that runs a program."""
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    return {
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "-c", f"exec({program!r})"],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/foldline-jobs",
    }


@pytest.fixture
def place(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Place]:
    """The local environment on the session's endpoint, with its bucket; no Airflow of the developer's."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("FOLDLINE_ROOT", str(ROOT))
    monkeypatch.setenv("FOLDLINE_AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.delenv("FOLDLINE_ENV", raising=False)
    settings = environment()
    clients = Clients(settings)
    s3 = clients.client("s3")
    if settings.bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=settings.bucket)
    yield Place(settings, clients)


@pytest.fixture
def foldline() -> Callable[..., Any]:
    """Runs the command line in this process: ``foldline("status", "run")``; its JSON, or its text."""
    from foldline.cli.main import app

    def run(*words: str, answer: str = "") -> Any:
        done = CliRunner().invoke(app, list(words), input=answer)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if "json" in words:
            return json.loads(done.stdout)
        return done.stdout

    return run
