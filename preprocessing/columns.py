"""Columns of a source database as Parquet has them: nothing is rounded, cut or guessed silently.

Container side and Airflow worker: pyarrow and the standard library only, Python 3.10.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa

from foldline.errors import DataError

WIDE = (38, 18)
"""Precision and scale of decimals whose own the database does not tell."""
TYPES: dict[str, pa.DataType] = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "smallint": pa.int16(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "float": pa.float32(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}
"""Arrow's type by the word that step files use."""
POSTGRES: dict[int, str] = {
    16: "boolean",
    17: "binary",
    18: "string",
    19: "string",
    20: "bigint",
    21: "smallint",
    23: "int",
    25: "string",
    26: "bigint",
    114: "string",
    700: "float",
    701: "double",
    1042: "string",
    1043: "string",
    1082: "date",
    1083: "string",
    1114: "timestamp",
    1184: "timestamptz",
    1266: "string",
    1700: "decimal",
    2950: "string",
    3802: "string",
}
"""Our word by PostgreSQL's object id of a type; they have been the same since its first versions."""
PYTHON: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "bigint"),
    (float, "double"),
    (Decimal, "decimal"),
    (str, "string"),
    (bytes, "binary"),
    (bytearray, "binary"),
    (memoryview, "binary"),
    (dt.datetime, "timestamp"),
    (dt.date, "date"),
    (dt.time, "string"),
    (uuid.UUID, "string"),
    (dict, "string"),
    (list, "string"),
)
NAME_LIMIT = 255
MEND = "name the column under `types`, or cast it in the query"


def schema_of(
    description: Sequence[Sequence[Any]],
    rows: Iterable[Sequence[Any]],
    declared: Mapping[str, str],
    postgres: bool,
) -> pa.Schema:
    """The columns of a result.

    A declared type wins, then what the database says, then what the first rows hold.

    Args:
        description: The cursor's description, as PEP 249 has it.
        rows: The first rows.
        declared: Types by column, as in the step file.
        postgres: Whether type codes are PostgreSQL's.

    Raises:
        DataError: A name cannot be a column's, is there twice, or a declared column is not there.
    """
    names = [str(column[0]) for column in description]
    check_names(names)
    if missing := sorted(set(declared) - set(names)):
        raise DataError(f"`types` names {missing}, the rows have {names}", mend="correct `types`")
    sample = list(rows)
    fields = []
    for number, column in enumerate(description):
        word = declared.get(names[number], "")
        if not word and postgres:
            word = POSTGRES.get(column[1], "")
        if not word:
            word = _word_of(names[number], [row[number] for row in sample])
        precise = (column[4], column[5]) if len(column) > 5 else (None, None)
        fields.append(pa.field(names[number], arrow_type(word, precise)))
    return pa.schema(fields)


def check_names(names: Sequence[str]) -> None:
    """Refuse names that a reader of the table could not tell apart, or not write.

    Raises:
        DataError: One is empty, too long, holds control characters, or differs from another in case only.
    """
    seen: dict[str, str] = {}
    for name in names:
        if not name or len(name) > NAME_LIMIT or re.search(r"[\x00-\x1f]", name):
            raise DataError(f"{name[:80]!r} cannot be a column's name", mend="give it another with AS")
        if name.lower() in seen:
            raise DataError(
                f"columns {seen[name.lower()]!r} and {name!r} are one to Glue and Athena",
                mend="rename one with AS",
            )
        seen[name.lower()] = name


def arrow_type(word: str, precise: tuple[Any, Any] = (None, None)) -> pa.DataType:
    """Arrow's type of our word; a bare ``decimal`` takes what the database says of it."""
    if word == "decimal":
        precision, scale = precise
        known = isinstance(precision, int) and isinstance(scale, int) and 0 <= scale <= precision <= 38
        return pa.decimal128(precision, scale) if known and precision else pa.decimal128(*WIDE)
    if match := re.fullmatch(r"decimal\((\d+),(\d+)\)", word):
        return pa.decimal128(int(match[1]), int(match[2]))
    return TYPES[word]


def glue_type(kind: pa.DataType) -> str:
    """Glue's word of an Arrow type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    word = next(word for word, known in TYPES.items() if known == kind)
    return "timestamp" if word == "timestamptz" else word


def batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as Arrow has them.

    Raises:
        DataError: A value does not fit its column; says which, and never rounds it.
    """
    arrays = []
    for number, field in enumerate(schema):
        try:
            read = reader(field.type)
            values = [None if row[number] is None else read(row[number]) for row in rows]
            arrays.append(pa.array(values, type=field.type))
        except (pa.ArrowException, ValueError, TypeError, ArithmeticError) as error:
            raise DataError(
                f"column {field.name!r} holds what is no {glue_type(field.type)}",
                cause=f"{type(error).__name__}: {str(error)[:200]}",
                mend=MEND,
            ) from error
    return pa.record_batch(arrays, schema=schema)


def _word_of(name: str, values: Sequence[Any]) -> str:
    """Our word for what values are; text of a column that is NULL so far."""
    first = next((value for value in values if value is not None), None)
    if first is None:
        return "string"
    if isinstance(first, dt.datetime) and first.tzinfo is not None:
        return "timestamptz"
    for kind, word in PYTHON:
        if isinstance(first, kind):
            return word
    raise DataError(f"column {name!r} holds {type(first).__name__}, which has no column type", mend=MEND)


def reader(kind: pa.DataType) -> Callable[[Any], Any]:
    """What gives a value as a column takes it, or raises ValueError where that would lose something.

    Arrow alone would cut a float for a column of whole numbers.
    """
    if pa.types.is_timestamp(kind):
        return partial(_moment, zoned=kind.tz is not None)
    return next(read for is_kind, read in READERS if is_kind(kind))


def _whole(value: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise _other(value)


def _float(value: Any) -> float:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return value  # as it is: Arrow refuses whole numbers that a float cannot hold
    if isinstance(value, Decimal):
        return float(value)  # the step file asks for it by name: the database says decimal
    raise _other(value)


def _decimal(value: Any) -> Decimal:
    if type(value) in (Decimal, int, str):
        return Decimal(value)
    raise _other(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool) or (type(value) is int and value in (0, 1)):  # SQLite and MySQL keep 0 and 1
        return bool(value)
    raise _other(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dt.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise _other(value)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise _other(value)


def _day(value: Any) -> dt.date:
    if type(value) is dt.date:
        return value
    if isinstance(value, str):  # SQLite keeps dates as text
        return dt.date.fromisoformat(value)
    raise _other(value)


def _moment(value: Any, *, zoned: bool) -> dt.datetime:
    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else value  # text: SQLite's form
    if not isinstance(found, dt.datetime):
        raise _other(value)
    if (found.tzinfo is not None) != zoned:
        raise ValueError("a moment without a time zone" if zoned else "a moment with a time zone")
    return found


def _other(value: Any) -> ValueError:
    return ValueError(f"a value of type {type(value).__name__}")


READERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]], ...] = (
    (pa.types.is_integer, _whole),
    (pa.types.is_floating, _float),
    (pa.types.is_decimal, _decimal),
    (pa.types.is_boolean, _truth),
    (pa.types.is_string, _text),
    (pa.types.is_binary, _bytes),
    (pa.types.is_date, _day),
)
"""What reads the values of each type but moments."""
