"""CloudWatch's log streams on disk: jobs append in process, the logs API reads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS log_group(name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream(
    number INTEGER PRIMARY KEY AUTOINCREMENT, log_group TEXT NOT NULL, name TEXT NOT NULL,
    created INTEGER NOT NULL, first INTEGER, last INTEGER, ingested INTEGER, UNIQUE(log_group, name));
CREATE TABLE IF NOT EXISTS event(
    number INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, moment INTEGER NOT NULL,
    ingested INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS event_order ON event(stream, moment, number);
"""
STREAM = "SELECT number, log_group, name, created, first, last, ingested FROM stream"


@dataclass(frozen=True)
class LogStream:
    """One stream; times are epoch milliseconds, None before the first event."""

    number: int
    group: str
    name: str
    created: int
    first: int | None
    last: int | None
    ingested: int | None


@dataclass(frozen=True, order=True)
class Position:
    """A place in the order of events: their time, then their arrival."""

    moment: int
    number: int


START = Position(-1, 0)
END = Position(2**62, 0)


@dataclass(frozen=True)
class LogEvent:
    """One line of a stream."""

    stream: int
    position: Position
    ingested: int
    message: str


class LogStore:
    """Durable log events by group and stream; any thread may call."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def append(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Append (epoch milliseconds, message) pairs; group and stream are created as needed."""
        now = _now()
        with self._database.transaction():
            self.create_group(group)
            self.create_stream(group, stream)
            if not events:
                return
            found = self.stream(group, stream)
            assert found is not None, "created above"
            self._database.change_many(
                "INSERT INTO event(stream, moment, ingested, message) VALUES(?, ?, ?, ?)",
                [(found.number, moment, now, message) for moment, message in events],
            )
            moments = [moment for moment, _ in events] + [time for time in (found.first, found.last) if time]
            self._database.change(
                "UPDATE stream SET first = ?, last = ?, ingested = ? WHERE number = ?",
                min(moments),
                max(moments),
                now,
                found.number,
            )

    def create_group(self, group: str) -> bool:
        """Create a group; False when it exists."""
        sql = "INSERT INTO log_group(name, created) VALUES(?, ?) ON CONFLICT DO NOTHING"
        return self._database.change(sql, group, _now()) == 1

    def create_stream(self, group: str, stream: str) -> bool:
        """Create a stream in an existing group; False when it exists."""
        sql = "INSERT INTO stream(log_group, name, created) VALUES(?, ?, ?) ON CONFLICT DO NOTHING"
        return self._database.change(sql, group, stream, _now()) == 1

    def groups(self) -> list[tuple[str, int]]:
        """Name and time of creation of every group, by name."""
        return self._database.query("SELECT name, created FROM log_group ORDER BY name")

    def has_group(self, group: str) -> bool:
        """Whether a group exists."""
        return bool(self._database.query("SELECT 1 FROM log_group WHERE name = ?", group))

    def streams(self, group: str, prefix: str = "") -> list[LogStream]:
        """The streams of a group whose names begin with a prefix, by name."""
        sql = f"{STREAM} WHERE log_group = ? AND substr(name, 1, ?) = ? ORDER BY name"
        return [LogStream(*row) for row in self._database.query(sql, group, len(prefix), prefix)]

    def stream(self, group: str, name: str) -> LogStream | None:
        """One stream, None when there is none."""
        rows = self._database.query(f"{STREAM} WHERE log_group = ? AND name = ?", group, name)
        return LogStream(*rows[0]) if rows else None

    def count(self, group: str, stream: str) -> int:
        """The events of a stream; 0 when there is no such stream."""
        found = self.stream(group, stream)
        if found is None:
            return 0
        rows = self._database.query("SELECT count(*) FROM event WHERE stream = ?", found.number)
        return int(rows[0][0])

    def events_after(self, stream: int, after: Position, before: Position, limit: int) -> list[LogEvent]:
        """The first events of a stream strictly between two positions, in order."""
        return self._events(stream, after, before, limit, "ASC")

    def events_before(self, stream: int, after: Position, before: Position, limit: int) -> list[LogEvent]:
        """The last events of a stream strictly between two positions, in order."""
        return self._events(stream, after, before, limit, "DESC")[::-1]

    def _events(self, stream: int, after: Position, before: Position, limit: int, way: str) -> list[LogEvent]:
        sql = """SELECT stream, moment, number, ingested, message FROM event
                 WHERE stream = ? AND (moment, number) > (?, ?) AND (moment, number) < (?, ?)"""
        order = f" ORDER BY moment {way}, number {way} LIMIT ?"
        places = (after.moment, after.number, before.moment, before.number)
        rows = self._database.query(sql + order, stream, *places, limit)
        return [
            LogEvent(found, Position(moment, number), ingested, message)
            for found, moment, number, ingested, message in rows
        ]

    def delete_stream(self, group: str, name: str) -> bool:
        """Forget a stream and its events; False when there is none."""
        with self._database.transaction():
            found = self.stream(group, name)
            if found is None:
                return False
            self._database.change("DELETE FROM event WHERE stream = ?", found.number)
            self._database.change("DELETE FROM stream WHERE number = ?", found.number)
        return True

    def delete_group(self, group: str) -> bool:
        """Forget a group with all its streams; False when there is none."""
        with self._database.transaction():
            for found in self.streams(group):
                self.delete_stream(group, found.name)
            return self._database.change("DELETE FROM log_group WHERE name = ?", group) == 1

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
