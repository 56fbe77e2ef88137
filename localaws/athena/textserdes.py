"""Lines of text read as Hive's SerDes read them: LazySimpleSerDe, OpenCSVSerDe, RegexSerDe."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

from collections.abc import Sequence

import duckdb

from localaws.athena.engine import Session
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.files import FILE, INTEGERS, LINE_BYTES, Files
from localaws.athena.hivetypes import Kind, duckdb_of, hive_kind, literal, quoted


def _text_rows(
    files: Files, names: list[str], *, delimiter: str, quote: str = "", escape: str = "", null: str
) -> str:
    """``read_csv`` with every column a text; what is missing at a line's end is NULL."""
    spec = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
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


def lazy_simple_rows(files: Files, session: Session) -> str:
    """The SELECT of delimited text; what does not fit its column is NULL."""
    parameters = files.parameters
    delimiters = (
        parameters.get("field.delim") or _delimiter(parameters.get("serialization.format", "1")),
        parameters.get("colelction.delim") or parameters.get("collection.delim") or "\x02",
        parameters.get("mapkey.delim") or "\x03",
        *(chr(code) for code in range(4, 9)),
    )
    null = parameters.get("serialization.null.format", "\\N")
    names = [name for name, _ in files.columns]
    rows = _text_rows(
        files, names, delimiter=delimiters[0], escape=parameters.get("escape.delim", ""), null=null
    )
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


def open_csv_rows(files: Files, session: Session) -> str:
    """The SELECT of quoted CSV; what does not fit its column ends the query."""
    parameters = files.parameters
    quote = parameters.get("quoteChar", '"')
    escape = parameters.get("escapeChar", "\\")
    rows = _text_rows(
        files,
        [name for name, _ in files.columns],
        delimiter=parameters.get("separatorChar", ","),
        quote=quote,
        escape=quote if escape == "\\" else escape,
        null="\x00",
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


def regex_rows(files: Files, session: Session) -> str:
    """The SELECT of lines taken apart by a regular expression, a group for each column; NULL where it fails.

    Raises:
        QueryFailed: There is no expression, or one that DuckDB's engine (RE2) does not know.
    """
    pattern = files.parameters.get("input.regex")
    if not pattern:
        raise QueryFailed('HIVE_CURSOR_ERROR: This table does not have serde property "input.regex"!')
    flags = "(?i)" if files.parameters.get("input.regex.case.insensitive", "").lower() == "true" else ""
    wanted = literal(f"{flags}^(?:{pattern})$")
    try:
        session.execute(f"SELECT regexp_matches('', {wanted})")
    except duckdb.InvalidInputException as error:
        raise refused(f"RegexSerDe with this expression: {error}") from error
    columns = [
        f"{lazy(f'CASE WHEN __fits THEN regexp_extract(line, {wanted}, {n}) END', hive_kind(kind), ())} "
        f"AS {quoted(name)}"
        for n, (name, kind) in enumerate(files.columns, 1)
    ]
    rows = _text_rows(files, ["line"], delimiter="\x01", null="\x00")
    fitted = f"SELECT *, regexp_matches(line, {wanted}) AS __fits FROM {rows}"
    return f"SELECT {', '.join([*columns, FILE])} FROM ({fitted})"
