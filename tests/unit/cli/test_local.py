"""`foldline local`: the endpoint's process, started, shown, stopped and forgotten."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foldline import local
from foldline.cli.local import app
from foldline.errors import EnvironmentFault
from foldline.statefolder import state_folder


def run(*words: object, given: str | None = None) -> Result:
    """A `foldline local` command that ends without an error of its own."""
    return CliRunner().invoke(app, [str(word) for word in words], input=given)


def fault(*words: object) -> str:
    """The error a `foldline local` command ends with."""
    result = run(*words)
    assert isinstance(result.exception, EnvironmentFault), result.output
    return str(result.exception)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def state(tmp_path, port):
    """A state folder; whatever serves on the port is stopped in the end."""
    yield tmp_path / "state"
    local.stop_endpoint(port)


def test_start_status_stop(port, state):
    """
    Start waits until the endpoint is ready and is no error when it runs; status shows it; stop ends it.
    """
    first = run("start", "--port", port, "--state", state)
    assert 0 == first.exit_code, first.output
    assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in first.output
    assert first.output == run("start", "--port", port, "--state", state).output
    found = json.loads(run("status", "--port", port, "--output", "json").output)
    assert ("ready", str(state)) == (found["state"], found["folder"])
    assert "s3" in found["services"]
    assert f"ready at http://127.0.0.1:{port}" in run("status", "--port", port).output
    assert f"(process {found['pid']})" in run("stop", "--port", port).output
    with pytest.raises(ProcessLookupError):
        os.kill(found["pid"], 0)
    after = run("status", "--port", port, "--output", "json")
    assert (1, {"state": "stopped"}) == (after.exit_code, json.loads(after.output))
    assert 0 == run("stop", "--port", port).exit_code


def test_reset(port, state):
    """
    Reset asks, refuses while the endpoint runs, and then deletes everything.
    """
    assert 0 == run("reset", "--state", state).exit_code, "nothing to delete is no error"
    run("start", "--port", port, "--state", state)
    assert f"in use by process {local.health(port).pid}" in fault("reset", "--yes", "--state", state)
    run("stop", "--port", port)
    assert 1 == run("reset", "--state", state, given="n\n").exit_code
    assert (state / "state.db").exists()
    assert 0 == run("reset", "--state", state, given="y\n").exit_code
    assert not state.exists()


def test_reset_ends_what_a_killed_server_left(port, state, tmp_path):
    """
    Jobs that outlived a killed server are ended before their state is deleted.
    """
    import boto3

    run("start", "--port", port, "--state", state)
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    mark = tmp_path / "pid"
    boto3.client("sagemaker", endpoint_url=f"http://127.0.0.1:{port}", **keys).create_training_job(
        TrainingJobName="left",
        RoleArn="arn:aws:iam::123456789012:role/left",
        AlgorithmSpecification={
            "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": [
                "bash",
                "-c",
                f"cd {tmp_path}; echo $$ > new; mv new pid; exec sleep 300",
            ],
        },
        OutputDataConfig={"S3OutputPath": "s3://left/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    deadline = time.monotonic() + 30
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    job = int(mark.read_text())
    os.kill(local.health(port).pid, signal.SIGKILL)
    assert Path(f"/proc/{job}").exists()
    while local.health(port) is not None:
        time.sleep(0.02)

    assert 0 == run("reset", "--yes", "--state", state).exit_code
    assert not state.exists()
    assert not Path(f"/proc/{job}").exists()


def test_reset_deletes_nothing_else(tmp_path):
    """
    A folder that is no state folder is not deleted.
    """
    (tmp_path / "thesis.tex").write_text("years")
    assert "is not a state folder" in fault("reset", "--yes", "--state", tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_port_of_a_stranger(port, state):
    """
    A port another program listens on is told with the port, who to ask and the mend.
    """
    stranger = HTTPServer(("127.0.0.1", port), SimpleHTTPRequestHandler)
    serving = threading.Thread(target=stranger.serve_forever)
    serving.start()
    try:
        text = fault("start", "--port", port, "--state", state)
    finally:
        stranger.shutdown()
        serving.join()
        stranger.server_close()
    assert f"did not start on port {port}: its port is taken" in text
    assert "foldline local status" in text
    assert "--port" in text


def test_port_of_another_project(port, state, tmp_path):
    """
    A port that serves another state folder is told with that folder.
    """
    run("start", "--port", port, "--state", state)
    text = fault("start", "--port", port, "--state", tmp_path / "other")
    assert f"state in {state}" in text


def test_folder_that_cannot_be_made(port, tmp_path):
    """
    A state folder that cannot be made is told with the folder and the mend.
    """
    (tmp_path / "file").write_text("")
    text = fault("start", "--port", port, "--state", tmp_path / "file" / "state")
    assert "its state folder cannot be used" in text
    assert "FOLDLINE_STATE" in text


class TestChoices:
    def test_state_folder(self, monkeypatch, tmp_path):
        """
        The state folder is the given one, else FOLDLINE_STATE, else the project's, else the current folder's.
        """
        monkeypatch.delenv("FOLDLINE_STATE", raising=False)
        monkeypatch.delenv("FOLDLINE_ROOT", raising=False)
        inside = tmp_path / "project" / "dags"
        inside.mkdir(parents=True)
        monkeypatch.chdir(inside)
        assert inside / ".foldline" / "localaws" == state_folder()
        (tmp_path / "project" / "infra").mkdir()
        assert tmp_path / "project" / ".foldline" / "localaws" == state_folder()
        monkeypatch.setenv("FOLDLINE_STATE", str(tmp_path / "chosen"))
        assert tmp_path / "chosen" == state_folder()
        assert tmp_path / "given" == state_folder(tmp_path / "given")

    def test_port(self, monkeypatch):
        """
        The port is the given one, else AWS_ENDPOINT_URL's, else 4566; an address elsewhere is refused.
        """
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        assert 4566 == local.endpoint_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4570")
        assert 4570 == local.endpoint_port()
        assert 4571 == local.endpoint_port(4571)
        for url in ("https://s3.example.org", "http://127.0.0.1", "http://[::1", "http://192.0.2.1:4566"):
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            with pytest.raises(EnvironmentFault, match="does not name a port of this machine"):
                local.endpoint_port()

    def test_health_of_another_server(self, endpoint):
        """
        Only a server that answers as ours is taken for one.
        """
        port = int(endpoint.url.rpartition(":")[2])
        assert endpoint.process.pid == local.health(port).pid
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            assert local.health(closed.getsockname()[1]) is None


def test_nothing_of_localaws_is_imported():
    """
    The command reaches the endpoint by URL and process only.
    """
    script = "import sys, foldline.cli.local; print([m for m in sys.modules if m.startswith('localaws')])"
    root = Path(local.__file__).parent.parent
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
    )
    assert "[]" == found.stdout.strip()
