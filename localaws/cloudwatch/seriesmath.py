"""Arithmetic over numbers, series of datapoints, and lists of series: pure."""

from __future__ import annotations

import math
from collections.abc import Callable

from localaws.cloudwatch.datapoints import Grid
from localaws.cloudwatch.requests import invalid

Points = dict[int, float]
Value = float | Points | list[Points]


def as_series(value: Value, expression: str) -> Points:
    """A value that must be one series.

    Raises:
        AwsError: ValidationError.
    """
    if not isinstance(value, dict):
        raise invalid(f"Error in expression {expression!r}: a list holds time series only")
    return value


def over(value: Value, grid: Grid) -> Points:
    """A value as one series; a number stands in every period."""
    if isinstance(value, list):
        raise invalid("IF takes time series and numbers, not lists")
    return value if isinstance(value, dict) else dict.fromkeys(grid.times, value)


def combined(sign: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Two values under a sign, period by period; lists element by element."""
    if isinstance(left, list):
        return [_as_points(combined(sign, item, right)) for item in left]
    if isinstance(right, list):
        return [_as_points(combined(sign, left, item)) for item in right]
    if isinstance(left, float) and isinstance(right, float):
        found = _safe(sign, left, right)
        return {} if found is None else found
    times = left if isinstance(left, dict) else right if isinstance(right, dict) else {}
    pairs = {
        time: (
            left.get(time) if isinstance(left, dict) else left,
            right.get(time) if isinstance(right, dict) else right,
        )
        for time in times
    }
    return _known(
        {time: _safe(sign, a, b) for time, (a, b) in pairs.items() if a is not None and b is not None}
    )


def _as_points(value: Value) -> Points:
    if not isinstance(value, dict):
        raise invalid("a sign combines a list of time series with a series or a number, not with a list")
    return value


def _safe(function: Callable[..., float], *values: object) -> float | None:
    """What a function gives; None where it gives no finite number."""
    try:
        found = function(*values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return None if isinstance(found, complex) or not math.isfinite(found) else float(found)


def mapped(function: Callable[[float], float], value: Value) -> Value:
    """A function of every datapoint of a value."""
    if isinstance(value, list):
        return [_as_points(mapped(function, item)) for item in value]
    if isinstance(value, dict):
        return _known({time: _safe(function, item) for time, item in value.items()})
    found = _safe(function, value)
    return {} if found is None else found


def reduced(function: Callable[[list[float]], float], value: Value) -> Value:
    """Of one series a number, of a list of series one series."""
    if isinstance(value, list):
        times = sorted({time for item in value for time in item})
        columns = {time: [item[time] for item in value if time in item] for time in times}
        return _known({time: _safe(function, column) for time, column in columns.items()})
    if isinstance(value, dict):
        found = _safe(function, list(value.values())) if value else None
        return {} if found is None else found
    return value


def filled(value: Value, filling: Value, grid: Grid, expression: str) -> Value:
    """A series with a number, or another series, in its empty periods."""
    if isinstance(value, list):
        return [_as_points(filled(item, filling, grid, expression)) for item in value]
    return {**over(filling, grid), **as_series(value, expression)}


def _known(points: dict[int, float | None]) -> Points:
    return {time: value for time, value in points.items() if value is not None}
