"""Finds the field of a model that a path in a step file stands for."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from foldline.spellings import Spelling
from foldline.units import Unit

_TYPES: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    date: {"type": "string", "format": "date"},
}
_BOUNDS: dict[Any, tuple[str, str]] = {
    Ge: ("minimum", "ge"),
    Gt: ("exclusiveMinimum", "gt"),
    Le: ("maximum", "le"),
    Lt: ("exclusiveMaximum", "lt"),
}


@dataclass(frozen=True)
class Slot:
    """What may stand at a path: a type with its metadata, and the field if the path ends at one."""

    annotation: Any
    metadata: tuple[Any, ...] = ()
    field: FieldInfo | None = None

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, when a mapping with fixed keys stands here."""
        inner = _without_none(self.annotation)
        return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None

    @property
    def free(self) -> bool:
        """Whether keys below this path are the user's own words."""
        return get_origin(_without_none(self.annotation)) is dict

    def child(self, part: str | int) -> Slot | None:
        """The slot one level down; None when no such key may be written."""
        if self.model is not None:
            for name, field in self.model.model_fields.items():
                if part == (field.alias or name):
                    return Slot(field.annotation, tuple(field.metadata), field)
            return None
        inner = _without_none(self.annotation)
        arguments = get_args(inner)
        if get_origin(inner) is dict and isinstance(part, str):
            return _slot(arguments[1])
        if get_origin(inner) is tuple and isinstance(part, int) and arguments:
            return _slot(arguments[0])
        return None

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema keywords of a plain value: type, bounds, choices, pattern."""
        inner, metadata = _without_none(self.annotation), list(self.metadata)
        if get_origin(inner) is Annotated:
            inner, metadata = get_args(inner)[0], [*metadata, *get_args(inner)[1:]]
        keywords = dict(_TYPES.get(inner, {}))
        if get_origin(inner) is Literal:
            keywords = {"type": "string", "enum": list(get_args(inner))}
        for mark in metadata:
            if isinstance(mark, Spelling | Unit):
                keywords |= mark.json_schema
            elif type(mark) in _BOUNDS:
                keyword, attribute = _BOUNDS[type(mark)]
                keywords[keyword] = getattr(mark, attribute)
        if keywords and inner is not self.annotation and type(None) in get_args(self.annotation):
            keywords["type"] = [keywords["type"], "null"]
        return keywords


def _slot(annotation: Any) -> Slot:
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return Slot(inner, tuple(metadata))
    return Slot(annotation)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [argument for argument in get_args(annotation) if argument is not type(None)]
        return rest[0] if len(rest) == 1 else annotation
    return annotation


def slot_at(model: type[BaseModel], path: Sequence[str | int]) -> Slot | None:
    """The slot at ``path`` below ``model``, spelt as in the file; None when no such key may be written."""
    slot: Slot | None = Slot(model)
    for part in path:
        slot = slot.child(part) if slot is not None else None
    return slot
