"""`foldline local fault` and `--realistic`: the endpoint made to fail, and to take its time, from the command line."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from foldline import local
from foldline.cli.local import app
from foldline.errors import EnvironmentFault


def run(*words: object) -> Result:
    """A `foldline local` command."""
    return CliRunner().invoke(app, [str(word) for word in words])


def refusal(*words: object) -> str:
    """The error a `foldline local` command ends with."""
    result = run(*words)
    assert isinstance(result.exception, EnvironmentFault), result.output
    return str(result.exception)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    """The port of an endpoint of the module's own."""
    number = free_port()
    local.start_endpoint(number, tmp_path_factory.mktemp("faults"))
    yield number
    local.stop_endpoint(number)


def test_add_list_remove_clear(port):
    """
    Rules are added, listed, taken back one by one and all, as text or as JSON.
    """
    words = ["fault", "add", "throttle", "--service", "sagemaker", "--operation", "Describe*", "--count", 3]
    line = "f1 throttle service=sagemaker operation=Describe* count=3 (matched 0, struck 0)\n"
    assert line == run(*words, "--port", port).output
    spot = json.loads(
        run(
            "fault", "add", "spot", "--job", "training", "--seconds", 1.5, "--port", port, "--output", "json"
        ).output
    )
    assert {"id": "f2", "effect": "spot", "job": "training", "seconds": 1.5, "matched": 0, "hits": 0} == spot
    listed = json.loads(run("fault", "list", "--port", port, "--output", "json").output)
    assert ["f1", "f2"] == [rule["id"] for rule in listed]
    assert "removed " + line == run("fault", "remove", "f1", "--port", port).output
    assert "removed 1 fault rule\n" == run("fault", "clear", "--port", port).output
    assert "no fault rules\n" == run("fault", "list", "--port", port).output
    assert [] == json.loads(run("fault", "list", "--port", port, "--output", "json").output)


def test_what_is_no_rule(port):
    """
    The endpoint's words about what is no rule, and about a rule that is not there, reach the user.
    """
    assert "did you mean 'throttle'?" in refusal("fault", "add", "trottle", "--port", port)
    assert "seconds: needed by delay" in refusal("fault", "add", "delay", "--port", port)
    assert "no fault rule 'f9'" in refusal("fault", "remove", "f9", "--port", port)


def test_nobody_there():
    """
    Without an endpoint the command says how to start one.
    """
    assert "foldline local start" in refusal("fault", "list", "--port", free_port())


def test_realistic(tmp_path):
    """
    An endpoint started to be realistic says its pace; it is not taken for one of another pace.
    """
    number = free_port()
    words = ["start", "--port", number, "--state", tmp_path / "state"]
    try:
        assert 0 == run(*words, "--realistic", "--pace", 0.25).exit_code
        assert 0.25 == local.health(number).pace
        assert 0 == run(*words).exit_code
        assert f"port {number} is taken" in refusal(*words, "--realistic")
    finally:
        local.stop_endpoint(number)
