"""`make demo` interrupted and started again."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.xdist_group("interruption")
WORDS = ("demo", "--fraction", "0.1", "-p", "folds=2", "-p", "trials=2")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def test_an_interrupted_demo_leaves_nothing_running_and_starts_again(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    """
    Ctrl-C during the tuning ends the command, Airflow and the endpoint it started; the next demo runs through.
    """
    port = free_port()
    project = make_project(f"http://127.0.0.1:{port}")
    project.variables["FOLDLINE_STATE"] = str(tmp_path / "state")
    command = [sys.executable, "-m", "foldline.cli.main", *WORDS]
    child = subprocess.Popen(
        command, cwd=project.root, env=project.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    runs = project.root / ".foldline" / "runs"

    def tuning_runs() -> bool:
        assert child.poll() is None, child.stdout.read() if child.stdout else ""
        return any('"task": "tuning"' in file.read_text() for file in runs.glob("*.events.jsonl"))

    wait_for(tuning_runs, "the tuning to start")
    child.send_signal(signal.SIGINT)

    assert 130 == child.wait(60)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    again = json.loads(project.foldline(*WORDS, "--output", "json").stdout)
    assert again["succeeded"]
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
