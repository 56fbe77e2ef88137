"""A cleared task ends what it had running before it starts anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foldline.aws import Clients
from foldline.config import load_pipeline
from foldline.jobs import Runner
from foldline.names import Identity
from foldline.outcomes import TRAINING
from foldline.remote.calls import SystemClock
from foldline.waiting import Staying
from foldline.work import Work
from operators.base import reuses
from operators.epochs import NOTED, end_earlier_epochs
from operators.steprun import Place, StepRun
from tests.conftest import ROOT, Endpoint
from tests.localaws.sagemaker.conftest import Account

SLEEP = "import time\ntime.sleep(600)"


@pytest.fixture
def account(endpoint: Endpoint, client: Callable, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name, value in {"AWS_ENDPOINT_URL": endpoint.url, "FOLDLINE_ROOT": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FOLDLINE_ENV", raising=False)
    bucket = load_pipeline("flight_delays").environment.bucket
    existing = {one["Name"] for one in client("s3").list_buckets()["Buckets"]}
    if bucket not in existing:
        client("s3").create_bucket(Bucket=bucket)
    return Account(client, bucket)


@pytest.fixture
def running(account: Account) -> Callable[[int, int], str]:
    """Starts a job of a mapped task's epoch that runs until it is stopped; its name."""
    started = []

    def start(map_index: int, epoch: int) -> str:
        request: dict[str, Any] = account.training_request(SLEEP)
        del request["TrainingJobName"]
        identity = Identity("local", "epochs", "run/1", "fits", map_index, "training", "spec", epoch)
        work, clock = Work(TRAINING, identity, request), SystemClock()
        Runner(account.sagemaker, clock, Staying(clock)).look(work, 0.0)
        started.append(work.name)
        return work.name

    yield start
    for name in started:
        end(account, name)


def end(account: Account, name: str) -> None:
    if status(account, name) == "InProgress":
        account.sagemaker.stop_training_job(TrainingJobName=name)


def status(account: Account, name: str) -> str:
    return account.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]


def step_run(map_index: int, epoch: int) -> StepRun:
    pipeline, clock = load_pipeline("flight_delays"), SystemClock()
    place = Place("epochs", "run/1", "fits", map_index, epoch)
    return StepRun(pipeline, "training", place, Clients(pipeline.environment), clock, Staying(clock))


def test_a_clear_stops_what_the_task_had_running_and_nothing_else(account, running):
    """
    The old job of the cleared index is Stopped when the new epoch starts; its neighbour's runs on.
    """
    mine, neighbour = running(1, 0), running(2, 0)
    run = step_run(1, 3)

    end_earlier_epochs(run)

    assert ("Stopped", "InProgress") == (status(account, mine), status(account, neighbour))
    assert run.memory.get(NOTED) is True


def test_a_retry_stops_nothing(account, running):
    """
    The same epoch adopts its job; the first epoch does not even ask.
    """
    first, second = running(3, 0), running(4, 2)

    end_earlier_epochs(step_run(3, 0))
    end_earlier_epochs(step_run(4, 2))

    assert ("InProgress", "InProgress") == (status(account, first), status(account, second))


@pytest.mark.parametrize(("word", "expected"), [("rerun", False), ("reuse", True)])
def test_on_clear_says_whether_a_clear_is_a_new_epoch(word, expected):
    """
    `on_clear: reuse` keeps the first epoch, so a cleared task finds what it had done.
    """
    settings = load_pipeline("flight_delays", root=ROOT)["training"]

    assert expected == reuses(settings.model_copy(update={"on_clear": word}))
