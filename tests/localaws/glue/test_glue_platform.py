"""Glue runs and their platform: a server that is killed or stopped, time that is up, faults, pip."""

from __future__ import annotations

import functools
import json
import urllib.request
import zipfile
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


@pytest.mark.parametrize(
    ("effect", "message"),
    [
        ("capacity", "Resource unavailable"),
        ("internal", "InternalServiceException"),
        ("bad_container", "Command failed with exit code 127"),
    ],
)
def test_faults(glue, endpoint, effect, message):
    """
    A fault rule for Glue's jobs fails a run as the platform would; the next attempt is free of it.
    """
    job = glue.job("print('ran')", MaxRetries=1)
    rule = json.dumps({"effect": effect, "job": "glue", "resource": job, "count": 1}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{endpoint.url}/_localaws/faults", rule)).close()
    first = glue.run(job)
    assert "FAILED" == first["JobRunState"]
    assert first["ErrorMessage"].startswith(message)
    again = glue.ended(job, f"{first['Id']}_attempt_1")
    assert ("SUCCEEDED", ["ran"]) == (again["JobRunState"], glue.lines(again))


def test_modules_installed_by_pip(server, tmp_path, monkeypatch):
    """
    With LOCALAWS_GLUE_PIP=1 a run installs what it names, for itself alone.
    """
    pytest.importorskip("pip")
    monkeypatch.setenv("LOCALAWS_GLUE_PIP", "1")
    wheel = tmp_path / "rolled_up-1.0-py3-none-any.whl"
    about = "rolled_up-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("rolled_up.py", "value = 42")
        made.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: rolled-up\nVersion: 1.0\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{about}/RECORD", "")
    _, glue = server()
    job = glue.job("import rolled_up; print(rolled_up.value)")
    run = glue.run(job, {"--additional-python-modules": f"rolled-up @ file://{wheel}"})
    assert "SUCCEEDED" == run["JobRunState"], run
    assert ["42"] == glue.lines(run)
    assert "FAILED" == glue.run(job)["JobRunState"]
