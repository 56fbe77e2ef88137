"""A small project on an endpoint whose AWS misbehaves, and a clock on which ten minutes pass in a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from foldline.aws import Clients, Door
from foldline.config import Pipeline, load_pipeline
from foldline.remote.calls import Clock, SystemClock
from foldline.waiting import Deferring, Staying
from operators.base import pin_config
from operators.processing_job import ProcessingJobOperator
from operators.steprun import Place, StepRun
from operators.training_job import TrainingJobOperator
from tests.conftest import Endpoint
from tests.faults.rules import Faults

ACCOUNT, BUCKET = "123456789012", "foldline-local"
ENVIRONMENT = f"""\
account: "{ACCOUNT}"
region: us-east-1
bucket: {BUCKET}
role: arn:aws:iam::{ACCOUNT}:role/jobs
images: {{sklearn: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"}}
network_isolation: false
polling: {{first: 50ms, longest: 200ms, patience: 10s}}
"""
JOB = "{image: sklearn, instance: [ml.m5.large, ml.m5.xlarge], max_runtime: 5m}"
FILES = {
    "infra/env/local.yaml": ENVIRONMENT,
    "infra/bad_day/pipeline.yaml": "description: A bad day of AWS\nstart: 2026-01-01\n",
    "infra/bad_day/fit.yaml": f"""\
kind: training_job
source: code
program: fit.py
channels: {{train: {{}}}}
job: {JOB}
""",
    "infra/bad_day/copy.yaml": f"""\
kind: processing_job
source: code
program: copy_rows.py
inputs: {{rows: null}}
outputs: {{rows: null}}
job: {JOB}
""",
    "code/fit.py": """\
import pathlib
rows = pathlib.Path("/opt/ml/input/data/train/rows.csv").read_text()
pathlib.Path("/opt/ml/model/model.txt").write_text(rows)
""",
    "code/copy_rows.py": """\
import pathlib
source = pathlib.Path("/opt/ml/processing/input/rows")
target = pathlib.Path("/opt/ml/processing/output/rows")
target.mkdir(parents=True, exist_ok=True)
for file in source.iterdir():
    (target / file.name).write_bytes(file.read_bytes())
""",
}


@dataclass
class QuickClock:
    """A clock that sleeping moves: a second of it costs a millisecond, at most ten.

    Attributes:
        patience: Seconds for which one call is tried.
        now: Seconds slept.
        alarms: What is to happen when so many seconds have been slept.
    """

    patience: float = 1800.0
    now: float = 0.0
    alarms: dict[float, Callable[[], object]] = field(default_factory=dict)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds / 1000, 0.01))
        self.now += seconds
        for moment in [moment for moment in self.alarms if moment <= self.now]:
            self.alarms.pop(moment)()


@dataclass
class TurnedClock:
    """The clock of whichever attempt is under way: all share their clients, which take a while to make."""

    clock: Clock = field(default_factory=SystemClock)

    @property
    def patience(self) -> float:
        return self.clock.patience

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


@dataclass
class BadDay:
    """A project, its endpoint and what is wrong with it.

    Attributes:
        root: The project.
        client: boto3 clients of the endpoint, as tests use them.
        ours: Clients as steps use them.
        turn: Their clock.
        faults: The endpoint's rules.
    """

    root: Path
    client: Callable[[str], Any]
    ours: Clients
    turn: TurnedClock
    faults: Faults

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as its files are now."""
        return load_pipeline("bad_day", root=self.root)

    def run(
        self, step: str, run_id: str, *, clock: Clock | None = None, defer: bool = False, map_index: int = -1
    ) -> StepRun:
        """One attempt of one task of a run, as `StepOperator` begins it."""
        pipeline = self.pipeline
        clock = clock or SystemClock(10.0)
        waits = Deferring(clock, patience=0.0) if defer else Staying(clock)
        self.turn.clock = clock
        place = Place("bad_day", run_id, step, map_index=map_index)
        run = StepRun(pipeline, step, place, self.ours, clock, waits)
        run.clients.check_account()
        pin_config(run)
        return run

    def fit(self, run_id: str, rows: str = "1\n", **how: Any) -> dict[str, Any]:
        """The result of a training job, by its operator's own work."""
        operator = TrainingJobOperator(step="bad_day.fit", channels={"train": self.put(rows)})
        return dict(operator.work(self.run("fit", run_id, **how)))

    def copy(self, run_id: str, rows: str = "1\n", **how: Any) -> dict[str, Any]:
        """The result of a processing job, by its operator's own work."""
        operator = ProcessingJobOperator(step="bad_day.copy", inputs={"rows": {"uri": self.put(rows)}})
        return dict(operator.work(self.run("copy", run_id, **how)))

    def put(self, rows: str) -> str:
        """Rows in S3, by their content; the prefix they lie below."""
        prefix = f"raw/{'-'.join(rows.split())}"
        if rows != "1\n":  # which is there, for tests under whose rules nothing can be put
            self.client("s3").put_object(Bucket=BUCKET, Key=f"{prefix}/rows.csv", Body=rows.encode())
        return f"s3://{BUCKET}/{prefix}/"

    def jobs(self, run_id: str) -> list[dict[str, Any]]:
        """Descriptions of a run's training jobs, oldest first."""
        sagemaker = self.client("sagemaker")
        listed = sagemaker.list_training_jobs(SortBy="CreationTime", SortOrder="Ascending", MaxResults=100)
        found = []
        for item in listed["TrainingJobSummaries"]:
            tags = sagemaker.list_tags(ResourceArn=item["TrainingJobArn"])["Tags"]
            if {"Key": "foldline:run", "Value": run_id} in tags:
                found.append(sagemaker.describe_training_job(TrainingJobName=item["TrainingJobName"]))
        return found

    def keys(self, prefix: str) -> list[str]:
        """Keys below an S3 prefix or address."""
        answer = self.client("s3").list_objects_v2(
            Bucket=BUCKET, Prefix=prefix.removeprefix(f"s3://{BUCKET}/")
        )
        return [item["Key"] for item in answer.get("Contents", ())]

    def until(self, seconds: float, **rule: Any) -> tuple[QuickClock, list[int]]:
        """A clock, and how often a rule has struck that is in force until the clock shows ``seconds``."""
        name, struck = self.faults.add(**rule), list[int]()

        def lift() -> None:
            struck.append(self.faults.hits(name))
            self.faults.clear()

        return QuickClock(alarms={seconds: lift}), struck


@pytest.fixture(scope="session")
def shared(
    faults_endpoint: Endpoint, connect: Callable[..., Any]
) -> tuple[Callable[[str], Any], Clients, TurnedClock]:
    """What all tests share: both kinds of clients, and the rows that most jobs read."""
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = connect(faults_endpoint, service)
        return made[service]

    turn = TurnedClock()
    client("s3").put_object(Bucket=BUCKET, Key="raw/1/rows.csv", Body=b"1\n")
    return client, Clients(Door("local", ACCOUNT, "us-east-1", faults_endpoint.url), clock=turn), turn


@pytest.fixture
def bad_day(
    tmp_path: Path,
    faults_endpoint: Endpoint,
    shared: tuple[Callable[[str], Any], Clients, TurnedClock],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[BadDay]:
    """The project in a folder of this test's own; every rule is gone when the test is over."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults_endpoint.url)
    monkeypatch.delenv("FOLDLINE_ENV", raising=False)
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    yield BadDay(tmp_path, *shared, Faults(faults_endpoint.url))
    Faults(faults_endpoint.url).clear()
