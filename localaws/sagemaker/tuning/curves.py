"""What trials show of their objective while they run, read off their logs."""

from __future__ import annotations

import math
import re

from localaws.logstore import END, START, LogStore, Position
from localaws.sagemaker.training.run import LOG_GROUP

PAGE = 1000


class Curve:
    """The objective of one training job over time, one value for each line that tells it.

    Args:
        logs: Where the job writes.
        job: Its name.
        pattern: The metric definition's regular expression.
    """

    def __init__(self, logs: LogStore, job: str, pattern: str) -> None:
        self._logs = logs
        self._prefix = f"{job}/"
        self._pattern = re.compile(pattern)
        self._read: dict[int, Position] = {}
        self._points: list[tuple[float, float]] = []

    def values(self) -> list[float]:
        """All values so far."""
        return [value for _, value in self.timed()]

    def timed(self) -> list[tuple[float, float]]:
        """All values so far with their epoch seconds; reads only what was written since it was asked last."""
        for stream in self._logs.streams(LOG_GROUP, self._prefix):
            while True:
                after = self._read.get(stream.number, START)
                events = self._logs.events_after(stream.number, after, END, PAGE)
                if not events:
                    break
                self._read[stream.number] = events[-1].position
                self._points += [
                    (event.position.moment / 1000, value)
                    for event in events
                    if (value := self._value(event.message)) is not None
                ]
        return self._points

    def _value(self, line: str) -> float | None:
        found = self._pattern.search(line)
        try:
            value = float(found.group(1)) if found else math.nan
        except (IndexError, TypeError, ValueError):
            return None
        return value if math.isfinite(value) else None
