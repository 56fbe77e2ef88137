"""A program's output on its way to CloudWatch's streams, line by line, while the program runs."""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable
from subprocess import Popen

from localaws.logstore import LogStore

FLUSH_SECONDS = 0.25
MAX_LINE = 256 * 1024  # bytes CloudWatch takes in one event
TAIL_LINES = 20
IDLE_ROUNDS = 4  # rounds without output after which a pipe held open by a stray child is given up


class LogPump:
    """Reads one program's output to its end.

    Args:
        logs: Where lines go.
        group: The log group.
        stream: The log stream.
        observe: Called with each line as it comes.
    """

    def __init__(
        self, logs: LogStore, group: str, stream: str, observe: Callable[[str], None] | None = None
    ) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._observe = observe
        self._partial = b""
        self._pending: list[tuple[int, str]] = []
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    def run(self, process: Popen[bytes], on_exit: Callable[[], None]) -> None:
        """Pump until the output ends; ``on_exit`` is called if the program ends before its output does.

        Lines reach the store at least every quarter of a second.
        """
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        flushed, idle = time.monotonic(), 0
        while idle < IDLE_ROUNDS:
            readable, _, _ = select.select([descriptor], [], [], FLUSH_SECONDS)
            if readable:
                data = os.read(descriptor, 1 << 16)
                if not data:
                    break
                self._take(data)
            elif process.poll() is not None:
                idle += 1
                on_exit()
            if self._pending and time.monotonic() - flushed >= FLUSH_SECONDS:
                self._flush()
                flushed = time.monotonic()
        if self._partial:
            self._line(self._partial)
        self._flush()
        process.stdout.close()

    def _take(self, data: bytes) -> None:
        *lines, rest = (self._partial + data).split(b"\n")
        for line in lines:
            self._line(line)
        while len(rest) >= MAX_LINE:
            self._line(rest[:MAX_LINE])
            rest = rest[MAX_LINE:]
        self._partial = rest

    def _line(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if not text.strip():
            return
        self.tail.append(text)
        self._pending.append((time.time_ns() // 1_000_000, text))
        if self._observe is not None:
            self._observe(text)

    def _flush(self) -> None:
        events, self._pending = self._pending, []
        self._logs.append(self._group, self._stream, events)
