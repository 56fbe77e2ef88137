"""Files read as Hive's SerDes read them: for each format, the SELECT that gives a table's columns.

What does not fit its column is NULL with LazySimpleSerDe, and ends the query with OpenCSVSerDe, as in Athena.
"""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.athena.engine import Session
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.hivetypes import Kind, duckdb_kind, duckdb_of, hive_kind, literal, quoted, trino_type
from localaws.glue import formats

FILE = "__file"  # the reader's column with a row's file
LINE_BYTES = 16 << 20
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@dataclass(frozen=True)
class Files:
    """Files of one table that are read alike.

    Attributes:
        paths: The blobs.
        uris: Their ``s3://`` names, for error texts.
        columns: (name, Hive type) of the columns in the files, in order.
        serde: The SerDe's class.
        parameters: The SerDe's and the table's parameters.
        compression: ``none``, ``gzip`` or ``zstd``.
    """

    paths: tuple[Path, ...]
    uris: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    serde: str
    parameters: Mapping[str, str]
    compression: str = "none"

    @property
    def listed(self) -> str:
        """The paths as a DuckDB list."""
        return "[" + ", ".join(literal(str(path)) for path in self.paths) + "]"


def scan(files: Files, session: Session) -> str:
    """The SELECT of a table's columns from its files, with the file's path as ``__file``.

    Raises:
        QueryFailed: The SerDe is not known, or the files are not what the table says.
    """
    readers: dict[str, Callable[[Files, Session], str]] = {
        formats.LAZY_SIMPLE: _lazy_simple,
        formats.OPEN_CSV: _open_csv,
        formats.PARQUET: _parquet,
        **dict.fromkeys(formats.JSON_SERDES, _json),
    }
    if files.serde not in readers:
        raise refused(f"tables with the SerDe {files.serde or '(none)'}")
    return readers[files.serde](files, session)


def compression_of(key: str) -> str:
    """How a text file is compressed, by its name.

    Raises:
        QueryFailed: In a way that is not read here.
    """
    if key.endswith((".bz2", ".lzo", ".snappy", ".deflate", ".lz4")):
        raise refused(f"compressed text of this kind: {key}")
    return next((name for ending, name in COMPRESSIONS.items() if key.endswith(ending)), "none")


# Text


def _text_rows(files: Files, delimiter: str, quote: str, escape: str, null: str) -> str:
    """``read_csv`` with every column a text; what is missing at a line's end is NULL."""
    spec = ", ".join(f"{literal(name)}: 'VARCHAR'" for name, _ in files.columns)
    skip = files.parameters.get("skip.header.line.count", "0")
    options = {
        "columns": f"{{{spec}}}",
        "delim": literal(delimiter),
        "quote": literal(quote),
        "escape": literal(escape),
        "nullstr": literal(null),
        "skip": str(int(skip) if skip.isdigit() else 0),
        "compression": literal(files.compression),
        "filename": literal(FILE),
        "max_line_size": str(LINE_BYTES),
        "buffer_size": str(
            2 * LINE_BYTES
        ),  # DuckDB's own, 16 lines long, leaves the threads nothing to share
        "header": "false",
        "auto_detect": "false",
        "null_padding": "true",
        "strict_mode": "false",
    }
    return (
        f"read_csv({files.listed}, " + ", ".join(f"{name} = {value}" for name, value in options.items()) + ")"
    )


def _lazy_simple(files: Files, session: Session) -> str:
    parameters = files.parameters
    delimiters = (
        parameters.get("field.delim") or _delimiter(parameters.get("serialization.format", "1")),
        parameters.get("colelction.delim") or parameters.get("collection.delim") or "\x02",
        parameters.get("mapkey.delim") or "\x03",
        *(chr(code) for code in range(4, 9)),
    )
    null = parameters.get("serialization.null.format", "\\N")
    rows = _text_rows(files, delimiters[0], "", parameters.get("escape.delim", ""), null)
    columns = [
        f"{lazy(quoted(name), hive_kind(kind), delimiters[1:])} AS {quoted(name)}"
        for name, kind in files.columns
    ]
    return f"SELECT {', '.join([*columns, FILE])} FROM {rows}"


def _delimiter(text: str) -> str:
    """The sign of a ``serialization.format``, which may be a sign's number."""
    return chr(int(text)) if text.isdigit() else text


def lazy(value: str, kind: Kind, delimiters: Sequence[str]) -> str:
    """A text as LazySimpleSerDe reads it: NULL where it does not fit.

    Args:
        value: SQL of the text.
        kind: The Hive type wanted.
        delimiters: What parts collections, the outermost first.
    """
    if kind.parts:
        return _lazy_collection(value, kind, delimiters)
    target = duckdb_of(kind)
    if target == "VARCHAR":
        return f"left({value}, {kind.numbers[0]})" if kind.numbers else value
    if target == "BOOLEAN":
        return f"CASE lower({value}) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if target in INTEGERS:
        return f"try_cast(trino_integral({value}) AS {target})"
    if target in ("TIMESTAMP", "DATE"):
        return f"try_cast({'trino_instant' if target == 'TIMESTAMP' else 'trino_day'}({value}) AS {target})"
    return f"encode({value})" if target == "BLOB" else f"try_cast({value} AS {target})"


def _lazy_collection(value: str, kind: Kind, delimiters: Sequence[str]) -> str:
    outer, inner = literal(delimiters[0]), delimiters[1:]
    parts = f"str_split({value}, {outer})"
    name = f"__p{len(delimiters)}"
    if kind.name == "array":
        item = lazy(name, kind.parts[0][1], inner)
        return f"CASE WHEN {value} = '' THEN [] ELSE list_transform({parts}, lambda {name}: {item}) END"
    if kind.name == "map":
        key, item = (
            lazy(f"split_part({name}, {literal(delimiters[1])}, {n})", part, delimiters[2:])
            for n, (_, part) in enumerate(kind.parts, 1)
        )
        return (
            f"map_from_entries(list_transform({parts}, lambda {name}: struct_pack(k := {key}, v := {item})))"
        )
    fields = (
        f"{quoted(field)} := {lazy(f'{parts}[{n}]', part, inner)}"
        for n, (field, part) in enumerate(kind.parts, 1)
    )
    return f"struct_pack({', '.join(fields)})"


def _open_csv(files: Files, session: Session) -> str:
    parameters = files.parameters
    quote = parameters.get("quoteChar", '"')
    escape = parameters.get("escapeChar", "\\")
    rows = _text_rows(
        files, parameters.get("separatorChar", ","), quote, quote if escape == "\\" else escape, "\x00"
    )
    columns = [
        f"{_strict(quoted(name), hive_kind(kind), number)} AS {quoted(name)}"
        for number, (name, kind) in enumerate(files.columns)
    ]
    return f"SELECT {', '.join([*columns, FILE])} FROM {rows}"


def _try(macro: str, value: str, target: str) -> str:
    return f"try_cast(trino_{macro}({value}) AS {target})"


def _strict(value: str, kind: Kind, number: int) -> str:
    """A text as Athena's OpenCSVSerDe reads it: the query ends where it does not fit."""
    target = duckdb_of(kind)
    if target == "VARCHAR":
        return value
    if target == "BOOLEAN":
        return f"lower({value}) = 'true'"
    days, millis = f"try_cast({value} AS INTEGER)", f"try_cast({value} AS BIGINT)"
    wanted = {
        "DATE": f"coalesce(date '1970-01-01' + {days}, {_try('day', value, 'DATE')})",
        "TIMESTAMP": f"coalesce(epoch_ms({millis}), {_try('instant', value, 'TIMESTAMP')})",
        **{kind: _try("integral", value, kind) for kind in INTEGERS},
    }.get(target, f"try_cast({value} AS {target})")
    before, after = (
        "HIVE_BAD_DATA: Error parsing field value '",
        f"' for field {number}: For input string: \"",
    )
    message = f"concat({literal(before)}, {value}, {literal(after)}, {value}, '\"')"
    return f"CASE WHEN {value} IS NOT NULL AND {wanted} IS NULL THEN error({message}) ELSE {wanted} END"


# JSON


def _json(files: Files, session: Session) -> str:
    ignore = files.parameters.get("ignore.malformed.json", "false").lower() == "true"
    rows = f"read_ndjson_objects({files.listed}, compression = {literal(_json_compression(files))}, "
    rows += f"ignore_errors = {str(ignore).lower()}, filename = {literal(FILE)}, "
    rows += f"maximum_object_size = {LINE_BYTES})"
    keys = _json_keys(files)
    columns = [
        f"{_from_json(_json_path(keys.get(name, name)), hive_kind(kind))} AS {quoted(name)}"
        for name, kind in files.columns
    ]
    return f"SELECT {', '.join([*columns, FILE])} FROM {rows}"


def _json_compression(files: Files) -> str:
    return "auto_detect" if files.compression == "none" else files.compression


def _json_path(key: str) -> str:
    return '$."' + key.replace('"', '\\"') + '"'


def _json_keys(files: Files) -> dict[str, str]:
    """The keys' spelling in the files by column: mapped, listed by the crawler, or seen at the beginning."""
    keys = {key.lower(): key for key in files.parameters.get("paths", "").split(",") if key}
    if files.compression == "none" and not keys:
        with files.paths[0].open("rb") as file:
            for _, line in zip(range(20), file, strict=False):
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict):
                    keys |= {key.lower(): key for key in record}
    prefix = "mapping."
    mapped = {name[len(prefix) :]: key for name, key in files.parameters.items() if name.startswith(prefix)}
    return keys | mapped


def _from_json(path: str, kind: Kind) -> str:
    text = f"(json ->> {literal(path)})"
    if kind.parts:
        return f"try_cast(json_extract(json, {literal(path)}) AS {duckdb_of(kind)})"
    target = duckdb_of(kind)
    if target in INTEGERS:
        return f"try_cast(trino_integral({text}) AS {target})"
    return text if target == "VARCHAR" else f"try_cast({text} AS {target})"


# Parquet


def _parquet(files: Files, session: Session) -> str:
    options = f"union_by_name = true, hive_partitioning = false, filename = {literal(FILE)}"
    rows = f"read_parquet({files.listed}, {options})"
    described = session.rows(f"DESCRIBE SELECT * FROM {rows}")
    found = {str(row[0]).lower(): (str(row[0]), str(row[1])) for row in described}
    columns = []
    for name, kind in files.columns:
        target = duckdb_of(hive_kind(kind))
        if name.lower() not in found:
            columns.append(f"CAST(NULL AS {target}) AS {quoted(name)}")
            continue
        spelled, has = found[name.lower()]
        _check_parquet(name, has, target, files)
        value = quoted(spelled) if has == target else f"CAST({quoted(spelled)} AS {target})"
        columns.append(f"{value} AS {quoted(name)}")
    return f"SELECT {', '.join([*columns, FILE])} FROM {rows}"


def _check_parquet(name: str, has: str, target: str, files: Files) -> None:
    """Refuse a column whose type in the files is another kind than the table's, as Athena does."""
    kinds = {"VARCHAR": "text", "BLOB": "text", "BOOLEAN": "boolean", "DATE": "date"}
    one, other = (kinds.get(kind, "array" if duckdb_kind(kind).parts else "number") for kind in (has, target))
    if one == other or {has[:9], target[:9]} <= {"TIMESTAMP", "DATE"}:
        return
    raise QueryFailed(
        f"HIVE_BAD_DATA: Field {name}'s type {has} in parquet file {files.uris[0]} is incompatible with type "
        f"{trino_type(target)} defined in table schema"
    )
