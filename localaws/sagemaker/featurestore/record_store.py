"""Records as they are kept: the newest of each identifier online, and a journal of what Parquet has not yet.

Times are microseconds since 1970. A committed change survives ``kill -9``.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from localaws.database import Database

Value = str | list[str]
Values = dict[str, Value]

SCHEMA = """
CREATE TABLE IF NOT EXISTS online(
    feature_group TEXT NOT NULL, identifier TEXT NOT NULL, event INTEGER NOT NULL, expires INTEGER,
    deleted INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(feature_group, identifier)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal(
    number INTEGER PRIMARY KEY AUTOINCREMENT, feature_group TEXT NOT NULL, event INTEGER NOT NULL,
    deleted INTEGER NOT NULL, invoked INTEGER NOT NULL, body TEXT NOT NULL, batch TEXT);
CREATE INDEX IF NOT EXISTS online_expiry ON online(expires) WHERE expires IS NOT NULL;
CREATE INDEX IF NOT EXISTS journal_of ON journal(feature_group, batch, number);
CREATE TABLE IF NOT EXISTS batch(
    name TEXT PRIMARY KEY, feature_group TEXT NOT NULL, written INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Record:
    """One version of a record.

    Attributes:
        identifier: The value of the record identifier feature.
        event: Its event time.
        values: The features that have a value, as the client wrote them.
        expires: When it is gone from the online store; None is never.
        deleted: Whether this is the mark of a deletion.
    """

    identifier: str
    event: int
    values: Values
    expires: int | None = None
    deleted: bool = False


@dataclass(frozen=True)
class Entry:
    """A version of a record in the journal; ``invoked`` is when it was asked for."""

    event: int
    deleted: bool
    invoked: int
    values: Values


@dataclass(frozen=True)
class Batch:
    """Entries that are written to the offline store together, now or by the next server, under one name."""

    name: str
    written: int
    entries: list[Entry]


class RecordStore:
    """The records of every feature group; any thread may call.

    Attributes:
        appended: Set whenever the journal has grown.
        writing: Held by whoever writes batches, so that none is written twice at once.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self._invoked = 0
        self.appended = threading.Event()
        self.writing = threading.Lock()

    def transaction(self) -> AbstractContextManager[None]:
        """Make several calls one atomic step."""
        return self._database.transaction()

    def online(self, group: str, identifier: str) -> Record | None:
        """The newest version of a record, or the mark of its deletion; None when there is neither."""
        sql = "SELECT event, expires, deleted, body FROM online WHERE feature_group = ? AND identifier = ?"
        rows = self._database.query(sql, group, identifier)
        if not rows:
            return None
        event, expires, deleted, body = rows[0]
        if expires is not None and expires <= now():
            return None
        return Record(identifier, event, json.loads(body), expires, bool(deleted))

    def put_online(self, group: str, record: Record) -> None:
        """Make a version the newest."""
        self._database.change(
            "INSERT OR REPLACE INTO online VALUES(?, ?, ?, ?, ?, ?)",
            group,
            record.identifier,
            record.event,
            record.expires,
            int(record.deleted),
            json.dumps(record.values),
        )

    def remove_online(self, group: str, identifier: str) -> None:
        """Forget a record and that it was deleted."""
        self._database.change(
            "DELETE FROM online WHERE feature_group = ? AND identifier = ?", group, identifier
        )

    def identifiers(self, group: str, after: str, count: int, *, with_deleted: bool) -> list[str]:
        """The identifiers that follow one, in order."""
        sql = """SELECT identifier FROM online WHERE feature_group = ? AND identifier > ? AND deleted <= ?
                 AND coalesce(expires > ?, 1) ORDER BY identifier LIMIT ?"""
        rows = self._database.query(sql, group, after, int(with_deleted), now(), count)
        return [identifier for (identifier,) in rows]

    def size(self, group: str) -> int:
        """Bytes of a group's online records."""
        sql = "SELECT coalesce(sum(length(identifier) + length(body)), 0) FROM online WHERE feature_group = ?"
        return int(self._database.query(sql, group)[0][0])

    def append(self, group: str, record: Record) -> None:
        """Put a version into the journal; each is invoked a microsecond after the one before it, or later."""
        with self._database.transaction():
            self._invoked = max(now(), self._invoked + 1)
            self._database.change(
                "INSERT INTO journal(feature_group, event, deleted, invoked, body) VALUES(?, ?, ?, ?, ?)",
                group,
                record.event,
                int(record.deleted),
                self._invoked,
                json.dumps(record.values),
            )
        self.appended.set()

    def pending(self) -> list[str]:
        """The groups whose journal is not empty."""
        rows = self._database.query("SELECT DISTINCT feature_group FROM journal")
        return [group for (group,) in rows]

    def batch(self, group: str, limit: int) -> Batch | None:
        """The next entries to write: those an earlier server left half-way, else up to so many new ones."""
        with self._database.transaction():
            started = self._database.query("SELECT name, written FROM batch WHERE feature_group = ?", group)
            name, written = started[0] if started else (uuid.uuid4().hex, now())
            if not started:
                self._database.change(
                    """UPDATE journal SET batch = ? WHERE number IN (SELECT number FROM journal
                       WHERE feature_group = ? AND batch IS NULL ORDER BY number LIMIT ?)""",
                    name,
                    group,
                    limit,
                )
            rows = self._database.query(
                """SELECT event, deleted, invoked, body FROM journal
                   WHERE feature_group = ? AND batch = ? ORDER BY number""",
                group,
                name,
            )
            if rows and not started:
                self._database.change("INSERT INTO batch VALUES(?, ?, ?)", name, group, written)
        entries = [
            Entry(event, bool(deleted), invoked, json.loads(body)) for event, deleted, invoked, body in rows
        ]
        return Batch(name, written, entries) if entries else None

    def finish(self, group: str, batch: Batch) -> None:
        """Take a batch that is written out of the journal."""
        with self._database.transaction():
            self._database.change(
                "DELETE FROM journal WHERE feature_group = ? AND batch = ?", group, batch.name
            )
            self._database.change("DELETE FROM batch WHERE name = ?", batch.name)

    def forget(self, group: str) -> None:
        """Remove everything of a group."""
        with self._database.transaction():
            for table in ("online", "journal", "batch"):
                self._database.change(f"DELETE FROM {table} WHERE feature_group = ?", group)  # noqa: S608  # ours

    def purge(self) -> None:
        """Remove online records whose time to live is over."""
        self._database.change("DELETE FROM online WHERE expires <= ?", now())

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def now() -> int:
    """The time in microseconds since 1970."""
    return time.time_ns() // 1000
