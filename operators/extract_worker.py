"""An extract that the Airflow worker does itself: rows by an Airflow connection, files by file into S3."""

from __future__ import annotations

import datetime as dt
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from foldline.errors import DataError, EnvironmentFault
from foldline.names import digest
from foldline.remote.extracts.parts import Extract
from foldline.remote.extracts.watermarks import Mark, Watermarks, mark, value
from foldline.sourcesql import (
    Statement,
    bound,
    newest_query,
    table_query,
    unmarked_query,
    window_query,
)
from foldline.steps.extract import ExtractSettings, Since
from foldline.waiting import Watch
from operators.connections import database_connection
from operators.steprun import StepRun

AGAIN = 2
"""How often a read that broke off is begun again."""
BROKEN = "broken-reads"
"""What is remembered of reads that broke off: their number."""


@dataclass(frozen=True)
class Reading:
    """What one extract reads and where it goes.

    Attributes:
        run: The task's run.
        settings: The step.
        query: Text of its query file; empty where it names a table.
        extract: Its place in S3.
        watermarks: How far earlier runs have come.
        where: The file to mend, for errors.
    """

    run: StepRun
    settings: ExtractSettings
    query: str
    extract: Extract
    watermarks: Watermarks
    where: str

    def extracted(self) -> dict[str, Any]:
        """The manifest of rows that are all in S3, not yet written; begun again when the database breaks off.

        Raises:
            DataError: The query or a value is one that the database or Parquet refuses.
            EnvironmentFault: The database cannot be reached, or broke off each time.
        """
        from preprocessing.source import is_database_error, may_pass

        while True:
            try:
                return self._attempt()
            except Exception as error:
                if not is_database_error(error):
                    raise
                if not may_pass(error):
                    raise DataError(
                        f"the database refuses what step {self.run.step!r} asks for",
                        where=self.where,
                        cause=str(error)[:1000],
                        mend="correct the query, `table`, `columns` or `since`",
                    ) from error
                self._pause_after(error)

    def _pause_after(self, error: Exception) -> None:
        """Wait before the next try; the number of tries outlives this worker."""
        broken = int((self.run.memory.get(BROKEN) or {"count": 0})["count"]) + 1
        if broken > AGAIN:
            raise EnvironmentFault(
                f"the database of step {self.run.step!r} cannot be read",
                where=f"Airflow connection {self.settings.connection!r}",
                cause=str(error)[:1000],
                mend="look at the database and at the connection, then clear the task",
            ) from error
        self.run.memory.put(BROKEN, {"count": broken})
        seconds = self.run.backoff.longest * 2 ** (broken - 1)
        self.run.waits.pause(seconds, Watch("query", (), seconds))

    def _attempt(self) -> dict[str, Any]:
        from preprocessing.source import Source, paramstyle

        assert self.settings.connection is not None, "the settings' own check"
        connection, kind = database_connection(self.settings.connection, self.where)
        with closing(connection):
            source, style = Source(connection, kind, self.settings.fetch), paramstyle(connection)
            snapshot = source.begin()
            statement, window = self._statement(source, style)
            return {**self._written(source, statement), "snapshot": snapshot, "window": window}

    def _statement(self, source: Any, style: str) -> tuple[Statement, list[Mark | None] | None]:
        """What is read, and for new rows only the window it covers."""
        settings, kind = self.settings, source.kind
        query = self.query or table_query(settings.table or "", settings.columns, kind)
        values = dict(settings.parameters)
        if settings.since is None:
            return bound(query, values, style), None
        start, end = self._window(source, query, values, style, settings.since)
        if end is None:
            return bound(query, values, style), [start, end]  # there is no row at all
        values |= {"foldline_from": value(start), "foldline_to": value(end)}
        text = window_query(query, settings.since.column, kind, first=start is None)
        return bound(text, values, style), [start, end]

    def _window(
        self, source: Any, query: str, values: dict[str, Any], style: str, since: Since
    ) -> list[Mark | None]:
        """First and last value; a run that has published its window before has the same again."""
        state = self.watermarks.state()
        if (mine := state.windows.get(self.run.place.run_id)) is not None:
            return mine

        def only(text: str) -> Any:
            statement = bound(text, values, style)
            return source.row(statement.text, statement.values)[0]

        if unmarked := only(unmarked_query(query, since.column, source.kind)):
            raise DataError(
                f"{unmarked:,} rows have no {since.column!r}: no window would ever hold them",
                where=self.where,
                mend="take another column for `since`, or leave these rows out by the query",
            )
        newest = only(newest_query(query, since.column, source.kind))
        if newest is not None and since.lag:
            if not isinstance(newest, dt.datetime):
                raise DataError(
                    f"`since.lag` is for moments, {since.column!r} holds {type(newest).__name__}",
                    where=self.where,
                    mend="drop `lag`, or take a column with a moment",
                )
            newest -= dt.timedelta(seconds=since.lag)
        begun = value(state.to)
        if begun is not None and (newest is None or newest <= begun):
            return [state.to, state.to]
        try:
            return [state.to, mark(newest)]
        except TypeError as error:
            raise DataError(
                f"{since.column!r} cannot say which rows are new", where=self.where, cause=str(error)
            ) from error

    def _heeded(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches, as long as nobody ends this worker: Airflow's signal alone does not end its work.

        Raises:
            Interrupted: It was told to end; what it wrote is nobody's.
        """
        for rows in batches:
            self.run.waits.pause(0.0, Watch("query", (), 0.0))
            yield rows
        self.run.waits.pause(0.0, Watch("query", (), 0.0))

    def _written(self, source: Any, statement: Statement) -> dict[str, Any]:
        """All rows below a prefix of this attempt's own."""
        from preprocessing.columns import batch, glue_type, schema_of
        from preprocessing.parts import write_parts

        settings, extract = self.settings, self.extract
        description, batches = source.stream(statement.text, statement.values)
        first = next(batches)
        schema = schema_of(description, first, settings.types, source.kind == "postgres")
        place = extract.place(extract.claim(self.run.memory, str(uuid.uuid4())))
        arrow: Iterator[Any] = (batch(rows, schema) for rows in self._heeded(chain([first], batches)))
        parts = []
        with tempfile.TemporaryDirectory(prefix="foldline-extract-") as folder:
            for part in write_parts(arrow, schema, Path(folder), "", settings.rows_per_part):
                etag = extract.upload(part.path, place, part.bytes)
                part.path.unlink()
                parts.append(
                    {
                        "name": part.path.name,
                        "rows": part.rows,
                        "bytes": part.bytes,
                        "sha256": part.sha256,
                        "etag": etag,
                    }
                )
        return manifest_of(str(place), parts, [[field.name, glue_type(field.type)] for field in schema])


def manifest_of(uri: str, parts: list[dict[str, Any]], columns: list[list[str]]) -> dict[str, Any]:
    """The manifest of files that lie in S3.

    Args:
        uri: Prefix below which they are.
        parts: Name, rows, bytes, sha256 and ETag of each.
        columns: Name and Glue type of each column.
    """
    return {
        "version": 1,
        "uri": uri,
        "rows": sum(part["rows"] for part in parts),
        "bytes": sum(part["bytes"] for part in parts),
        "digest": digest([part["sha256"] for part in parts]),
        "columns": columns,
        "schema_digest": digest(columns),
        "parts": parts,
    }
