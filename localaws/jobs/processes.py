"""The processes of one job: started together, watched to their end, ended by SIGTERM and then SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from localaws.jobs.failure import MAX_REASON, beginning, bounded
from localaws.jobs.logpump import LogPump
from localaws.jobs.machine import Machine
from localaws.jobs.sandbox import Instance


class ServerStopping(Exception):
    """The server goes down: a run ends where it is and writes nothing more."""


class Ended(Enum):
    """Why the processes of a job ended."""

    BY_THEMSELVES = "by themselves"
    ON_REQUEST = "on request"
    OUT_OF_TIME = "out of time"
    HOST_FAILED = "a host failed"
    WITH_THE_SERVER = "with the server"


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


@dataclass(frozen=True)
class Outcome:
    """How a job's programs ended.

    Attributes:
        ended: Why; with OUT_OF_TIME and ON_REQUEST the exit codes say nothing.
        code: The first exit code that is not 0, as a container reports it (128 + signal); else 0.
        tail: The last lines of the host that gave that code, or of the first.
    """

    ended: Ended
    code: int = 0
    tail: tuple[str, ...] = ()


def algorithm_error(outcome: Outcome, files: list[Path]) -> str:
    """The FailureReason of programs that failed: ``AlgorithmError: <text>, exit code: n``.

    Args:
        outcome: How they ended.
        files: Where a program may have written why; without any the last lines of its output serve.
    """
    kind, ending = "AlgorithmError: ", f", exit code: {outcome.code}"
    for file in files:
        if file.is_file():
            return bounded(kind + beginning(file), ending)
    room = MAX_REASON - len(kind) - len(ending)
    return kind + "\n".join(outcome.tail)[-room:] + ending


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


@dataclass
class Processes:
    """The programs of one job, one for each host; made before they start, so no stop comes too early."""

    machine: Machine
    group: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _timers: list[threading.Timer] = field(default_factory=list)
    _results: list[tuple[int, LogPump]] = field(default_factory=list)
    ended: Ended = Ended.BY_THEMSELVES

    def run(
        self, commands: list[Command], max_seconds: float, observe: Callable[[str], None] | None = None
    ) -> Outcome:
        """Run programs to their end, or to the end of their time.

        When one of several fails the others are stopped. Nothing is started after a stop.

        Raises:
            ServerStopping: The run was abandoned.
        """
        if not self._start(commands):
            return Outcome(self.ended)
        self._later(max_seconds, lambda: self.stop(Ended.OUT_OF_TIME))
        attendants = [
            threading.Thread(target=self._attend, args=(process, command, observe), daemon=True)
            for process, command in zip(self._running, commands, strict=True)
        ]
        for attendant in attendants:
            attendant.start()
        for attendant in attendants:
            attendant.join()
        for timer in self._timers:
            timer.cancel()
        if self.ended is Ended.WITH_THE_SERVER:
            raise ServerStopping
        code, pump = next((result for result in self._results if result[0]), self._results[0])
        return Outcome(self.ended, code, tuple(pump.tail))

    def stop(self, why: Ended = Ended.ON_REQUEST) -> None:
        """Ask the programs to end, as ``docker stop`` does: SIGTERM to each, SIGKILL after the grace time."""
        with self._lock:
            if self.ended is Ended.BY_THEMSELVES:
                self.ended = why
            running = [process for process in self._running if process.poll() is None]
            for process in running:
                process.send_signal(signal.SIGTERM)
        if running:
            self._later(self.machine.grace, self._kill)

    def abandon(self) -> None:
        """End the programs at once because the server goes down."""
        self.ended = Ended.WITH_THE_SERVER
        self._kill()

    def _kill(self) -> None:
        with self._lock:
            for process in self._running:
                if process.poll() is None:
                    kill_group(process)

    def _start(self, commands: list[Command]) -> bool:
        """Start every program, or none: False after a stop; if one fails those before it are killed."""
        with self._lock:
            if self.ended is Ended.WITH_THE_SERVER:
                raise ServerStopping
            if self.ended is not Ended.BY_THEMSELVES:
                return False
            try:
                for command in commands:
                    self._running.append(spawn(self.machine, command))
            except OSError:
                for process in self._running:
                    kill_group(process)
                raise
        return True

    def _attend(
        self, process: subprocess.Popen[bytes], command: Command, observe: Callable[[str], None] | None
    ) -> None:
        pump = LogPump(self.machine.world.logs, self.group, command.stream, observe)
        pump.run(process, on_exit=lambda: kill_group(process))
        code = process.wait()
        kill_group(process)
        self.machine.records.remove(process.pid)
        code = code if code >= 0 else 128 - code
        with self._lock:
            self._results.append((code, pump))
        if code and self.ended is Ended.BY_THEMSELVES and len(self._running) > 1:
            self.stop(Ended.HOST_FAILED)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, action)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
