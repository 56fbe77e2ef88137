"""DuckDB, one file for each database: connections of statements, and the way to stop one.

An instance may touch nothing but its own file, the blobs of S3 and its work folder, and loads nothing.
"""

# makes SQL: its parts are quoted names and literals
from __future__ import annotations

import shutil
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from localaws.athena.hivetypes import literal
from localaws.redshift.arithmetic import DIVISOR
from localaws.redshift.failures import StatementCancelled, StatementFailed

REPEAT_SECONDS = 0.05  # an interrupt that falls between two statements is lost: it is said again
MEMORY_MIB = 1024  # of each database
RESERVED = ("main", "temp", "system", "pg_catalog", "information_schema")
FIRST = (
    f"CREATE OR REPLACE TEMP MACRO {DIVISOR}(x) AS "
    "CASE WHEN x = 0 THEN CAST(error('Divide by zero') AS INTEGER) ELSE x END"
)


@dataclass
class Link:
    """A connection to a database: of one statement, or of a session's statements one after the other.

    Attributes:
        connection: DuckDB's own; temporary tables live in it.
        folder: A folder for what statements write.
        database: The database's name.
        writing: Held by whoever changes the database.
        open: Whether a session's own transaction is open.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    database: str
    writing: threading.Lock
    open: bool = False
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _idle: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Make ready for the next statement: what was said of the last one is forgotten."""
        self._cancelled, self._idle = threading.Event(), threading.Event()

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one statement.

        Raises:
            StatementCancelled: It was stopped before or while it ran.
            duckdb.Error: DuckDB's own refusals.
        """
        self.check()
        try:
            return self.connection.execute(sql)
        except duckdb.InterruptException as error:
            raise StatementCancelled from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return list(self.execute(sql).fetchall())

    def check(self) -> None:
        """Stop here if the statement was cancelled.

        Raises:
            StatementCancelled: It was.
        """
        if self._cancelled.is_set():
            raise StatementCancelled

    def cancel(self) -> None:
        """Stop the statement: what runs is interrupted, what would follow does not start."""
        self._cancelled.set()
        threading.Thread(target=self._interrupt, args=(self._idle,), daemon=True).start()

    def _interrupt(self, idle: threading.Event) -> None:
        while not idle.wait(REPEAT_SECONDS):
            self.connection.interrupt()

    def end(self) -> None:
        """The statement is over; the connection stays."""
        self._idle.set()

    def close(self) -> None:
        """Let go of the connection and the folder."""
        self._idle.set()
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)


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
            for name, value in self._settings().items():
                base.execute(f"SET GLOBAL {name} = {value}")
            self._open[path] = base, threading.Lock()
        return self._open[path]

    def _settings(self) -> dict[str, str]:
        folders = ", ".join(literal(str(folder)) for folder in (self.blobs, self.work))
        return {
            "TimeZone": "'UTC'",
            "memory_limit": f"'{MEMORY_MIB}MiB'",
            # As for Athena: DuckDB 2.0 reads a CSV column as the type of a TRY_CAST above it.
            "disabled_optimizers": "'type_pushdown'",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": literal(str(self.work / "spill")),
            "allowed_directories": f"[{folders}]",
            "enable_external_access": "false",
        }
