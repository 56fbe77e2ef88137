"""Results as objects in S3: written when a query ends, read page by page for GetQueryResults."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localaws.athena.columns import ResultColumn, labels, spelled
from localaws.athena.engine import Session
from localaws.athena.hivetypes import literal

CELL = re.compile(rb'"((?:[^"]|"")*)"|')
PAGE = 1000


def write_csv(session: Session, sql: str, columns: list[ResultColumn]) -> Path:
    """Run a query into a CSV file as Athena writes it: all values quoted, NULL as nothing, the names first.

    Args:
        session: The query's connection.
        sql: The query in DuckDB's terms.
        columns: Its columns.
    """
    header = session.folder / "header.csv"
    rows = session.folder / "rows.csv"
    header.write_text(",".join(_quoted(column.name) for column in columns) + "\n", encoding="utf-8")
    texts = ", ".join(f"{spelled(f'c{n}', column.kind)} AS c{n}" for n, column in enumerate(columns))
    options = "FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR ''"
    query = f"SELECT {texts} FROM ({sql}) AS __q({labels(columns)})"
    session.execute(f"COPY ({query}) TO {literal(str(rows))} ({options})")
    with header.open("ab") as out, rows.open("rb") as body:
        while piece := body.read(1 << 20):
            out.write(piece)
    rows.unlink()
    return header


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def csv_page(path: Path, offset: int, count: int) -> tuple[list[list[str | None]], int | None]:
    """Some rows of a result's CSV file, from a byte offset on.

    Returns:
        The rows (None is NULL) and the offset of the next one; None after the last.
    """
    rows: list[list[str | None]] = []
    with path.open("rb") as file:
        file.seek(offset)
        for line in _records(file):
            if len(rows) == count:
                return rows, offset
            rows.append(_cells(line))
            offset += len(line)
    return rows, None


def _records(file: Any) -> Iterator[bytes]:
    """The records of a CSV file; a line's end inside quotes ends none."""
    record = b""
    for line in file:
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""


def _cells(record: bytes) -> list[str | None]:
    cells: list[str | None] = []
    position, end = 0, len(record.rstrip(b"\n"))
    while position <= end:
        match = CELL.match(record, position, end)
        assert match is not None  # the pattern also matches nothing
        text = match[1]
        cells.append(None if text is None else text.replace(b'""', b'"').decode())
        position = match.end() + 1
    return cells


def text_page(text: str, offset: int, count: int) -> tuple[list[list[str | None]], int | None]:
    """Some rows of a result's text file: one value a line, whatever columns it has."""
    lines = text.split("\n") if text else []
    shown: list[list[str | None]] = [[line] for line in lines[offset : offset + count]]
    return shown, offset + count if offset + count < len(lines) else None
