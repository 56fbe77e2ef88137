"""One tunable hyperparameter: values by their place in the unit interval, scaled as its range asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from localaws.sagemaker.refusals import invalid

WIDE = 1000.0  # the ratio of a range's ends from which Auto scales by logarithm; AWS does not say its own


class Parameter(Protocol):
    """A hyperparameter and the values it may take."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def count(self) -> int | None:
        """How many values there are, None when they are too many to count."""

    def listed(self) -> list[str]:
        """Every value of a countable range, in order."""

    def value(self, place: float) -> str:
        """The value at a place of [0, 1), as training jobs get it."""

    def features(self, value: str) -> list[float] | None:
        """A value as coordinates, each of [0, 1]; None when it is not in the range."""


@dataclass(frozen=True)
class Scale:
    """The way between a range of numbers and the unit interval."""

    low: float
    high: float
    kind: str

    def number(self, place: float) -> float:
        """The number at a place."""
        first, last = self._forth(self.low), self._forth(self.high)
        return min(max(self._back(first + place * (last - first)), self.low), self.high)

    def place(self, number: float) -> float:
        """The place of a number."""
        first, last = self._forth(self.low), self._forth(self.high)
        return (self._forth(number) - first) / (last - first)

    def _forth(self, number: float) -> float:
        if self.kind == "Logarithmic":
            return math.log(number)
        return -math.log1p(-number) if self.kind == "ReverseLogarithmic" else number

    def _back(self, number: float) -> float:
        if self.kind == "Logarithmic":
            return math.exp(number)
        return -math.expm1(-number) if self.kind == "ReverseLogarithmic" else number


@dataclass(frozen=True)
class Continuous:
    """A number of a range."""

    name: str
    low: float
    high: float
    scaling: str

    @property
    def count(self) -> int | None:
        """Too many."""
        return None

    def listed(self) -> list[str]:
        """Never asked for.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"the values of {self.name} cannot be listed")

    def value(self, place: float) -> str:
        """A decimal number."""
        return repr(self._scale.number(place))

    def features(self, value: str) -> list[float] | None:
        """Its place."""
        number = _number(value)
        return None if number is None or not self.low <= number <= self.high else [self._scale.place(number)]

    @property
    def _scale(self) -> Scale:
        return Scale(self.low, self.high, self.scaling)


@dataclass(frozen=True)
class Integer:
    """A whole number of a range, each as likely as its neighbours on the scale."""

    name: str
    low: int
    high: int
    scaling: str

    @property
    def count(self) -> int | None:
        """Both ends count."""
        return self.high - self.low + 1

    def listed(self) -> list[str]:
        """From end to end."""
        return [str(number) for number in range(self.low, self.high + 1)]

    def value(self, place: float) -> str:
        """A whole number."""
        return str(min(max(round(self._scale.number(place)), self.low), self.high))

    def features(self, value: str) -> list[float] | None:
        """Its place."""
        number = _number(value)
        return None if number is None or not self.low <= number <= self.high else [self._scale.place(number)]

    @property
    def _scale(self) -> Scale:
        return Scale(self.low - 0.5, self.high + 0.5, self.scaling)


@dataclass(frozen=True)
class Categorical:
    """One of some strings, passed on as they are written."""

    name: str
    values: tuple[str, ...]

    @property
    def count(self) -> int | None:
        """As many as are listed."""
        return len(self.values)

    def listed(self) -> list[str]:
        """As the request lists them."""
        return list(self.values)

    def value(self, place: float) -> str:
        """One of them."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]

    def features(self, value: str) -> list[float] | None:
        """One coordinate for each, so that any two are as far apart as any other two."""
        return [float(value == known) for known in self.values] if value in self.values else None


def parameters(ranges: dict[str, Any]) -> list[Parameter]:
    """The tunable hyperparameters of a ``ParameterRanges``.

    Raises:
        AwsError: ValidationException: a range is empty, is written twice or cannot be scaled as it asks.
    """
    found: list[Parameter] = []
    for item in ranges.get("CategoricalParameterRanges", []):
        if len(set(item["Values"])) < len(item["Values"]):
            raise invalid(f"The categorical hyperparameter {item['Name']} has duplicate values.")
        found.append(Categorical(item["Name"], tuple(item["Values"])))
    for item in ranges.get("IntegerParameterRanges", []):
        low, high = (_bound(item, end) for end in ("MinValue", "MaxValue"))
        if low != int(low) or high != int(high):
            raise invalid(f"The bounds of the integer hyperparameter {item['Name']} must be integers.")
        found.append(Integer(item["Name"], int(low), int(high), _scaling(item, low, high, whole=True)))
    for item in ranges.get("ContinuousParameterRanges", []):
        low, high = (_bound(item, end) for end in ("MinValue", "MaxValue"))
        found.append(Continuous(item["Name"], low, high, _scaling(item, low, high, whole=False)))
    names = [parameter.name for parameter in found]
    if len(names) > len(set(names)):
        raise invalid(f"Hyperparameter names must be unique, got {', '.join(names)}")
    return found


def _bound(item: dict[str, Any], end: str) -> float:
    number = _number(item[end])
    if number is None:
        raise invalid(f"{end} of the hyperparameter {item['Name']} is not a number: {item[end]!r}")
    return number


def _scaling(item: dict[str, Any], low: float, high: float, *, whole: bool) -> str:
    """The scaling a range asks for, decided where it leaves it to us."""
    name, asked = item["Name"], str(item.get("ScalingType", "Auto"))
    if not low < high:
        raise invalid(
            f"MinValue of the hyperparameter {name} must be less than MaxValue, got {low} and {high}"
        )
    if asked == "Auto":
        return "Logarithmic" if low > 0 and high / low >= WIDE else "Linear"
    if asked == "Logarithmic" and low <= 0:
        raise invalid(f"Logarithmic scaling needs values greater than 0, {name} begins at {low}")
    if asked == "ReverseLogarithmic" and (whole or not 0 <= low < high < 1):
        raise invalid(
            f"ReverseLogarithmic scaling needs a continuous range within 0 <= x < 1, {name} is none"
        )
    return asked


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
