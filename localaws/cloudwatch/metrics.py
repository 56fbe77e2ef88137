"""The metric store: samples by namespace, name and dimensions, kept by the second."""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS series(
    number INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL,
    last INTEGER NOT NULL, UNIQUE(namespace, name, dimensions));
CREATE TABLE IF NOT EXISTS sample(
    series INTEGER NOT NULL, second INTEGER NOT NULL, unit TEXT NOT NULL,
    count REAL NOT NULL, total REAL NOT NULL, least REAL NOT NULL, most REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sample_by_time ON sample(series, second);
"""
log = logging.getLogger("localaws")
KEPT_SECONDS = 15 * 86_400  # as CloudWatch keeps one-minute data
FLUSH_SECONDS = 0.5


@dataclass(frozen=True)
class Series:
    """One metric: what AWS identifies by namespace, name and every dimension.

    Attributes:
        namespace: For example ``AWS/SageMaker``.
        name: For example ``Invocations``.
        dimensions: (name, value) pairs, sorted.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Series:
        """The series of these dimensions, whatever their order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(frozen=True)
class Sample:
    """Observations of one second: a value seen ``count`` times, or a set known by its summary only.

    Attributes:
        second: Epoch seconds.
        unit: AWS's unit, ``None`` for none.
        count: How many observations.
        total: Their sum.
        least: The smallest.
        most: The largest.
    """

    second: int
    unit: str
    count: float
    total: float
    least: float
    most: float


class Metrics:
    """Durable samples; any thread may call.

    ``put`` costs microseconds: what it is given reaches the file within half a second, together with whatever
    else came. ``write`` returns when the samples are committed. Readers see both at once.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self._database.change("DELETE FROM sample WHERE second < ?", int(time.time()) - KEPT_SECONDS)
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._waiting: Counter[tuple[Series, int, str, float]] = Counter()
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._writer = threading.Thread(target=self._write_often, name="metrics", daemon=True)
        self._writer.start()

    def put(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str = "None",
        *,
        at: float | None = None,
    ) -> None:
        """Add one observation, of now unless a time (epoch seconds) is given."""
        second = math.floor(time.time() if at is None else at)
        with self._lock:
            self._waiting[Series.of(namespace, name, dimensions), second, unit, float(value)] += 1
        self._wake.set()

    def write(self, samples: Iterable[tuple[Series, Sample]]) -> None:
        """Store samples; they are committed when this returns."""
        rows = list(samples)
        if not rows:
            return
        with self._database.transaction():
            numbers = {series: self._number(series, sample.second) for series, sample in rows}
            self._database.change_many(
                "INSERT INTO sample VALUES(?, ?, ?, ?, ?, ?, ?)",
                [
                    (numbers[series], s.second, s.unit, s.count, s.total, s.least, s.most)
                    for series, s in rows
                ],
            )

    def samples(self, series: Series, start: float, end: float, unit: str | None = None) -> list[Sample]:
        """A series' samples with ``start <= second < end``, of one unit if it is named, oldest first."""
        self.flush()
        sql = """SELECT second, unit, count, total, least, most FROM sample
                 JOIN series ON series.number = sample.series
                 WHERE namespace = ? AND name = ? AND dimensions = ? AND second >= ? AND second < ?"""
        values: list[object] = [*_key(series), start, end]
        if unit is not None:
            sql, values = f"{sql} AND unit = ?", [*values, unit]
        return [Sample(*row) for row in self._database.query(f"{sql} ORDER BY second", *values)]

    def all_series(self, since: float) -> list[Series]:
        """Every series with a sample at or after a time, by namespace, name and dimensions."""
        self.flush()
        sql = """SELECT namespace, name, dimensions FROM series WHERE last >= ?
                 ORDER BY namespace, name, dimensions"""
        return [
            Series(namespace, name, tuple((key, value) for key, value in json.loads(dimensions)))
            for namespace, name, dimensions in self._database.query(sql, since)
        ]

    def flush(self) -> None:
        """Commit what ``put`` was given until now; what cannot be written waits for the next time."""
        with self._flushing:  # a reader that finds nothing waiting finds it in the file
            with self._lock:
                waiting, self._waiting = self._waiting, Counter()
            try:
                self.write(
                    (series, Sample(second, unit, count, value * count, value, value))
                    for (series, second, unit, value), count in waiting.items()
                )
            except sqlite3.OperationalError:
                with self._lock:
                    self._waiting.update(waiting)
                raise

    def close(self) -> None:
        """Commit what waits and let go of the file."""
        self._closed.set()
        self._wake.set()
        self._writer.join()
        try:
            self.flush()
        except sqlite3.OperationalError as error:  # a full disk; the process ends all the same
            log.warning("the last metrics are lost, they cannot be written: %s", error)
        self._database.close()

    def _write_often(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._closed.wait(FLUSH_SECONDS)
            self._wake.clear()
            try:
                self.flush()
            except sqlite3.OperationalError as error:  # a full disk; it may have room again later
                log.warning("metrics wait in memory, they cannot be written: %s", error)

    def _number(self, series: Series, second: int) -> int:
        sql = """INSERT INTO series(namespace, name, dimensions, last) VALUES(?, ?, ?, ?)
                 ON CONFLICT(namespace, name, dimensions) DO UPDATE SET last = max(last, excluded.last)"""
        self._database.change(sql, *_key(series), second)
        found = "SELECT number FROM series WHERE namespace = ? AND name = ? AND dimensions = ?"
        return int(self._database.query(found, *_key(series))[0][0])


def _key(series: Series) -> tuple[str, str, str]:
    return series.namespace, series.name, json.dumps(series.dimensions)
