"""The document store's memory of the past, for stale reads; kept only while somebody wants it.

Triggers write down what each document was before it changed, so it costs nothing when off, and sees the
changes of every process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from localaws.database import Database

KEPT_SECONDS = 600
NOW = "(julianday('now') - 2440587.5) * 86400.0"  # epoch seconds, with thousandths
TABLE = """
CREATE TABLE IF NOT EXISTS former(
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    document INTEGER NOT NULL, body TEXT);
CREATE INDEX IF NOT EXISTS former_name ON former(kind, name, number);
CREATE INDEX IF NOT EXISTS former_at ON former(at);
"""
TRIGGER = f"""
CREATE TRIGGER IF NOT EXISTS former_{{event}} AFTER {{event}} ON document
    WHEN {{row}}.kind NOT LIKE 'localaws:%' BEGIN
    INSERT INTO former(at, kind, name, document, body)
        VALUES({NOW}, {{row}}.kind, {{row}}.name, {{row}}.number, {{body}});
    DELETE FROM former WHERE at < {NOW} - {KEPT_SECONDS};
END"""  # noqa: S608  # our own words only
EVENTS = (("INSERT", "new", "NULL"), ("UPDATE", "old", "old.body"), ("DELETE", "old", "old.body"))


@dataclass(frozen=True)
class Moment:
    """A point in the past: a time, or each document's last so many changes ago."""

    at: float
    writes: int | None


class History:
    """What the documents of one database were."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = threading.local()

    def keep(self, wanted: bool) -> None:
        """Begin to write changes down, or stop and forget them."""
        with self._database.transaction():
            for statement in TABLE.split(";"):
                self._database.change(statement)
            for event, row, body in EVENTS:
                if wanted:
                    self._database.change(TRIGGER.format(event=event, row=row, body=body))
                else:
                    self._database.change(f"DROP TRIGGER IF EXISTS former_{event}")
            if not wanted:
                self._database.change("DELETE FROM former")

    @contextmanager
    def view(self, seconds: float | None, writes: int | None) -> Iterator[None]:
        """Make this thread see the past until it leaves."""
        self._thread.moment = Moment(time.time() - (seconds or 0.0), writes)
        try:
            yield
        finally:
            self._thread.moment = None

    @property
    def moment(self) -> Moment | None:
        """What this thread sees; None is the present."""
        return getattr(self._thread, "moment", None)

    def get(self, moment: Moment, kind: str, name: str) -> str | None:
        """A document as it was."""
        now = self._database.query("SELECT body FROM document WHERE kind = ? AND name = ?", kind, name)
        former = self._changes(kind, " AND name = ?", name)
        changes = [(at, body) for at, _, _, body in former]
        return _body_at(moment, changes, now[0][0] if now else None)

    def items(self, moment: Moment, kind: str) -> list[tuple[str, str]]:
        """Name and document of all of a kind as they were, in order of creation."""
        with self._database.transaction():
            rows = self._database.query("SELECT number, name, body FROM document WHERE kind = ?", kind)
            former = self._changes(kind)
        present = {name: (number, body) for number, name, body in rows}
        changes: dict[str, list[tuple[float, str | None]]] = {}
        numbers = {name: number for name, (number, _) in present.items()}
        for at, name, number, body in former:
            changes.setdefault(name, []).append((at, body))
            numbers.setdefault(name, number)
        found = {}
        for name, number in numbers.items():
            body = _body_at(moment, changes.get(name, []), present.get(name, (0, None))[1])
            if body is not None:
                found[number] = (name, body)
        return [found[number] for number in sorted(found)]

    def _changes(
        self, kind: str, more: str = "", *values: object
    ) -> list[tuple[float, str, int, str | None]]:
        """What documents were before each change, oldest first."""
        sql = f"SELECT at, name, document, body FROM former WHERE kind = ?{more} ORDER BY number"  # noqa: S608
        return self._database.query(sql, kind, *values)


def _body_at(moment: Moment, changes: list[tuple[float, str | None]], now: str | None) -> str | None:
    """A document at a moment, from what it was before each of its changes and what it is."""
    if moment.writes is not None:
        return changes[-min(moment.writes, len(changes))][1] if changes else now
    return next((body for at, body in changes if at > moment.at), now)
