"""A result's columns as Athena describes them, and each type's values as Athena spells them."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.athena.hivetypes import Kind, duckdb_kind, quoted

# Athena's word, precision, and whether case matters; measured on Athena, type by type.
FACTS: dict[str, tuple[str, int, bool]] = {
    "TINYINT": ("tinyint", 3, False),
    "SMALLINT": ("smallint", 5, False),
    "INTEGER": ("integer", 10, False),
    "BIGINT": ("bigint", 19, False),
    "HUGEINT": ("bigint", 19, False),
    "UBIGINT": ("bigint", 19, False),
    "UINTEGER": ("bigint", 19, False),
    "FLOAT": ("float", 17, False),
    "DOUBLE": ("double", 17, False),
    "BOOLEAN": ("boolean", 0, False),
    "VARCHAR": ("varchar", 2147483647, True),
    "DATE": ("date", 0, False),
    "TIMESTAMP": ("timestamp", 3, False),
    "TIMESTAMP_S": ("timestamp", 3, False),
    "TIMESTAMP_MS": ("timestamp", 3, False),
    "TIMESTAMP_NS": ("timestamp", 3, False),
    "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3, False),
    "TIME": ("time", 3, False),
    "INTERVAL": ("interval day to second", 0, False),
    "BLOB": ("varbinary", 1073741824, False),
    "JSON": ("json", 0, False),
    "UUID": ("uuid", 0, False),
    '"NULL"': ("unknown", 0, False),
}
COMPOUND = {"array": "array", "map": "map", "struct": "row"}
WIDE = ("HUGEINT", "UBIGINT", "UINTEGER")


@dataclass(frozen=True)
class ResultColumn:
    """One column of a result: its name and DuckDB's type."""

    name: str
    type: str

    @property
    def kind(self) -> Kind:
        """The type taken apart."""
        return duckdb_kind(self.type)


def column_info(
    name: str, word: str, precision: int = 0, scale: int = 0, *, case: bool = False
) -> dict[str, Any]:
    """A ``ColumnInfo``."""
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": word,
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": case,
    }


def described(column: ResultColumn) -> dict[str, Any]:
    """The ``ColumnInfo`` of a result's column."""
    kind = column.kind
    if kind.name == "decimal":
        return column_info(column.name, "decimal", *kind.numbers)
    if kind.name in COMPOUND:
        return column_info(column.name, COMPOUND[kind.name])
    word, precision, case = FACTS.get(kind.name, (kind.name.lower(), 0, False))
    return column_info(column.name, word, precision, case=case)


def spelled(value: str, kind: Kind, depth: int = 0) -> str:
    """SQL for a value's text as Athena writes it: ``1.0E7``, ``2013-01-01 10:00:00.000``, ``[1, 2]``.

    Args:
        value: SQL of the value.
        kind: Its type.
        depth: How deep inside other values it is; names the lambda's parameter.
    """
    if kind.parts:
        return _compound(value, kind, depth)
    if kind.name in ("DOUBLE", "FLOAT"):
        return f"trino_double(CAST({value} AS VARCHAR), {value})"
    if kind.name.startswith("TIMESTAMP"):
        zone = " UTC" if kind.name.endswith("ZONE") else ""
        return f"strftime({value}, '%Y-%m-%d %H:%M:%S.%g{zone}')"
    if kind.name == "TIME":
        whole = f"microsecond({value}) % 1000000 = 0"
        return f"left(CAST({value} AS VARCHAR) || CASE WHEN {whole} THEN '.000' ELSE '00' END, 12)"
    if kind.name == "BLOB":
        return f"lower(rtrim(regexp_replace(hex({value}), '(..)', '\\1 ', 'g')))"
    if kind.name == "INTERVAL":
        return f"trino_interval_text({value})"
    if kind.name in WIDE:  # what DuckDB sums in 128 bits has 64 in Trino
        return f"CAST(CAST({value} AS BIGINT) AS VARCHAR)"
    return value if kind.name == "VARCHAR" else f"CAST({value} AS VARCHAR)"


def _compound(value: str, kind: Kind, depth: int) -> str:
    name = f"__v{depth}"
    if kind.name == "array":
        item = _or_null(spelled(name, kind.parts[0][1], depth + 1))
        return f"'[' || array_to_string(list_transform({value}, lambda {name}: {item}), ', ') || ']'"
    if kind.name == "map":
        key = spelled(f"{name}.key", kind.parts[0][1], depth + 1)
        item = _or_null(spelled(f"{name}.value", kind.parts[1][1], depth + 1))
        entries = f"list_transform(map_entries({value}), lambda {name}: {key} || '=' || {item})"
        return f"'{{' || array_to_string({entries}, ', ') || '}}'"
    fields = (
        f"'{field}=' || {_or_null(spelled(f'struct_extract_at({value}, {number})', part, depth + 1))}"
        for number, (field, part) in enumerate(kind.parts, 1)
    )
    joined = " || ', ' || ".join(fields)
    return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {joined} || '}}' END"


def _or_null(text: str) -> str:
    return f"coalesce({text}, 'null')"


def labels(columns: list[ResultColumn]) -> str:
    """Aliases that tell columns of one name apart: ``c0, c1, …``."""
    return ", ".join(f"c{number}" for number in range(len(columns)))


def hive_select(sql: str, columns: list[ResultColumn]) -> str:
    """A query with its columns as Hive's tables have them: names in lower case, whole numbers in 64 bits."""
    values = (f"CAST(c{n} AS BIGINT)" if column.type in WIDE else f"c{n}" for n, column in enumerate(columns))
    parts = (f"{value} AS {quoted(c.name.lower())}" for value, c in zip(values, columns, strict=True))
    return f"SELECT {', '.join(parts)} FROM ({sql}) AS __q({labels(columns)})"
