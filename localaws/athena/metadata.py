"""The ``.metadata`` object beside a result: a Protocol Buffers message, as Athena's JDBC driver reads it.

Fields, as observed on Athena: 1 the query's id, 2 the kind of update, 3 the rows it touched, 4 the
columns, each with 1 catalogue, 4 name, 5 label, 6 type, 7 precision, 8 scale, 9 nullable (3 is unknown),
10 case sensitive. Which of 7, 8 and 10 are there depends on the type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

UNKNOWN_NULLABLE = 3
BARE = ("array", "map", "row", "json", "string", "uuid", "unknown")
FLAGGED = ("boolean", "interval day to second", "interval year to month")


def metadata(
    query_id: str, columns: Sequence[dict[str, Any]], update: str | None = None, rows: int | None = None
) -> bytes:
    """The message.

    Args:
        query_id: The query's id.
        columns: The result's ``ColumnInfo`` list.
        update: ``INSERT`` or ``CREATE TABLE``; None for a query.
        rows: How many rows it wrote.
    """
    message = _text(1, query_id)
    if update is not None:
        message += _text(2, update) + _number(3, rows or 0)
    return message + b"".join(_bytes(4, _column(column)) for column in columns)


def _column(column: dict[str, Any]) -> bytes:
    kind = column["Type"]
    message = (
        _text(1, column["CatalogName"])
        + _text(4, column["Name"])
        + _text(5, column["Label"])
        + _text(6, kind)
    )
    if kind not in (*BARE, *FLAGGED, "date"):
        message += _number(7, column["Precision"])
    if kind not in (*BARE, *FLAGGED):
        message += _number(8, column["Scale"])
    message += _number(9, UNKNOWN_NULLABLE)
    return message if kind in BARE else message + _number(10, int(column["CaseSensitive"]))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
