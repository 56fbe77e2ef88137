"""Finds what may be written at a path of a step file: the field, its type and its bounds."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from foldline.stepfiles.spellings import Spelling
from foldline.stepfiles.units import Unit

_TYPES: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    date: {"type": "string", "format": "date"},
}
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""JSON Schema's word for each bound that pydantic keeps among a field's annotations."""


@dataclass(frozen=True)
class Slot:
    """What may stand at a path.

    Attributes:
        type: The type, without its annotations.
        marks: The annotations: units, spellings, bounds.
        nullable: Whether null may stand there.
        field: The field of a model, when the path ends at one.
    """

    type: Any
    marks: tuple[Any, ...] = ()
    nullable: bool = False
    field: FieldInfo | None = None

    @classmethod
    def of(cls, annotation: Any, marks: Sequence[Any] = (), field: FieldInfo | None = None) -> Slot:
        """The slot of an annotation, with ``| None`` and ``Annotated`` taken off."""
        found, nullable = list(marks), False
        while True:
            if get_origin(annotation) is Annotated:
                annotation, *more = get_args(annotation)
                for mark in more:
                    found += mark.metadata if isinstance(mark, FieldInfo) else [mark]
            elif get_origin(annotation) in (Union, types.UnionType):
                (annotation,) = (part for part in get_args(annotation) if part is not types.NoneType)
                nullable = True
            else:
                return cls(annotation, tuple(found), nullable, field)

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, when a mapping with fixed keys stands here."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def keys(self) -> list[str]:
        """The fixed keys that may be written here, spelt as in the file."""
        fields = self.model.model_fields if self.model is not None else {}
        return [field.alias or name for name, field in fields.items()]

    @property
    def free(self) -> bool:
        """Whether the keys below are the user's own words."""
        return get_origin(self.type) is dict

    @property
    def mark(self) -> Spelling | Unit | None:
        """The unit or the spelling of a value here."""
        return next((mark for mark in self.marks if isinstance(mark, Spelling | Unit)), None)

    def child(self, part: str | int) -> Slot | None:
        """The slot one level down; None when no such key may be written."""
        if self.model is not None:
            for name, field in self.model.model_fields.items():
                if part == (field.alias or name):
                    return Slot.of(field.annotation, field.metadata, field)
            return None
        arguments = get_args(self.type)
        if self.free and isinstance(part, str):
            return Slot.of(arguments[1])
        if get_origin(self.type) is tuple and isinstance(part, int):
            return Slot.of(arguments[0])
        return None

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema keywords of a plain value, as Airflow's Param takes them; empty for any value."""
        keywords: dict[str, Any] = dict(_TYPES.get(self.type, {}))
        if get_origin(self.type) is Literal:
            keywords = {"type": "string", "enum": list(get_args(self.type))}
        if self.mark is not None:
            keywords = dict(self.mark.json_schema)
        for mark in self.marks:
            for bound, keyword in _BOUNDS.items():
                if hasattr(mark, bound):
                    keywords[keyword] = getattr(mark, bound)
        if self.nullable and "type" in keywords:
            keywords["type"] = [keywords["type"], "null"]
        return keywords


def slot_at(model: type[BaseModel], path: Sequence[str | int]) -> Slot | None:
    """The slot at ``path`` below ``model``, spelt as in the file; None when no such key may be written."""
    slot: Slot | None = Slot(model)
    for part in path:
        slot = slot.child(part) if slot is not None else None
    return slot
