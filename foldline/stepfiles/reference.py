"""Reference: every key of every kind of file as Markdown tables, from the models that read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from foldline.environment import Environment
from foldline.stepfiles.spellings import OneOrMore, Spelling
from foldline.stepfiles.units import Bytes, Unit
from foldline.steps.fields import Slot
from foldline.steps.kinds import KINDS
from foldline.steps.settings import PipelineSettings

_HEAD = """# Config reference

Written by `foldline schema` from the models; change those, not this page. Unknown keys are refused.
A duration is a number with a unit (`90s`, `20m`, `1h30m`, `7d`), and so is a size (`6 MiB`, `30 GiB`).
The name of a step file says its kind; where it does not, `kind:` in the file does.
No file holds a secret; a value that looks like one and is none is named in its file:
`not_secret: [path, …]`.
"""
_TYPES = {
    str: ("text", "texts"),
    int: ("whole number", "whole numbers"),
    float: ("number", "numbers"),
    bool: ("true or false", "booleans"),
    date: ("date", "dates"),
    Any: ("any value", "any values"),
}


def reference() -> str:
    """The whole page."""
    blocks = [_HEAD, _section("pipeline", PipelineSettings, "infra/<pipeline>/pipeline.yaml")]
    blocks += [_section(kind, model, f"infra/<pipeline>/{kind}.yaml") for kind, model in KINDS.items()]
    blocks.append(_section("environment", Environment, "infra/env/<name>.yaml", without="name"))
    return "\n".join(blocks)


def _section(kind: str, model: type[BaseModel], file: str, without: str = "") -> str:
    summary = (model.__doc__ or "").strip().partition("\n")[0]
    summary = summary.partition(": ")[2] or summary
    lines = [f"## {kind}", "", f"`{file}`: {summary}", ""]
    rows = [row for row in _rows(model, "") if row[0] != without]
    if rows:
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [f"| `{key}` | {words} | {default} | {meaning} |" for key, words, default, meaning in rows]
        lines.append("")
    return "\n".join(lines)


def _rows(model: type[BaseModel], below: str) -> Iterator[tuple[str, str, str, str]]:
    """Key, type, default and meaning of each field, those of nested models under dotted keys."""
    for name, field in sorted(model.model_fields.items(), key=lambda item: item[0] == "request"):
        key = below + (field.alias or name)
        slot = Slot.of(field.annotation, field.metadata, field)
        yield key, type_words(slot), _default(slot), field.description or ""
        entry = slot.child("name") if slot.free else None
        if slot.model is not None:
            yield from _rows(slot.model, f"{key}.")
        elif entry is not None and entry.model is not None:
            yield from _rows(entry.model, f"{key}.<name>.")


def _default(slot: Slot) -> str:
    field = slot.field
    assert field is not None, "only fields have rows"
    if field.is_required():
        return "**required**"
    if field.default_factory is not None:
        given = field.get_default(call_default_factory=True).model_dump(exclude_unset=True)
        return f"`{given}`".replace("'", "") if given else "as below"
    value = field.default
    if isinstance(slot.mark, Unit) and value is not None:
        return f"`{slot.mark.text(value)}`"
    if value is None or isinstance(value, bool):
        return f"`{'null' if value is None else str(value).lower()}`"
    return f"`{value}`" if isinstance(value, int | float) or value else "empty"


def type_words(slot: Slot, many: bool = False) -> str:
    """What may be written at a slot, in words."""
    arguments = get_args(slot.type)
    if slot.model is not None:
        words = "mappings" if many else "mapping"
    elif slot.free and many:
        words = "mappings"
    elif slot.free:
        words = f"{type_words(Slot.of(arguments[1]), many=True)} by name"
    elif any(isinstance(mark, OneOrMore) for mark in slot.marks):
        entry = Slot.of(arguments[0])
        words = f"{type_words(entry)}, or list of {type_words(entry, many=True)}"
    elif get_origin(slot.type) is tuple:
        inner = type_words(Slot.of(arguments[0]), many=True)
        words = f"list of {inner}" if arguments[1] is Ellipsis else f"list of {len(arguments)} {inner}"
    elif "enum" in slot.schema:
        choices = [f"`{choice}`" for choice in slot.schema["enum"]]
        words = "one of " + ", ".join(choices) if len(choices) > 2 else " or ".join(choices)
    else:
        words = _plain_words(slot, many)
    return f"{words}, or null" if slot.nullable else words


def _plain_words(slot: Slot, many: bool) -> str:
    """The words of a single value with its bounds."""
    mark, schema = slot.mark, slot.schema
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(mark, Spelling):
        words = mark.noun + "s" * many
    elif isinstance(mark, Unit):
        words = ("size" if isinstance(mark, Bytes) else "duration") + "s" * many
        low, high = mark.at_least or None, mark.at_most or None
    else:
        words = _TYPES[slot.type][many]
    if low is None and high is None:
        return words
    if high is None:
        return f"{words}, at least {low}"
    return f"{words}, at most {high}" if low is None else f"{words}, {low} to {high}"
