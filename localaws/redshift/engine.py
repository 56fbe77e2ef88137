"""DuckDB, one file for each database: connections of statements, and the way to stop one.

An instance may touch nothing but its own file, the blobs of S3 and its work folder, and loads nothing.
"""

# makes SQL: its parts are quoted names and literals
from __future__ import annotations

import shutil
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

import duckdb

from localaws.duck import StoppableConnection, closed_settings
from localaws.redshift.arithmetic import DIVISOR
from localaws.redshift.failures import StatementCancelled, StatementFailed

MEMORY_MIB = 1024  # of each database
RESERVED = ("main", "temp", "system", "pg_catalog", "information_schema")
FIRST = (
    f"CREATE OR REPLACE TEMP MACRO {DIVISOR}(x) AS "
    "CASE WHEN x = 0 THEN CAST(error('Divide by zero') AS INTEGER) ELSE x END"
)


@dataclass
class Link(StoppableConnection):
    """A connection to a database: of one statement, or of a session's statements one after the other.

    Attributes:
        database: The database's name.
        writing: Held by whoever changes the database.
        open: Whether a session's own transaction is open.
    """

    stopped = StatementCancelled
    database: str
    writing: threading.Lock
    open: bool = False

    def begin(self) -> None:
        """Make ready for the next statement: what was said of the last one is forgotten."""
        self._cancelled, self._idle = threading.Event(), threading.Event()

    def end(self) -> None:
        """The statement is over; the connection stays."""
        self._idle.set()


class Engine:
    """The databases.

    Args:
        folder: Where their files lie.
        blobs: The folder of S3's blobs.
    """

    def __init__(self, folder: Path, blobs: Path) -> None:
        self.folder = folder
        self.blobs = blobs
        self.work = folder / "work"
        self._lock = threading.Lock()
        self._open: dict[Path, tuple[duckdb.DuckDBPyConnection, threading.Lock]] = {}
        shutil.rmtree(self.work, ignore_errors=True)

    def link(self, place: str, database: str) -> Link:
        """A new connection to a database, which is made when it is not there.

        Args:
            place: The cluster or workgroup, as a folder's name.
            database: The database.

        Raises:
            StatementFailed: The name can be no database's.
        """
        if database in RESERVED or "/" in database or database.startswith("."):
            raise StatementFailed(f'database "{database}" does not exist')
        with self._lock:
            base, writing = self._opened(self.folder / place / f"{database}.duckdb")
            connection = base.cursor()
        folder = self.work / uuid.uuid4().hex
        folder.mkdir(parents=True)
        connection.execute("SET search_path = 'public'")
        connection.execute(FIRST)
        return Link(connection, folder, database, writing)

    def databases(self, place: str) -> list[str]:
        """The databases of a cluster or workgroup; ``dev`` is always there."""
        return sorted({"dev", *(path.stem for path in (self.folder / place).glob("*.duckdb"))})

    def close(self) -> None:
        """Let go of every file."""
        with self._lock:
            for base, _ in self._open.values():
                base.close()
            self._open.clear()

    def _opened(self, path: Path) -> tuple[duckdb.DuckDBPyConnection, threading.Lock]:
        if path not in self._open:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.work.mkdir(parents=True, exist_ok=True)
            base = duckdb.connect(str(path))
            base.execute("CREATE SCHEMA IF NOT EXISTS public")
            for name, value in closed_settings(self.blobs, self.work, MEMORY_MIB).items():
                base.execute(f"SET GLOBAL {name} = {value}")
            self._open[path] = base, threading.Lock()
        return self._open[path]
