"""CloudWatch's log streams on disk: jobs append in process, the logs API and the pages read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS log_group(name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log_stream(
    number INTEGER PRIMARY KEY AUTOINCREMENT, log_group TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    first INTEGER, last INTEGER, ingested INTEGER, UNIQUE(log_group, name));
CREATE TABLE IF NOT EXISTS log_event(
    number INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, moment INTEGER NOT NULL,
    ingested INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS log_event_order ON log_event(stream, moment, number);
"""


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


@dataclass(frozen=True)
class LogEvent:
    """One line of a stream; ``number`` grows in the order of arrival over all streams."""

    number: int
    stream: int
    moment: int
    ingested: int
    message: str


class LogStore:
    """Durable log events by group and stream; any thread may call."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def create_group(self, group: str) -> bool:
        """Create a group; False when it exists."""
        sql = "INSERT INTO log_group(name, created) VALUES(?, ?) ON CONFLICT DO NOTHING"
        return self._database.change(sql, group, _now()) == 1

    def create_stream(self, group: str, stream: str) -> bool:
        """Create a stream in an existing group; False when it exists."""
        sql = "INSERT INTO log_stream(log_group, name, created) VALUES(?, ?, ?) ON CONFLICT DO NOTHING"
        return self._database.change(sql, group, stream, _now()) == 1

    def append(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
        """Append (epoch milliseconds, message) pairs; group and stream are created as needed."""
        if not events:
            return
        now = _now()
        moments = [moment for moment, _ in events]
        with self._database.transaction():
            self.create_group(group)
            self.create_stream(group, stream)
            [(number,)] = self._database.query(
                "SELECT number FROM log_stream WHERE log_group = ? AND name = ?", group, stream
            )
            self._database.change_many(
                "INSERT INTO log_event(stream, moment, ingested, message) VALUES(?, ?, ?, ?)",
                [(number, moment, now, message) for moment, message in events],
            )
            self._database.change(
                """UPDATE log_stream SET first = min(coalesce(first, ?1), ?1), last = max(coalesce(last, ?2), ?2),
                   ingested = ?3 WHERE number = ?4""",
                min(moments),
                max(moments),
                now,
                number,
            )

    def groups(self, prefix: str = "") -> list[tuple[str, int, int]]:
        """(name, created, stored bytes) of every group whose name begins with a prefix, by name."""
        sql = """SELECT name, created, (SELECT coalesce(sum(length(CAST(message AS BLOB)) + 26), 0) FROM log_event
                    JOIN log_stream ON log_event.stream = log_stream.number WHERE log_group = log_group.name)
                 FROM log_group WHERE substr(name, 1, ?) = ? ORDER BY name"""
        return self._database.query(sql, len(prefix), prefix)

    def has_group(self, group: str) -> bool:
        """Whether a group exists."""
        return bool(self._database.query("SELECT 1 FROM log_group WHERE name = ?", group))

    def streams(self, group: str, prefix: str = "") -> list[LogStream]:
        """The streams of a group whose names begin with a prefix, by name."""
        sql = """SELECT number, log_group, name, created, first, last, ingested FROM log_stream
                 WHERE log_group = ? AND substr(name, 1, ?) = ? ORDER BY name"""
        return [LogStream(*row) for row in self._database.query(sql, group, len(prefix), prefix)]

    def stream(self, group: str, name: str) -> LogStream | None:
        """One stream, None when there is none."""
        sql = """SELECT number, log_group, name, created, first, last, ingested FROM log_stream
                 WHERE log_group = ? AND name = ?"""
        rows = self._database.query(sql, group, name)
        return LogStream(*rows[0]) if rows else None

    def events(self, where: str, *values: Any) -> list[LogEvent]:
        """The events a SQL condition picks (with its ORDER BY and LIMIT)."""
        sql = f"SELECT number, stream, moment, ingested, message FROM log_event WHERE {where}"  # noqa: S608  # our own text
        return [LogEvent(*row) for row in self._database.query(sql, *values)]

    def delete_stream(self, group: str, name: str) -> bool:
        """Forget a stream and its events; False when there is none."""
        found = self.stream(group, name)
        if found is None:
            return False
        with self._database.transaction():
            self._database.change("DELETE FROM log_event WHERE stream = ?", found.number)
            self._database.change("DELETE FROM log_stream WHERE number = ?", found.number)
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
