"""A model server's program: started by this process, and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass

from localaws.jobs.launch import Launch
from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import Instance
from localaws.jobs.warm.pool import Warm


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


class ServerProgram:
    """A running program, leader of a process group of its own, with a pipe from its output.

    Args:
        process: The program.
        output: The pipe's end to read.
    """

    def __init__(self, process: subprocess.Popen[bytes] | Warm, output: int) -> None:
        self._process = process
        self.stdout = os.fdopen(output, "rb", buffering=0)

    @property
    def pid(self) -> int:
        """Its process id, also its process group's."""
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code if it has ended."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self._process.wait()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


def spawn(machine: Machine, command: Command) -> ServerProgram:
    """Start a program inside its host, warm where that works."""
    launch = Launch(tuple(command.argv), command.environment, command.instance, command.folder)
    reading, writing = os.pipe()
    try:
        process = machine.warm.launch(launch, writing, command.descriptors) or subprocess.Popen(
            launch.instance.enter(command.argv, launch.folder),
            env=launch.environment,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            pass_fds=command.descriptors,
            start_new_session=True,
        )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    machine.records.add(process.pid)
    return ServerProgram(process, reading)


def kill_group(process: ServerProgram) -> None:
    """Kill a program and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
