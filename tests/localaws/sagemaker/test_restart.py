"""A server that is killed or stopped leaves nothing running, and the next one says what became of the jobs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

SLEEPER = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "120"])
print("pids", os.getpid(), child.pid)
print("ready", flush=True)
time.sleep(120)
"""


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_dead(pids: list[int]) -> None:
    """Wait until none of some processes runs."""
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, f"some of {pids} still run"
        time.sleep(0.02)


def running_job(account) -> tuple[str, list[int]]:
    """A training job that sleeps, with its processes."""
    request = account.training_request(SLEEPER)
    name = request["TrainingJobName"]
    account.sagemaker.create_training_job(**request)
    account.wait_for_line("TrainingJobs", name, "ready")
    [[line, _]] = account.log("TrainingJobs", name).values()
    return name, [int(word) for word in line.split()[1:]]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_jobs_under_way_are_failed_by_the_next_server(own_account, how, monkeypatch):
    """
    After kill -9 or a stop no process of a job is left, and job and queue are Failed with a reason naming the restart.
    """
    monkeypatch.setenv("LOCALAWS_SLOTS", "1")
    endpoint, account = own_account()
    name, pids = running_job(account)
    queued = account.training_request()["TrainingJobName"]
    request = account.training_request(TrainingJobName=queued)
    account.sagemaker.create_training_job(**request)
    processing = account.processing_request("pass")
    account.sagemaker.create_processing_job(**processing)
    os.kill(endpoint.process.pid, how)
    endpoint.process.wait(20)
    if how == signal.SIGTERM:
        wait_until_dead(pids)
    _, account = own_account()
    wait_until_dead(pids)
    for job in (
        account.trained(name),
        account.trained(queued),
        account.processed(processing["ProcessingJobName"]),
    ):
        assert job["FailureReason"].startswith("InternalServerError: the local endpoint was restarted")
    assert "Completed" == account.train()["TrainingJobStatus"]


def test_model_servers_end_with_a_killed_server(own_account):
    """
    After kill -9 the next server ends the old model server and starts a new one for the endpoint.
    """
    endpoint, account = own_account()
    say = "import os\ndef model_fn(d): return 1\ndef transform_fn(m, d, c, a): return str(os.getpid()), a"
    name = account.endpoint(account.config(main=account.model(say)))["EndpointName"]
    old = int(account.invoke(name)["Body"])
    os.kill(endpoint.process.pid, signal.SIGKILL)
    endpoint.process.wait(20)
    _, account = own_account()
    wait_until_dead([old])
    account.settled(name)
    assert old != int(account.invoke(name)["Body"])
