"""A run's process: started in a group of its own, its output in files, ended by SIGTERM and then SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from localaws.jobs.leftovers import ProcessRecords

FIRST_LOOK, LAST_LOOK = 0.01, 0.25  # seconds between looks at the process and its output
GRACE = 10.0  # seconds between SIGTERM and SIGKILL


class Ended(Enum):
    """Why a program ended."""

    BY_ITSELF = "by itself"
    ON_REQUEST = "on request"
    OUT_OF_TIME = "out of time"
    WITH_THE_SERVER = "with the server"


@dataclass
class Program:
    """One process; made before it starts, so that no stop comes too early.

    Attributes:
        records: Where its process group is noted while it runs.
        folder: Its working folder; ``stdout`` and ``stderr`` lie beside it.
    """

    records: ProcessRecords
    folder: Path
    ended: Ended = Ended.BY_ITSELF
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: subprocess.Popen[bytes] | None = None
    _killed_at: float = float("inf")

    @property
    def outputs(self) -> tuple[Path, Path]:
        """The files of its standard output and standard error."""
        return self.folder.parent / "stdout", self.folder.parent / "stderr"

    def run(
        self, argv: list[str], environment: dict[str, str], seconds: float, look: Callable[[], None]
    ) -> int:
        """Run to the end, or to the end of its time; the exit code as a container reports it.

        Nothing is started after a stop. ``look`` is called now and again, and once after the end.
        """
        process = self._start(argv, environment)
        if process is None:
            return 0
        deadline, pause = time.monotonic() + seconds, FIRST_LOOK
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(pause)
                break
            pause = min(pause * 1.5, LAST_LOOK)
            look()
            if time.monotonic() > deadline:
                self.stop(Ended.OUT_OF_TIME)
            if time.monotonic() > self._killed_at:
                self._signal(signal.SIGKILL)
        self._signal(signal.SIGKILL)  # what it started and left
        self.records.remove(process.pid)
        look()
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def stop(self, why: Ended = Ended.ON_REQUEST) -> None:
        """Ask the program to end; it is killed if it has not after the grace time."""
        with self._lock:
            if self.ended is not Ended.BY_ITSELF:
                return
            self.ended = why
            self._killed_at = time.monotonic() + GRACE
        self._signal(signal.SIGTERM)

    def abandon(self) -> None:
        """End the program at once because the server goes down."""
        with self._lock:
            self.ended = Ended.WITH_THE_SERVER
        self._signal(signal.SIGKILL)

    def _start(self, argv: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes] | None:
        stdout, stderr = self.outputs
        with self._lock, stdout.open("ab") as out, stderr.open("ab") as err:
            if self.ended is not Ended.BY_ITSELF:
                return None
            self._process = subprocess.Popen(
                argv,
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            self.records.add(self._process.pid)
            return self._process

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
