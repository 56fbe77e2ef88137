"""Results kept as files, a record a line, and their pages."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb

from localaws.glue.catalog import Document
from localaws.redshift.columns import column_metadata, field_maker
from localaws.redshift.engine import Link
from localaws.redshift.failures import StatementCancelled, StatementFailed

PAGE_BYTES = 1 << 20
MOST_BYTES = 500 << 20
ROWS_AT_ONCE = 2000


def write_result(link: Link, sql: str, path: Path) -> tuple[list[Document], int, int]:
    """Run a query into a file.

    Returns:
        Its columns, the number of rows and of bytes.

    Raises:
        StatementFailed: It is larger than the Data API keeps.
        StatementCancelled: It was stopped.
    """
    cursor = link.execute(sql)
    described = [(str(column[0]), str(column[1])) for column in cursor.description or []]
    makers = [field_maker(kind) for _, kind in described]
    rows = size = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        while batch := _batch(cursor):
            link.check()
            for row in batch:
                line = json.dumps([make(value) for make, value in zip(makers, row, strict=True)]) + "\n"
                file.write(line)
                size += len(line)
            rows += len(batch)
            if size > MOST_BYTES:
                raise StatementFailed("Query result size exceeds the limit of 500 MB")
    return [column_metadata(name, kind) for name, kind in described], rows, size


def _batch(cursor: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    try:
        return list(cursor.fetchmany(ROWS_AT_ONCE))
    except duckdb.InterruptException as error:
        raise StatementCancelled from error


def page_of(path: Path, offset: int) -> tuple[list[list[Document]], int | None]:
    """The records from a place in a file on, and the place of the next page (None after the last)."""
    records = []
    with path.open("rb") as file:
        file.seek(offset)
        for line in iter(file.readline, b""):
            records.append(json.loads(line))
            if file.tell() - offset >= PAGE_BYTES:
                break
        place, more = file.tell(), bool(file.read(1))
    return records, place if more else None


def as_csv(records: list[list[Document]]) -> str:
    """Records as lines of CSV, without a header; NULL is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    for record in records:
        writer.writerow([_plain(field) for field in record])
    return text.getvalue()


def _plain(field: Document) -> object:
    [(kind, value)] = field.items()
    if kind == "isNull":
        return ""
    return str(value).lower() if kind == "booleanValue" else value
