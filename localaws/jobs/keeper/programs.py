"""How the keeper starts a program: from the warm pool where that works, else as a new process."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

from localaws.jobs.launch import Launch, Started
from localaws.jobs.warm.pool import WarmPool


class Cold:
    """A program in a process that was started for it."""

    def __init__(self, launch: Launch, output: int) -> None:
        self._process = subprocess.Popen(
            launch.instance.enter(list(launch.argv), launch.folder),
            env=launch.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id, also its process group's."""
        return self._process.pid

    def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        return self._process.wait()


class Programs:
    """Starts programs; ends what serves to start them."""

    def __init__(self) -> None:
        self._pool = WarmPool()

    def start(self, launch: Launch, output: int) -> Started:
        """Start a program whose output goes to an open file.

        Raises:
            OSError: It cannot be started.
        """
        return self._pool.launch(launch, output) or Cold(launch, output)

    def close(self) -> None:
        """End what was kept warm."""
        self._pool.close()


def send(program: Started, number: int) -> None:
    """Send a signal to a program; nothing happens when it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(program.pid, number)


def kill_group(program: Started) -> None:
    """Kill a program and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)
