"""One SQLite file shared by many threads: the ground under the document store, the S3 index and the logs."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Database:
    """One SQLite connection behind one lock, in write-ahead mode.

    A committed transaction survives the death of the process (``kill -9``); after a power cut the last ones
    may be lost, never half-written. A statement takes microseconds, so one lock serves better than a pool.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(schema)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the statements inside one atomic step; re-entrant, and the lock is held to the end.

        Leaving by an exception undoes this level's statements only, so an outer level may go on.
        """
        with self._lock:
            name = f"level{self._depth}"
            self._connection.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._undo(name)
                raise
            self._depth -= 1
            try:
                self._connection.execute(f"RELEASE {name}" if self._depth else "COMMIT")
            except sqlite3.Error:
                self._undo(name)
                raise

    def _undo(self, name: str) -> None:
        if (
            not self._connection.in_transaction
        ):  # SQLite rolls back by itself on some errors, a full disk among them
            return
        if self._depth:
            self._connection.execute(f"ROLLBACK TO {name}")
            self._connection.execute(f"RELEASE {name}")
        else:
            self._connection.execute("ROLLBACK")

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def change(self, sql: str, *values: object) -> int:
        """Run one changing statement, as a transaction of its own unless inside one; the rows it touched."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        """Run one statement for each row, as one step."""
        with self.transaction():
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self._lock:
            self._connection.close()
