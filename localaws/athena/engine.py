"""DuckDB: one instance for the process, a connection for each query, and the way to stop one.

The instance may touch nothing but the blobs of S3 and its own work folder, and loads nothing from anywhere: a
query cannot read the machine's files whatever its text says.
"""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from localaws.athena.failures import QueryCancelled
from localaws.athena.hivetypes import literal
from localaws.athena.macros import STATEMENTS
from localaws.athena.natives import install

MEMORY_SHARE = 0.4  # of the machine's memory, for all queries together
REPEAT_SECONDS = 0.05  # an interrupt that falls between two statements is lost: it is said again


@dataclass
class Session:
    """A query's connection.

    Attributes:
        connection: DuckDB's own; the query's temporary views live in it.
        folder: A folder for what the query writes; gone with the session.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _finished: threading.Event = field(default_factory=threading.Event)

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one statement.

        Raises:
            QueryCancelled: The query was stopped before or while it ran.
            duckdb.Error: DuckDB's own refusals.
        """
        self.check()
        try:
            return self.connection.execute(sql)
        except duckdb.InterruptException as error:
            raise QueryCancelled from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return list(self.execute(sql).fetchall())

    def check(self) -> None:
        """Stop here if the query was cancelled.

        Raises:
            QueryCancelled: It was.
        """
        if self._cancelled.is_set():
            raise QueryCancelled

    def cancel(self) -> None:
        """Stop the query: what runs is interrupted, what would follow does not start."""
        self._cancelled.set()
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        while not self._finished.wait(REPEAT_SECONDS):
            self.connection.interrupt()

    def close(self) -> None:
        """Let go of the connection and the folder."""
        self._finished.set()
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Engine:
    """The process's DuckDB.

    Args:
        blobs: The folder of S3's blobs.
        work: A folder for what queries write and spill.
    """

    def __init__(self, blobs: Path, work: Path) -> None:
        self.blobs = blobs
        self.work = work
        self._lock = threading.Lock()
        self._base: duckdb.DuckDBPyConnection | None = None

    def warm(self) -> None:
        """Open the instance now, so that the first query does not wait for it."""
        with self._lock:
            self._opened()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection for one query."""
        with self._lock:
            connection = self._opened().cursor()
        folder = self.work / uuid.uuid4().hex
        folder.mkdir()
        session = Session(connection, folder)
        try:
            yield session
        finally:
            session.close()

    def close(self) -> None:
        """Let go of the instance."""
        with self._lock:
            if self._base is not None:
                self._base.close()
                self._base = None

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._base is None:
            shutil.rmtree(self.work, ignore_errors=True)
            self.work.mkdir(parents=True)
            self._base = duckdb.connect(":memory:")
            for name, value in self._settings().items():
                self._base.execute(f"SET GLOBAL {name} = {value}")
            for macro in STATEMENTS:
                self._base.execute(macro)
            install(self._base)
            self._base.execute("SET GLOBAL lock_configuration = true")
        return self._base

    def _settings(self) -> dict[str, str]:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        folders = ", ".join(literal(str(folder)) for folder in (self.blobs, self.work))
        return {
            "TimeZone": "'UTC'",
            "threads": str(max(2, os.cpu_count() or 2)),
            "memory_limit": f"'{int(memory * MEMORY_SHARE / 2**20)}MiB'",
            # DuckDB 2.0 reads a CSV column as the type of a TRY_CAST above it, and fails where that is NULL.
            "disabled_optimizers": "'type_pushdown'",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": literal(str(self.work / "spill")),
            "allowed_directories": f"[{folders}]",
            "enable_external_access": "false",
        }
