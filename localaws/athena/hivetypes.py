"""Types in three spellings: Hive's (the catalogue), Trino's (Athena's answers) and DuckDB's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from localaws.athena.failures import QueryFailed

TO_DUCKDB = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "string": "VARCHAR",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
    "varbinary": "BLOB",
}
TO_HIVE = {
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "UBIGINT": "bigint",
    "UINTEGER": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "VARCHAR": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "BLOB": "binary",
}
TO_TRINO = {
    **TO_HIVE,
    "INTEGER": "integer",
    "FLOAT": "real",
    "VARCHAR": "varchar",
    "TIMESTAMP": "timestamp(3)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(3) with time zone",
    "TIME": "time(3)",
    "TIME WITH TIME ZONE": "time(3) with time zone",
    "INTERVAL": "interval day to second",
    "JSON": "json",
    "UUID": "uuid",
    "BLOB": "varbinary",
    '"NULL"': "unknown",
}


@dataclass(frozen=True)
class Kind:
    """A type taken apart.

    Attributes:
        name: The outer type's name in the spelling it was read from, or ``array``, ``map``, ``struct``.
        numbers: Length, or precision and scale.
        parts: The inner types with their names (``item``; ``key`` and ``value``; the fields' names).
    """

    name: str
    numbers: tuple[int, ...] = ()
    parts: tuple[tuple[str, Kind], ...] = ()


def hive_kind(text: str) -> Kind:
    """A Hive type taken apart.

    Raises:
        QueryFailed: It is no Hive type this reads.
    """
    text = text.strip()
    outer, _, inner = text.partition("<")
    name = outer.strip().lower()
    if inner:
        items = list(_split(inner.rstrip()[:-1]))
        if name == "array" and len(items) == 1:
            return Kind("array", parts=(("item", hive_kind(items[0])),))
        if name == "map" and len(items) == 2:
            return Kind("map", parts=(("key", hive_kind(items[0])), ("value", hive_kind(items[1]))))
        if name == "struct":
            fields = (item.partition(":") for item in items)
            return Kind("struct", parts=tuple((field.strip(), hive_kind(kind)) for field, _, kind in fields))
    match = re.fullmatch(r"([a-z]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?", text.lower())
    if match and (match[1] in TO_DUCKDB or match[1] == "decimal"):
        return Kind(match[1], tuple(int(number) for number in match.groups()[1:] if number))
    raise QueryFailed(f"HIVE_INVALID_METADATA: Unsupported type: {text}")


def duckdb_type(text: str) -> str:
    """DuckDB's spelling of a Hive type."""
    return duckdb_of(hive_kind(text))


def duckdb_of(kind: Kind) -> str:
    """DuckDB's spelling of a Hive type taken apart."""
    if kind.name == "array":
        return f"{duckdb_of(kind.parts[0][1])}[]"
    if kind.name == "map":
        return f"MAP({duckdb_of(kind.parts[0][1])}, {duckdb_of(kind.parts[1][1])})"
    if kind.name == "struct":
        return "STRUCT(" + ", ".join(f"{quoted(name)} {duckdb_of(part)}" for name, part in kind.parts) + ")"
    if kind.name == "decimal":
        precision, scale = (*kind.numbers, 10, 0)[:2] if len(kind.numbers) != 1 else (kind.numbers[0], 0)
        return f"DECIMAL({precision}, {scale})"
    return TO_DUCKDB[kind.name]


def duckdb_kind(text: str) -> Kind:
    """A DuckDB type, as its results name it, taken apart."""
    text = text.strip()
    if text.endswith("[]"):
        return Kind("array", parts=(("item", duckdb_kind(text[:-2])),))
    if match := re.fullmatch(r"(.*)\[\d+\]", text):
        return Kind("array", parts=(("item", duckdb_kind(match[1])),))
    if text.startswith("MAP("):
        key, value = _split(text[4:-1])
        return Kind("map", parts=(("key", duckdb_kind(key)), ("value", duckdb_kind(value))))
    if text.startswith(("STRUCT(", "TUPLE(")):
        named = text.startswith("STRUCT(")
        return Kind("struct", parts=tuple(_fields(text.partition("(")[2][:-1], named=named)))
    match = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", text)
    return Kind("decimal", (int(match[1]), int(match[2]))) if match else Kind(text)


def _fields(text: str, *, named: bool) -> Iterator[tuple[str, Kind]]:
    """The fields of a row; those of one without names are called as Athena calls them."""
    for number, item in enumerate(_split(text)):
        if not named:
            yield f"field{number}", duckdb_kind(item)
            continue
        match = re.match(r'\s*(?:"((?:[^"]|"")*)"|(\w+))\s+', item)
        assert match is not None  # DuckDB wrote it
        name = match[2] or match[1].replace('""', '"')
        none = name == f"_{number}"  # what sqlglot calls a field without a name
        yield f"field{number}" if none else name, duckdb_kind(item[match.end() :])


def trino_type(text: str) -> str:
    """Trino's spelling of a DuckDB type."""
    return _spelled(duckdb_kind(text), TO_TRINO, trino=True)


def hive_type(text: str) -> str:
    """Hive's spelling of a DuckDB type.

    Raises:
        QueryFailed: Hive's tables have no such type (Athena's CTAS and UNLOAD fail in the same words).
    """
    return _spelled(duckdb_kind(text), TO_HIVE, trino=False)


def _spelled(kind: Kind, words: dict[str, str], *, trino: bool) -> str:
    if not kind.parts and kind.name == "decimal":
        return f"decimal({kind.numbers[0]},{kind.numbers[1]})"
    if not kind.parts:
        if kind.name in words:
            return words[kind.name]
        if not trino:
            raise QueryFailed(
                f"NOT_SUPPORTED: Unsupported Hive type: {TO_TRINO.get(kind.name, kind.name.lower())}"
            )
        return kind.name.lower()
    inner = [(name, _spelled(part, words, trino=trino)) for name, part in kind.parts]
    if kind.name == "struct":
        fields = (f'"{name}" {part}' if trino else f"{name.lower()}:{part}" for name, part in inner)
        return f"row({', '.join(fields)})" if trino else f"struct<{','.join(fields)}>"
    types = (", " if trino else ",").join(part for _, part in inner)
    return f"{kind.name}({types})" if trino else f"{kind.name}<{types}>"


def _split(text: str) -> Iterator[str]:
    """The parts between commas that lie in no brackets or quotes."""
    depth, start, inside = 0, 0, False
    for position, sign in enumerate(text):
        if sign == '"':
            inside = not inside
        elif not inside and sign in "(<[":
            depth += 1
        elif not inside and sign in ")>]":
            depth -= 1
        elif sign == "," and not depth and not inside:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a SQL string."""
    return "'" + text.replace("'", "''") + "'"
