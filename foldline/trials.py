"""Trials: sets of hyperparameters, the space they come from, how they cross SageMaker's string map.

Crosses into the container, so: standard library only, Python 3.10.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | None
OURS = "foldline_"
"""Prefix of the entries that steer the container; everything else belongs to the estimator."""


@dataclass(frozen=True)
class Dimension:
    """One axis of a search space.

    Attributes:
        name: The hyperparameter.
        kind: ``int``, ``float`` or ``categorical``.
        low: Smallest value, inclusive (int, float).
        high: Largest value, inclusive (int, float).
        log: Sample on a logarithmic scale.
        choices: The values of a categorical dimension.
    """

    name: str
    kind: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Space:
    """A search space: its dimensions in a fixed order."""

    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True)
class Trial:
    """One set of hyperparameters.

    Attributes:
        number: Position in the study, from 0.
        hyperparameters: Estimator arguments by name.
    """

    number: int
    hyperparameters: dict[str, Value]

    @property
    def label(self) -> str:
        """Name in logs and job names, such as ``trial-007``."""
        return f"trial-{self.number:03d}"


def encode(values: dict[str, Any]) -> dict[str, str]:
    """SageMaker's HyperParameters map: one JSON text per value.

    Raises:
        ValueError: A value is no JSON (NaN included) or longer than SageMaker's 2,500 characters.
    """
    encoded = {}
    for name, value in values.items():
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
        if len(text) > 2500:
            raise ValueError(f"hyperparameter {name} takes {len(text)} characters, SageMaker allows 2500")
        encoded[name] = text
    return encoded


def decode(values: dict[str, str]) -> dict[str, Any]:
    """What :func:`encode` was given, from ``/opt/ml/input/config/hyperparameters.json``."""
    return {name: json.loads(text) for name, text in values.items()}


def split_ours(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Decoded hyperparameters as (ours without prefix, the estimator's)."""
    ours = {name[len(OURS) :]: value for name, value in values.items() if name.startswith(OURS)}
    theirs = {name: value for name, value in values.items() if not name.startswith(OURS)}
    return ours, theirs
