"""A program and what it started end together."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from foldline.cli.processgroup import end_group

PARENT = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print("ready", flush=True)
signal.pause()
"""
OBEYS = "import signal; print('ready', flush=True); signal.pause()"
IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + OBEYS


@pytest.mark.parametrize(("child", "patience"), [(OBEYS, 30.0), (IGNORES, 0.0)], ids=["obeys", "ignores"])
def test_what_a_program_started_ends_with_it(child: str, patience: float) -> None:
    """
    A group is told to end; a process in it that does not listen is killed.
    """
    command = [sys.executable, "-c", PARENT, child]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert program.stdout is not None
    program.stdout.readline()

    end_group(program, patience)

    assert program.poll() in (-signal.SIGTERM, -signal.SIGKILL)
    assert b"" == program.stdout.read()  # its own end of the pipe is closed


def test_a_program_that_has_ended_is_no_error() -> None:
    """
    Ending a group that is gone does nothing.
    """
    program = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    program.wait()

    end_group(program)

    assert 0 == program.returncode
