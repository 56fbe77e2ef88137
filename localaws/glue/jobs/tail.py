"""A program's output file on its way to a CloudWatch stream, while the program writes it."""

from __future__ import annotations

import time
from pathlib import Path

from localaws.logstore import LogStore

MAX_LINE = 256 * 1024  # bytes CloudWatch takes in one event
PIECE = 1 << 20


class Tail:
    """Follows one file, line by line."""

    def __init__(self, logs: LogStore, group: str, stream: str, file: Path) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._file = file.open("rb")
        self._partial = b""
        logs.append(group, stream, [])

    def follow(self) -> None:
        """Hand on the whole lines written since the last time."""
        while data := self._file.read(PIECE):
            *lines, rest = (self._partial + data).split(b"\n")
            while len(rest) >= MAX_LINE:
                lines.append(rest[:MAX_LINE])
                rest = rest[MAX_LINE:]
            self._partial = rest
            self._append(lines)

    def finish(self) -> None:
        """Hand on all that is left, and let go of the file."""
        self.follow()
        self._append([self._partial])
        self._file.close()

    def _append(self, lines: list[bytes]) -> None:
        now = time.time_ns() // 1_000_000
        texts = [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
        events = [(now, text) for text in texts if text.strip()]
        if events:
            self._logs.append(self._group, self._stream, events)
