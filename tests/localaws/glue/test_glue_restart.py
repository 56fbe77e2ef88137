"""Glue runs and a server that goes: killed, they go on; stopped, they have failed; out of time, they end."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from tests.localaws.glue.conftest import Glue

WAITS = """
    import pathlib, sys, time
    from awsglue.utils import getResolvedOptions
    folder = pathlib.Path(getResolvedOptions(sys.argv, ["folder"])["folder"])
    with (folder / "begun").open("a") as file:
        file.write("x")
    print("before", flush=True)
    while not (folder / "go").exists():
        time.sleep(0.02)
    print("after")
"""


@pytest.fixture
def server(start: Callable, connect: Callable, tmp_path) -> Callable[..., tuple]:
    """Starts the server of one state folder, again and again: the server, and Glue at it."""

    def make() -> tuple:
        endpoint = start(tmp_path / "state")
        client = functools.partial(connect, endpoint)
        if "scripts" not in [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]:
            client("s3").create_bucket(Bucket="scripts")
        return endpoint, Glue(client, "scripts")

    return make


def test_a_killed_server_loses_no_run(server, tmp_path):
    """
    A script goes on while no server is there, and ends well under the next; runs that waited follow in their order.
    """
    endpoint, glue = server()
    job = glue.job(WAITS, ExecutionProperty={"MaxConcurrentRuns": 1}, JobRunQueuingEnabled=True)
    arguments = {"--folder": str(tmp_path)}
    first, second = (glue.api.start_job_run(JobName=job, Arguments=arguments)["JobRunId"] for _ in range(2))
    glue.reached(job, first, "RUNNING")
    assert "WAITING" == glue.api.get_job_run(JobName=job, RunId=second)["JobRun"]["JobRunState"]
    endpoint.process.kill()
    endpoint.process.wait()
    _, glue = server()
    found = glue.api.get_job_run(JobName=job, RunId=first)["JobRun"]
    assert "RUNNING" == found["JobRunState"]
    (tmp_path / "go").touch()
    assert "SUCCEEDED" == glue.ended(job, first)["JobRunState"]
    ended = glue.ended(job, second)
    assert "SUCCEEDED" == ended["JobRunState"]
    assert ["before", "after"] == glue.lines({**found, "Id": first})
    assert "xx" == (tmp_path / "begun").read_text()


def test_a_stopped_server_ends_its_runs(server, tmp_path):
    """
    After a clean stop a run that was under way has failed, and what it ran is gone.
    """
    endpoint, glue = server()
    job = glue.job(WAITS)
    run = glue.api.start_job_run(JobName=job, Arguments={"--folder": str(tmp_path)})["JobRunId"]
    glue.reached(job, run, "RUNNING")
    assert 0 == endpoint.stop()
    _, glue = server()
    ended = glue.ended(job, run)
    assert "FAILED" == ended["JobRunState"]
    assert ended["ErrorMessage"].startswith("InternalServerError")


def test_a_run_out_of_time(server, tmp_path, monkeypatch):
    """
    After its timeout a run is TIMEOUT, and is not tried again.
    """
    monkeypatch.setenv("LOCALAWS_GLUE_MINUTE", "0.3")
    _, glue = server()
    job = glue.job(WAITS, Timeout=1, MaxRetries=1)
    run = glue.run(job, {"--folder": str(tmp_path)})
    assert "TIMEOUT" == run["JobRunState"]
    assert "exceeded its timeout of 1 minutes" in run["ErrorMessage"]
    assert 1 == len(glue.api.get_job_runs(JobName=job)["JobRuns"])
