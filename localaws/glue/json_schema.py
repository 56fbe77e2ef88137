"""Glue's JSON classifier: columns off the records at the beginning of a JSON lines file."""

from __future__ import annotations

import json
from typing import Any

from localaws.glue.schema import Schema, widened

INT32 = range(-(2**31), 2**31)


def json_schema(text: str) -> Schema | None:
    """The schema of a file of JSON objects, one a line; or of one JSON document.

    A document that is an array becomes a table with the one column ``array``, as in Glue.

    Returns:
        None when it is not JSON.
    """
    records = _records(text)
    if not records:
        return None
    types: dict[str, Any] = {}
    for record in records:
        for key, value in record.items():
            found = _type(value)
            types[key] = _join(types[key], found) if key in types else found
    columns = {name.lower(): _spelled(kind) for name, kind in types.items()}
    return Schema("json", columns=tuple(columns.items()), paths=frozenset(types))


def _records(text: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or lines[0].lstrip()[:1] not in "{[":
        return []
    try:
        records = [json.loads(line) for line in lines]
    except ValueError:
        try:
            records = [json.loads(text)]
        except ValueError:
            return []
    if all(isinstance(record, dict) for record in records):
        return records
    if len(records) == 1 and isinstance(records[0], list):
        return [{"array": records[0]}]
    return []


def _type(value: Any) -> Any:
    """A value's type: a word; ``["array", item]``; ``["struct", {name: type}]``; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int" if value in INT32 else "bigint"
    if isinstance(value, float):
        return "double"
    if isinstance(value, list):
        item = None
        for entry in value:
            item = _join(item, _type(entry))
        return ["array", item]
    if isinstance(value, dict):
        return ["struct", {key: _type(entry) for key, entry in value.items()}]
    return "string"


def _join(one: Any, other: Any) -> Any:
    if one is None or other is None or one == other:
        return one if other is None else other
    if isinstance(one, list) and isinstance(other, list) and one[0] == other[0]:
        if one[0] == "array":
            return ["array", _join(one[1], other[1])]
        names = [*one[1], *(name for name in other[1] if name not in one[1])]
        return ["struct", {name: _join(one[1].get(name), other[1].get(name)) for name in names}]
    if isinstance(one, str) and isinstance(other, str):
        return widened(one, other)
    return "string"


def _spelled(kind: Any) -> str:
    if isinstance(kind, list) and kind[0] == "array":
        return f"array<{_spelled(kind[1])}>"
    if isinstance(kind, list):
        return "struct<" + ",".join(f"{name}:{_spelled(entry)}" for name, entry in kind[1].items()) + ">"
    return kind or "string"
