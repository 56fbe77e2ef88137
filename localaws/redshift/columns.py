"""Columns as the Data API tells them, and values as its typed fields."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from localaws.glue.catalog import Document
from localaws.redshift.failures import refused

SIZED = re.compile(r"(?P<name>[a-z ]+?)\s*(?:\((?P<sizes>[\d, ]+)\))?")
LONGEST = 65535
# DuckDB's type: Redshift's short name, precision, scale, signed.
KINDS: dict[str, tuple[str, int, int, bool]] = {
    "TINYINT": ("int2", 5, 0, True),
    "SMALLINT": ("int2", 5, 0, True),
    "INTEGER": ("int4", 10, 0, True),
    "BIGINT": ("int8", 19, 0, True),
    "UBIGINT": ("int8", 19, 0, True),
    "UINTEGER": ("int8", 19, 0, True),
    "HUGEINT": ("int8", 19, 0, True),
    "FLOAT": ("float4", 8, 8, True),
    "DOUBLE": ("float8", 17, 17, True),
    "BOOLEAN": ("bool", 1, 0, False),
    "DATE": ("date", 13, 0, False),
    "TIMESTAMP": ("timestamp", 29, 6, False),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz", 35, 6, False),
    "TIME": ("time", 15, 6, False),
    "TIME WITH TIME ZONE": ("timetz", 21, 6, False),
    "VARCHAR": ("varchar", LONGEST, 0, False),
    "BLOB": ("varbyte", LONGEST, 0, False),
    '"NULL"': ("varchar", LONGEST, 0, False),
}
Field = dict[str, Any]


def kind_of(duckdb_type: str) -> tuple[str, int, int, bool]:
    """Redshift's name, precision and scale of a DuckDB type, and whether it has a sign.

    Raises:
        StatementFailed: Redshift has no such type.
    """
    if duckdb_type.startswith("DECIMAL"):
        precision, scale = duckdb_type[len("DECIMAL(") : -1].split(",")
        return "numeric", int(precision), int(scale), True
    if duckdb_type.startswith("TIMESTAMP_"):
        return KINDS["TIMESTAMP"]
    if duckdb_type not in KINDS:
        raise refused(f"a result of the type {duckdb_type.lower()}")
    return KINDS[duckdb_type]


def column_metadata(name: str, duckdb_type: str, *, declared: str = "", **more: Any) -> Document:
    """What the Data API says of a column.

    Args:
        name: Its name.
        duckdb_type: Its type in DuckDB.
        declared: Its length as declared, ``varchar(20)``; empty when there is none.
        more: Other members, such as ``tableName``.
    """
    kind, precision, scale, signed = kind_of(duckdb_type)
    if (match := SIZED.fullmatch(declared)) and match["sizes"]:
        kind, precision = match["name"], int(match["sizes"])
    return {
        "isCaseSensitive": kind in ("varchar", "bpchar"),
        "isCurrency": False,
        "isSigned": signed,
        "label": name,
        "name": name,
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": kind,
        "length": 0,
        **more,
    }


def field_maker(duckdb_type: str) -> Callable[[Any], Field]:
    """What makes a value of a DuckDB type a field of a record."""
    kind = kind_of(duckdb_type)[0]
    make = MAKERS.get(kind, _text)
    return lambda value: {"isNull": True} if value is None else make(value)


def _text(value: Any) -> Field:
    return {"stringValue": text_of(value)}


def text_of(value: Any) -> str:
    """A value as Redshift writes it."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dt.datetime):
        text = value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text + "+00" if value.tzinfo is not None else text
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


MAKERS: dict[str, Callable[[Any], Field]] = {
    **{kind: lambda value: {"longValue": int(value)} for kind in ("int2", "int4", "int8")},
    **{kind: lambda value: {"doubleValue": float(value)} for kind in ("float4", "float8")},
    "bool": lambda value: {"booleanValue": bool(value)},
    "varbyte": lambda value: {"stringValue": bytes(value).hex()},
}
