"""A source database by its Python driver: one read-only snapshot, rows in batches.

Container side and Airflow worker: the driver arrives as an open DB-API connection, Python 3.10.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from foldline.errors import DataError

PASSING = frozenset({"OperationalError", "InterfaceError"})
"""PEP 249's classes of errors that lie in the connection or the server, not in the statement."""
OURS = "foldline_extract"


@dataclass
class Source:
    """An open connection, read in one transaction.

    Attributes:
        connection: DB-API connection, nothing done with it yet.
        kind: Type of database as Airflow's connections call it, such as ``postgres``.
        fetch: Rows held in memory at once.
    """

    connection: Any
    kind: str
    fetch: int

    def begin(self) -> str:
        """Begin a transaction that sees one state of the data; PostgreSQL's name of it, else empty."""
        if self.kind == "postgres":
            self.connection.autocommit = False
            self._run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return str(self.row("SELECT txid_current_snapshot()::text")[0])
        if self.kind == "sqlite":
            self._run("BEGIN")
        return ""

    def row(self, text: str, values: Any = None) -> Sequence[Any]:
        """The only row of a statement."""
        cursor = self._run(text, values)
        try:
            row: Sequence[Any] = cursor.fetchone()
            return row
        finally:
            cursor.close()

    def stream(self, text: str, values: Any = None) -> tuple[Sequence[Any], Iterator[list[Sequence[Any]]]]:
        """What a statement's columns are, and its rows by batches; the first batch may be empty.

        On PostgreSQL the rows stay at the server until they are fetched. Other drivers decide by themselves.
        """
        cursor = self.connection.cursor(name=OURS) if self.kind == "postgres" else self.connection.cursor()
        _execute(cursor, text, values)
        first = cursor.fetchmany(self.fetch)
        return cursor.description, self._batches(cursor, first)

    def _batches(self, cursor: Any, first: list[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
        batch = first
        yield batch
        while len(batch) > 0 and (batch := cursor.fetchmany(self.fetch)):
            yield batch
        cursor.close()

    def _run(self, text: str, values: Any = None) -> Any:
        cursor = self.connection.cursor()
        _execute(cursor, text, values)
        return cursor


def _execute(cursor: Any, text: str, values: Any) -> None:
    if values is None:
        cursor.execute(text)
    else:
        cursor.execute(text, values)


def paramstyle(connection: Any) -> str:
    """How the driver of a connection marks values (PEP 249), found at the module its class comes from."""
    for kind in type(connection).__mro__:
        parts = kind.__module__.split(".")
        for length in range(len(parts), 0, -1):
            style = getattr(sys.modules.get(".".join(parts[:length])), "paramstyle", None)
            if isinstance(style, str):
                return style
    raise DataError(
        f"the driver of {type(connection).__module__} does not say how it marks values",
        mend="use a connection whose driver follows PEP 249",
    )


def is_database_error(error: BaseException) -> bool:
    """Whether an error is one of a DB-API driver."""
    return any(kind.__name__ == "DatabaseError" or kind.__name__ in PASSING for kind in type(error).__mro__)


def may_pass(error: BaseException) -> bool:
    """Whether another try may not meet this error of a driver."""
    if type(error).__module__ == "sqlite3":  # it calls a missing table an OperationalError too
        return any(word in str(error) for word in ("locked", "busy"))
    return any(kind.__name__ in PASSING for kind in type(error).__mro__)
