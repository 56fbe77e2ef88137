"""The document store: what every service but S3 remembers, as JSON by kind and name."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from localaws.database import Database
from localaws.history import History

SCHEMA = """
CREATE TABLE IF NOT EXISTS document(
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE(kind, name));
"""


class Store:
    """Durable JSON documents. Every change is one committed transaction; any thread may call.

    Bodies are plain JSON values (times as epoch seconds); what a caller gets is a fresh copy each time.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self._history = History(self._database)

    def transaction(self) -> AbstractContextManager[None]:
        """Make several calls one atomic step; re-entrant, and no other thread meddles meanwhile."""
        return self._database.transaction()

    def create(self, kind: str, name: str, body: dict[str, Any]) -> bool:
        """Store a new document; False, and no change, when it exists already."""
        sql = "INSERT INTO document(kind, name, body) VALUES(?, ?, ?) ON CONFLICT DO NOTHING"
        return self._database.change(sql, kind, name, json.dumps(body)) == 1

    def put(self, kind: str, name: str, body: dict[str, Any]) -> None:
        """Store a document, new or in place of the old one (which keeps its place in the order)."""
        sql = """INSERT INTO document(kind, name, body) VALUES(?, ?, ?)
                 ON CONFLICT(kind, name) DO UPDATE SET body = excluded.body"""
        self._database.change(sql, kind, name, json.dumps(body))

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """A fresh copy of a document, None when there is none."""
        if moment := self._history.moment:
            former = self._history.get(moment, kind, name)
            return json.loads(former) if former is not None else None
        rows = self._database.query("SELECT body FROM document WHERE kind = ? AND name = ?", kind, name)
        return json.loads(rows[0][0]) if rows else None

    def update(self, kind: str, name: str, **changes: Any) -> dict[str, Any]:
        """Replace top-level members of a document; the new body.

        Raises:
            KeyError: There is no such document.
        """
        with self.transaction():
            body = self.get(kind, name)
            if body is None:
                raise KeyError(f"no {kind} named {name!r}")
            body.update(changes)
            self._database.change(
                "UPDATE document SET body = ? WHERE kind = ? AND name = ?", json.dumps(body), kind, name
            )
        return body

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every document of a kind, in order of creation."""
        return [body for _, body in self.items(kind)]

    def items(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Name and document of all of a kind, in order of creation."""
        if moment := self._history.moment:
            rows = self._history.items(moment, kind)
        else:
            sql = "SELECT name, body FROM document WHERE kind = ? ORDER BY number"
            rows = self._database.query(sql, kind)
        return [(name, json.loads(body)) for name, body in rows]

    def delete(self, kind: str, name: str) -> bool:
        """Forget a document; False when there was none."""
        return self._database.change("DELETE FROM document WHERE kind = ? AND name = ?", kind, name) == 1

    def remember(self, wanted: bool) -> None:
        """Begin to keep what documents were before they changed, for ``past``; or stop and forget it."""
        self._history.keep(wanted)

    def past(self, seconds: float | None, writes: int | None) -> AbstractContextManager[None]:
        """Make this thread's reads see the past.

        Args:
            seconds: How long ago.
            writes: Each document before its last so many changes, as far as they are remembered.
        """
        return self._history.view(seconds, writes)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
