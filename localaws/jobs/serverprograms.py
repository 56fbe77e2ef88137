"""A model server's program: started by this process, as its child, and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import Instance


@dataclass(frozen=True)
class Command:
    """One program to run inside a host.

    Attributes:
        folder: The working folder, as the program sees it.
        stream: The log stream its output goes to.
        descriptors: Open files it inherits.
    """

    argv: list[str]
    environment: dict[str, str]
    instance: Instance
    folder: str
    stream: str
    descriptors: tuple[int, ...] = ()


def spawn(machine: Machine, command: Command) -> subprocess.Popen[bytes]:
    """Start a program inside its host, as the leader of a process group of its own."""
    process = subprocess.Popen(
        command.instance.enter(command.argv, command.folder),
        env=command.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=command.descriptors,
        start_new_session=True,
    )
    machine.records.add(process.pid)
    return process


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
