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
from dataclasses import dataclass
from pathlib import Path

import duckdb

from localaws.athena.failures import QueryCancelled
from localaws.athena.macros import STATEMENTS
from localaws.athena.natives import install
from localaws.duck import StoppableConnection, closed_settings

MEMORY_SHARE = 0.4  # of the machine's memory, for all queries together


@dataclass
class Session(StoppableConnection):
    """A query's connection."""

    stopped = QueryCancelled


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
        return {
            "threads": str(max(2, os.cpu_count() or 2)),
            **closed_settings(self.blobs, self.work, int(memory * MEMORY_SHARE / 2**20)),
        }
