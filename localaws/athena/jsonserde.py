"""Lines of JSON read as the Hive and OpenX JSON SerDes read them."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import json

from localaws.athena.engine import Session
from localaws.athena.files import FILE, INTEGERS, LINE_BYTES, Files
from localaws.athena.hivetypes import Kind, duckdb_of, hive_kind, literal, quoted


def json_rows(files: Files, session: Session) -> str:
    """The SELECT of JSON objects, one a line."""
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
