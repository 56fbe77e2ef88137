"""A program's output on its way to a log stream: bytes become lines, lines become events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from localaws.logstore import LogStore

MAX_LINE = 256 * 1024  # bytes CloudWatch takes in one event
TAIL_LINES = 20

# Called with each line of an output, and its time in epoch seconds: None when the stream holds it already.
Observer = Callable[[str, float | None], None]


class LogLines:
    """Cuts output into lines and keeps them in a stream.

    The same bytes give the same events however they arrive, so that a number of events tells how much of an
    output a stream holds already.

    Args:
        logs: Where lines go.
        group: The log group.
        stream: The log stream.
        observe: Hears of each line as it comes, also of those that are skipped.
        skip: Events the stream holds already; so many are not stored again.
    """

    def __init__(
        self,
        logs: LogStore,
        group: str,
        stream: str,
        observe: Observer | None = None,
        skip: int = 0,
    ) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._observe = observe
        self._skip = skip
        self._partial = b""
        self._pending: list[tuple[int, str]] = []
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    @property
    def pending(self) -> bool:
        """Whether lines wait to be stored."""
        return bool(self._pending)

    def take(self, data: bytes) -> None:
        """The next bytes of the output."""
        *lines, rest = (self._partial + data).split(b"\n")
        for line in lines:
            self._line(line)
        whole = len(rest) - len(rest) % MAX_LINE
        self._line(rest[:whole])
        self._partial = rest[whole:]

    def flush(self) -> None:
        """Store the lines that are complete."""
        events, self._pending = self._pending, []
        self._logs.append(self._group, self._stream, events)

    def finish(self) -> None:
        """Store what is left: the output has ended."""
        if self._partial:
            self._line(self._partial)
            self._partial = b""
        self.flush()

    def _line(self, line: bytes) -> None:
        for start in range(0, len(line), MAX_LINE):
            self._event(line[start : start + MAX_LINE].decode("utf-8", "replace").rstrip("\r"))

    def _event(self, text: str) -> None:
        if not text.strip():
            return
        self.tail.append(text)
        moment = None if self._skip else time.time()
        if moment is None:
            self._skip -= 1
        else:
            self._pending.append((int(moment * 1000), text))
        if self._observe is not None:
            self._observe(text, moment)
