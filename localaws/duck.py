"""What the services that run SQL share of DuckDB: connections that can be stopped, and closed settings."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import duckdb

from localaws.athena.hivetypes import literal

REPEAT_SECONDS = 0.05  # an interrupt that falls between two statements is lost: it is said again


@dataclass
class StoppableConnection:
    """A connection whose statements another thread may stop.

    Attributes:
        stopped: What a statement that was stopped raises.
        connection: DuckDB's own; temporary tables and views live in it.
        folder: A folder for what statements write; gone with the connection.
    """

    stopped: ClassVar[type[Exception]]
    connection: duckdb.DuckDBPyConnection
    folder: Path
    _cancelled: threading.Event = field(default_factory=threading.Event, init=False)
    _idle: threading.Event = field(default_factory=threading.Event, init=False)

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one statement.

        Raises:
            Exception: ``stopped``, when it was stopped before or while it ran.
            duckdb.Error: DuckDB's own refusals.
        """
        self.check()
        try:
            return self.connection.execute(sql)
        except duckdb.InterruptException as error:
            raise self.stopped from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return list(self.execute(sql).fetchall())

    def check(self) -> None:
        """Stop here if this was cancelled.

        Raises:
            Exception: ``stopped``, when it was.
        """
        if self._cancelled.is_set():
            raise self.stopped

    def cancel(self) -> None:
        """Stop: what runs is interrupted, what would follow does not start."""
        self._cancelled.set()
        threading.Thread(target=self._interrupt, args=(self._idle,), daemon=True).start()

    def _interrupt(self, idle: threading.Event) -> None:
        while not idle.wait(REPEAT_SECONDS):
            self.connection.interrupt()

    def close(self) -> None:
        """Let go of the connection and the folder."""
        self._idle.set()
        self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def closed_settings(blobs: Path, work: Path, memory_mib: int) -> dict[str, str]:
    """Settings of an instance that touches nothing but S3's blobs and a work folder, and loads nothing."""
    folders = ", ".join(literal(str(folder)) for folder in (blobs, work))
    return {
        "TimeZone": "'UTC'",
        "memory_limit": f"'{memory_mib}MiB'",
        # DuckDB 2.0 reads a CSV column as the type of a TRY_CAST above it, and fails where that is NULL.
        "disabled_optimizers": "'type_pushdown'",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": literal(str(work / "spill")),
        "allowed_directories": f"[{folders}]",
        "enable_external_access": "false",
    }
