"""Units: `20m` and `30 GiB` in a step file are plain seconds and bytes in the program.

A setting is declared as ``Annotated[int, Seconds(at_least="1m")]``; it reads a number with a unit and nothing
else, holds a plain number, and is written back as text with a unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4
_DURATIONS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SIZES = {"KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": TIB}
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = "".join(rf"(?:({_NUMBER}){unit})?" for unit in _DURATIONS)
_SIZE = rf"({_NUMBER}) ?({'|'.join(_SIZES)})"


def seconds(text: Any) -> float:
    """Seconds in a duration such as ``90s``, ``20m``, ``1h30m``, ``50ms`` or ``7d``.

    Raises:
        ValueError: ``text`` is no number with a unit.
    """
    match = re.fullmatch(_DURATION, text) if isinstance(text, str) and text else None
    if match is None:
        number = text if isinstance(text, int | float) and not isinstance(text, bool) else 20
        raise ValueError(
            f"{text!r} is no duration; write a number with a unit: {number}s, {number}m, {number}h"
        )
    parts = zip(match.groups(), _DURATIONS.values(), strict=True)
    return round(sum(float(number) * factor for number, factor in parts if number is not None), 6)


def duration_text(value: float) -> str:
    """The shortest text that :func:`seconds` reads as ``value``, whole units first: ``1h30m``."""
    rest, text = round(value * 1000), ""
    for unit, factor in _DURATIONS.items():
        count, rest = divmod(rest, round(factor * 1000))
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def size_bytes(text: Any) -> int:
    """Bytes in a size such as ``6 MiB`` or ``30 GiB``.

    Raises:
        ValueError: ``text`` is no number with a unit of 1024s, or names a part of a byte.
    """
    match = re.fullmatch(_SIZE, text) if isinstance(text, str) else None
    exact = float(match[1]) * _SIZES[match[2]] if match else 0.5
    if exact != int(exact):
        number = text if isinstance(text, int) and not isinstance(text, bool) else 30
        raise ValueError(f"{text!r} is no size; write a number with a unit: {number} MiB, {number} GiB")
    return int(exact)


def size_text(value: int) -> str:
    """``value`` bytes in the largest unit that keeps it a whole number: ``30 GiB``."""
    unit = next((unit for unit, factor in reversed(_SIZES.items()) if value % factor == 0), None)
    return f"{value // _SIZES[unit]} {unit}" if unit else f"{value / KIB} KiB"


@dataclass(frozen=True)
class Unit:
    """Bounds of a number with a unit, written with a unit themselves; an empty text is no bound."""

    at_least: str = ""
    at_most: str = ""

    def number(self, text: Any) -> float:
        """The number in ``text``."""
        raise NotImplementedError

    def text(self, value: Any) -> str:
        """``value`` with a unit."""
        raise NotImplementedError

    @property
    def json_schema(self) -> dict[str, Any]:
        """Keywords for editors and for Airflow's Param."""
        raise NotImplementedError

    def validate(self, text: Any) -> float:
        """The number in ``text``, inside the bounds."""
        value = self.number(text)
        if self.at_least and value < self.number(self.at_least):
            raise ValueError(f"{text}, must be at least {self.at_least}")
        if self.at_most and value > self.number(self.at_most):
            raise ValueError(f"{text}, must be at most {self.at_most}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.text, when_used="json")
        return core_schema.no_info_plain_validator_function(self.validate, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.json_schema)


@dataclass(frozen=True)
class Seconds(Unit):
    """A duration; whole seconds as int unless ``fractions`` are meant."""

    fractions: bool = False

    def number(self, text: Any) -> float:
        """Seconds in ``text``."""
        value = seconds(text)
        if self.fractions:
            return value
        if value != int(value):
            raise ValueError(f"{text}, must be whole seconds")
        return int(value)

    def text(self, value: Any) -> str:
        """``value`` seconds as a duration."""
        return duration_text(value)

    @property
    def json_schema(self) -> dict[str, Any]:
        """A string with the pattern of a duration."""
        return {"type": "string", "pattern": f"^(?=.){_DURATION}$", "examples": ["90s", "20m", "1h30m"]}


@dataclass(frozen=True)
class Bytes(Unit):
    """A size; ``step`` is the unit AWS counts in, of which only whole numbers are possible."""

    step: str = ""

    def number(self, text: Any) -> float:
        """Bytes in ``text``."""
        value = size_bytes(text)
        if self.step and value % size_bytes(self.step):
            raise ValueError(f"{text}, must be a multiple of {self.step}")
        return value

    def text(self, value: Any) -> str:
        """``value`` bytes as a size."""
        return size_text(value)

    @property
    def json_schema(self) -> dict[str, Any]:
        """A string with the pattern of a size."""
        return {"type": "string", "pattern": f"^{_SIZE}$", "examples": ["6 MiB", "30 GiB"]}


Duration = Annotated[int, Seconds(at_least="1s")]
"""Whole seconds, at least one."""
Interval = Annotated[float, Seconds(at_least="1ms", fractions=True)]
"""Seconds with fractions."""
Size = Annotated[int, Bytes(at_least="1 KiB")]
"""Bytes."""
