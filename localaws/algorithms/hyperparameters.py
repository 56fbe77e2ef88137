"""Hyperparameters as AWS documents them: names, types, ranges, defaults, and which must be given."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.algorithms.errors import CustomerError

PLATFORM = ("sagemaker_", "_tuning_")  # what the platform and its SDK add to a job's hyperparameters
FAILED = "Unable to initialize the algorithm. Failed to validate hyperparameters."


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter.

    Attributes:
        read: Its value from its text; a ValueError says what is wrong.
        default: When it is not given.
        required: Whether it must be given.
    """

    read: Callable[[str], Any]
    default: Any = None
    required: bool = False


def integer(
    low: float = -math.inf,
    high: float = math.inf,
    *,
    default: Any = None,
    required: bool = False,
    auto: bool = False,
) -> Parameter:
    """A whole number in a range; with ``auto`` also the word auto."""
    return _ranged(int, Range(low, high), default=default, required=required, auto=auto)


def number(
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    default: Any = None,
    required: bool = False,
    auto: bool = False,
) -> Parameter:
    """A number in a range; ``above`` and ``below`` are bounds it must not touch."""
    return _ranged(float, Range(low, high, above, below), default=default, required=required, auto=auto)


def choice(*words: str, default: Any = None, required: bool = False) -> Parameter:
    """One of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(map(repr, words))}")
        return text

    return Parameter(read, default, required)


def flag(*, default: Any = None, auto: bool = False) -> Parameter:
    """``true`` or ``false``."""
    words: dict[str, Any] = {"true": True, "false": False, **({"auto": "auto"} if auto else {})}

    def read(text: str) -> Any:
        if text.lower() not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(map(repr, words))}")
        return words[text.lower()]

    return Parameter(read, default)


def text(*, default: Any = None) -> Parameter:
    """Any text."""
    return Parameter(str, default)


@dataclass(frozen=True)
class Range:
    """An interval of numbers."""

    low: float
    high: float
    above: float = -math.inf
    below: float = math.inf

    def check(self, value: float) -> None:
        """Refuse a value outside.

        Raises:
            ValueError: It is.
        """
        inside = (
            self.low <= value <= self.high
            and (self.above == -math.inf or value > self.above)
            and (self.below == math.inf or value < self.below)
        )
        if not inside:
            raise ValueError(f"{value} is not in the range {self}")

    def __str__(self) -> str:
        left = f"({self.above:g}" if self.above > -math.inf else f"[{self.low:g}"
        right = f"{self.below:g})" if self.below < math.inf else f"{self.high:g}]"
        return f"{left}, {right}"


def parsed(parameters: Mapping[str, Parameter], given: Mapping[str, str]) -> dict[str, Any]:
    """All hyperparameters by name, those not given at their defaults.

    Args:
        parameters: The algorithm's.
        given: The job's, as text.

    Raises:
        CustomerError: One is unknown, one cannot be read, or one that must be given is not.
    """
    own = {name: value for name, value in given.items() if not name.startswith(PLATFORM)}
    problems = [
        f"Additional properties are not allowed ({name!r} was unexpected)"
        for name in sorted(set(own) - set(parameters))
    ]
    values = {}
    for name, parameter in parameters.items():
        if name not in own:
            values[name] = parameter.default
            if parameter.required:
                problems.append(f"{name!r} is a required property")
            continue
        try:
            values[name] = parameter.read(_plain(own[name]))
        except ValueError as error:
            problems.append(f"Hyperparameter {name}: {error}")
    if problems:
        raise CustomerError(f"{FAILED} (caused by ValidationError)\n\nCaused by: " + "; ".join(problems))
    return values


def _ranged(
    kind: type[int] | type[float], allowed: Range, *, default: Any, required: bool, auto: bool
) -> Parameter:
    what = "an integer" if kind is int else "a number"

    def read(text: str) -> Any:
        if auto and text == "auto":
            return text
        try:
            value = kind(text)
        except ValueError:
            raise ValueError(f"{text!r} is not {what}") from None
        allowed.check(value)
        return value

    return Parameter(read, default, required)


def _plain(value: str) -> str:
    """A value without the JSON quotes some SDKs put around it."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value


def metrics_among(known: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    """A check that ``eval_metrics`` is a JSON list of known metrics; it raises CustomerError."""

    def check(values: Mapping[str, Any]) -> None:
        try:
            metrics = json.loads(values["eval_metrics"])
        except ValueError as error:
            raise CustomerError(f"Hyperparameter eval_metrics is not a JSON list: {error}") from error
        if not isinstance(metrics, list) or not set(metrics) <= set(known):
            raise CustomerError(f"Hyperparameter eval_metrics: {metrics} is not a list of {', '.join(known)}")

    return check
