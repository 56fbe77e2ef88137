"""Foldline's ensure-once loop against the endpoint on a bad day: every job once, and every job to its end."""

from __future__ import annotations

import functools

import pytest
from botocore.config import Config

from foldline.errors import JobFailed
from foldline.jobs import Runner
from foldline.names import Identity
from foldline.outcomes import TRAINING
from foldline.remote.calls import Backoff, SystemClock
from foldline.waiting import Staying
from foldline.work import Work
from tests.localaws.sagemaker.conftest import Account

PATIENCE = Config(connect_timeout=5, read_timeout=5)


@pytest.fixture
def account(faulty, connect) -> Account:
    """An account at the endpoint whose rules are the tests' own."""
    clients = functools.cache(functools.partial(connect, faulty, config=PATIENCE))
    clients("s3").create_bucket(Bucket="game-day")
    return Account(clients, "game-day")


def works(account: Account, task: str, count: int) -> list[Work]:
    """Pieces of work that each train for a moment."""
    request = account.training_request()
    del request["TrainingJobName"]
    return [
        Work(TRAINING, Identity("local", "game-day", "run", task, number, "training", "spec"), request)
        for number in range(count)
    ]


def jobs_of(account: Account, task: str) -> list[str]:
    pages = account.sagemaker.get_paginator("list_training_jobs").paginate(NameContains=f"{task}-m")
    return sorted(job["TrainingJobName"] for page in pages for job in page["TrainingJobSummaries"])


def test_a_bad_day(account, fault, hits):
    """
    With a fifth of the calls throttled, others broken, dropped or expired, answers of Create lost and new jobs
    unseen for a while, eight jobs are started exactly once each and complete.
    """
    pieces = works(account, "bad-day", 8)
    fault("commit_then_drop", service="sagemaker", operation="CreateTrainingJob", every=2, seed=1)
    fault("stale", service="sagemaker", operation="DescribeTrainingJob", seconds=0.5, probability=0.3, seed=2)
    for seed, (effect, chance) in enumerate(
        [("throttle", 0.2), ("internal_failure", 0.05), ("drop", 0.05), ("expired_token", 0.03)]
    ):
        fault(effect, service="sagemaker", operation="*TrainingJob", probability=chance, seed=seed)
    outcomes = Runner(account.sagemaker, SystemClock(), Staying(SystemClock()), Backoff(0.1, 0.5)).run_all(
        pieces
    )

    assert [None] * 8 == [outcome.error for outcome in outcomes]
    assert ["Completed"] * 8 == [outcome.description["TrainingJobStatus"] for outcome in outcomes]
    assert sorted(outcome.name for outcome in outcomes) == jobs_of(account, "bad-day")
    assert all(struck > 0 for struck in hits()[:3]), hits()


def test_no_capacity_twice(account, fault):
    """
    Work that finds no capacity is started again as a new generation, and in the end succeeds.
    """
    fault("capacity", job="training", count=2)
    outcome = Runner(account.sagemaker, SystemClock(), Staying(SystemClock()), Backoff(0.1, 0.5)).run(
        works(account, "scarce", 1)[0]
    )

    assert (2, "Completed") == (outcome.generation, outcome.description["TrainingJobStatus"])


def test_no_capacity_at_all(account, fault):
    """
    Without capacity three generations fail, and the error says why.
    """
    fault("capacity", job="training")
    with pytest.raises(JobFailed, match="CapacityError: Unable to provision"):
        Runner(account.sagemaker, SystemClock(), Staying(SystemClock()), Backoff(0.1, 0.5)).run(
            works(account, "none", 1)[0]
        )
