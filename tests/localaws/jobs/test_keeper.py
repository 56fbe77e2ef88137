"""The keeper by itself: what it is asked, what it leaves in a run's folder, when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localaws.jobs.keeper.client import KeeperClient
from localaws.jobs.keeper.run import Ended, Run, RunRequest
from localaws.jobs.launch import Launch
from localaws.jobs.sandbox import Sandbox

WAIT = 20.0


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    """A state folder whose path is far too long for a socket."""
    monkeypatch.setenv("LOCALAWS_WARM", "off")
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def client(state) -> Iterator[KeeperClient]:
    """A server's side of that folder's keeper."""
    made = KeeperClient(state)
    yield made
    made.close()


@pytest.fixture
def asked(state) -> Callable[..., Run]:
    """Writes the request of a run of shell programs, one for each host."""

    def ask(name: str, *scripts: str, seconds: float = 60, interrupt_after: float | None = None) -> Run:
        run = Run(state / "work" / name / "run")
        launches = [
            Launch(("/bin/sh", "-c", script), {"HOW": "so", "PATH": os.defpath}, host, host.seen)
            for number, script in enumerate(scripts)
            for host in [Sandbox(None).instance(f"algo-{number + 1}", state / "work" / name / str(number))]
        ]
        run.ask(RunRequest(launches, [name] * len(scripts), seconds, 0.5, interrupt_after))
        return run

    return ask


def finished(client: KeeperClient, run: Run):
    """The result of a run."""
    assert client.run(run.folder).over.wait(WAIT)
    return run.result()


def wait_for(path: Path) -> None:
    """Wait until a file is there and not empty."""
    deadline = time.monotonic() + WAIT
    while not path.exists() or not path.stat().st_size:
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


def test_a_program_leaves_output_and_code(client, asked):
    """
    Standard output and error are one file, the environment is the request's, and the result is written.
    """
    run = asked("one", "echo $HOW; echo err >&2; exit 7")
    result = finished(client, run)
    assert (Ended.BY_THEMSELVES, [(0, 7)], "") == (result.ended, result.codes, result.problem)
    assert "so\nerr\n" == run.log(0, "algo-1").read_text()


def test_one_host_that_fails_ends_the_others(client, asked):
    """
    The first code is that of the host that failed; SIGTERM that is ignored becomes SIGKILL.
    """
    result = finished(client, asked("two", "trap '' TERM; while :; do sleep 0.05; done", "sleep 0.2; exit 3"))
    assert (Ended.HOST_FAILED, [(1, 3), (0, -signal.SIGKILL)]) == (result.ended, result.codes)


@pytest.mark.parametrize(
    ("limits", "ended"),
    [({"seconds": 0.2}, Ended.OUT_OF_TIME), ({"interrupt_after": 0.2}, Ended.INTERRUPTED)],
)
def test_time_ends_programs(client, asked, limits, ended):
    """
    A time limit and an interruption send SIGTERM; the result says which it was.
    """
    result = finished(client, asked("long", "exec sleep 60", **limits))
    assert (ended, [(0, -signal.SIGTERM)]) == (result.ended, result.codes)
    assert 0.2 <= result.seconds < 60


def test_a_stop_says_so_and_what_a_program_left_behind_is_killed(client, asked, tmp_path):
    """
    A child in the background ends with its program.
    """
    child = tmp_path / "child"
    run = asked("stopped", f"sleep 60 & echo $! > {child}; exec sleep 60")
    kept = client.run(run.folder)
    wait_for(child)
    client.stop(run.folder, Ended.ON_REQUEST)
    assert kept.over.wait(WAIT)
    assert Ended.ON_REQUEST == run.result().ended
    stat = Path(f"/proc/{int(child.read_text())}/stat")
    deadline = time.monotonic() + WAIT
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("words", [("/bin/sh", "-c", "x" * 200_000), ("/bin/sh", "-c", "echo \0")])
def test_a_program_that_cannot_be_started_is_a_problem(client, state, asked, words):
    """
    The result says why, and the keeper goes on.
    """
    host = Sandbox(None).instance("algo-1", state / "work" / "bad" / "0")
    run = Run(state / "work" / "bad" / "run")
    run.ask(RunRequest([Launch(words, {}, host, host.seen)], ["bad"], 60, 1))
    assert finished(client, run).problem
    assert [(0, 0)] == finished(client, asked("next", "true")).codes


def test_a_run_asked_twice_is_started_once(client, asked, tmp_path):
    """
    A second request for a run that goes on changes nothing.
    """
    run = asked("once", f"echo start >> {tmp_path / 'starts'}; sleep 0.3")
    client.run(run.folder)
    kept = client.run(run.folder)
    assert kept.over.wait(WAIT)
    assert "start\n" == (tmp_path / "starts").read_text()


def test_a_keeper_without_its_socket_is_ended(state, asked, client, tmp_path):
    """
    Somebody cleaned the temporary folder: the next server kills what it cannot reach, and starts anew.
    """
    run = asked("lost", f"echo $$ > {tmp_path / 'pid'}; exec sleep 60")
    client.run(run.folder)
    wait_for(tmp_path / "pid")
    address = json.loads((state / "keeper" / "address.json").read_text())
    Path(address["socket"]).unlink()
    second = KeeperClient(state)
    assert [] == second.kept()
    assert (None, False) == (run.result(), Path(address["socket"]).parent.exists())
    assert [(0, 0)] == finished(second, asked("next", "true")).codes
    second.close()


def test_the_keeper_needs_little(state):
    """
    It imports neither botocore nor anything else that is not in the standard library.
    """
    said = subprocess.run(
        [sys.executable, "-c", "import localaws.jobs.keeper.__main__, sys; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    ).stdout.split()
    foreign = {
        name.partition(".")[0]
        for name in said
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("__")
    }
    assert {"localaws"} == foreign - {"_distutils_hack", "sitecustomize", "usercustomize"}
