"""The output of a model server on its way to CloudWatch's streams, line by line, while the program runs."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable
from typing import IO, Protocol

from localaws.jobs.loglines import LogLines
from localaws.logstore import LogStore

FLUSH_SECONDS = 0.25
IDLE_ROUNDS = 4  # rounds without output after which a pipe held open by a stray child is given up


class Pumped(Protocol):
    """A program whose output comes through a pipe."""

    @property
    def stdout(self) -> IO[bytes]:
        """The pipe's end to read."""

    def poll(self) -> int | None:
        """Its exit code if it has ended."""


class LogPump:
    """Reads one program's output from a pipe to its end.

    Args:
        logs: Where lines go.
        group: The log group.
        stream: The log stream.
    """

    def __init__(self, logs: LogStore, group: str, stream: str) -> None:
        self._lines = LogLines(logs, group, stream)

    @property
    def tail(self) -> deque[str]:
        """The last lines."""
        return self._lines.tail

    def run(self, process: Pumped, on_exit: Callable[[], None]) -> None:
        """Pump until the output ends; ``on_exit`` is called if the program ends before its output does.

        Lines reach the store at least every quarter of a second.
        """
        descriptor = process.stdout.fileno()
        flushed, idle = time.monotonic(), 0
        while idle < IDLE_ROUNDS:
            readable, _, _ = select.select([descriptor], [], [], FLUSH_SECONDS)
            if readable:
                data = os.read(descriptor, 1 << 16)
                if not data:
                    break
                self._lines.take(data)
            elif process.poll() is not None:
                idle += 1
                on_exit()
            if self._lines.pending and time.monotonic() - flushed >= FLUSH_SECONDS:
                self._lines.flush()
                flushed = time.monotonic()
        self._lines.finish()
        process.stdout.close()
