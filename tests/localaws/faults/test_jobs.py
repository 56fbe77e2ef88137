"""What rules do to jobs, seen as a client sees a job end."""

from __future__ import annotations

import functools

import pytest

from tests.localaws.sagemaker.conftest import Account

CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML "
    "instance type or after some time."
)
INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
COUNTING = """
    import pathlib, time
    starts = pathlib.Path("/opt/ml/checkpoints/starts")
    seen = starts.read_text() if starts.exists() else ""
    starts.write_text(seen + "x")
    print("start", len(seen) + 1, flush=True)
    if not seen:
        time.sleep(60)
"""


@pytest.fixture
def account(faulty, connect) -> Account:
    """An account at the endpoint whose rules are the tests' own."""
    clients = functools.cache(functools.partial(connect, faulty))
    clients("s3").create_bucket(Bucket="jobs")
    return Account(clients, "jobs")


def spot(account: Account, checkpoints: str) -> dict:
    """Members of a managed spot job with checkpoints."""
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
        "CheckpointConfig": {"S3Uri": account.uri(checkpoints), "LocalPath": "/opt/ml/checkpoints"},
    }


class TestTraining:
    def test_capacity_once(self, account, fault):
        """
        The first job finds no capacity and is Failed with AWS's reason; the next one runs.
        """
        fault("capacity", job="training", count=1)
        failed = account.train()
        assert ("Failed", CAPACITY) == (failed["TrainingJobStatus"], failed["FailureReason"])
        assert "Completed" == account.train()["TrainingJobStatus"]

    def test_internal_error_of_one_name(self, account, fault):
        """
        A rule for one name fails that job only, as the platform fails one.
        """
        fault("internal", job="training", resource="doomed-*")
        failed = account.train(TrainingJobName="doomed-1")
        assert ("Failed", INTERNAL) == (failed["TrainingJobStatus"], failed["FailureReason"])
        assert "Completed" == account.train(TrainingJobName="spared-1")["TrainingJobStatus"]

    def test_bad_container(self, account, fault, hits):
        """
        A container without its program exits with code 127: an AlgorithmError.
        """
        fault("bad_container", job="training", count=1)
        failed = account.train()
        assert "Failed" == failed["TrainingJobStatus"]
        assert failed["FailureReason"].startswith("AlgorithmError")
        assert "127" in failed["FailureReason"]
        assert [1] == hits()

    def test_spot_interruption(self, account, fault):
        """
        An interrupted spot job is run again from its checkpoints, and completes.
        """
        fault("spot", job="training", seconds=3, count=1)
        job = account.train(COUNTING, **spot(account, "checkpoints/"))
        assert "Completed" == job["TrainingJobStatus"]
        passed = [step["Status"] for step in job["SecondaryStatusTransitions"]]
        assert passed.index("Interrupted") < passed.index("Restarting") < passed.index("Completed")
        assert b"xx" == account.get("checkpoints/starts")

    def test_spot_spares_on_demand_jobs(self, account, fault):
        """
        A job that did not ask for spot capacity is never interrupted.
        """
        fault("spot", job="training", seconds=0)
        job = account.train("import time; time.sleep(0.5)")
        assert "Completed" == job["TrainingJobStatus"]
        assert "Interrupted" not in [step["Status"] for step in job["SecondaryStatusTransitions"]]


class TestProcessing:
    def test_failures(self, account, fault):
        """
        Processing jobs meet the same faults, each once.
        """
        for effect, reason in (("capacity", CAPACITY), ("internal", INTERNAL)):
            fault(effect, job="processing", count=1)
            failed = account.process("pass")
            assert ("Failed", reason) == (failed["ProcessingJobStatus"], failed["FailureReason"])
        fault("bad_container", job="processing", count=1)
        failed = account.process("pass")
        assert "Failed" == failed["ProcessingJobStatus"]
        assert "127" in failed["FailureReason"]
        assert "Completed" == account.process("pass")["ProcessingJobStatus"]
