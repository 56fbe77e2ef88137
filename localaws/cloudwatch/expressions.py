"""Metric math: arithmetic, comparisons and the common functions over series of datapoints."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localaws.cloudwatch.datapoints import Grid
from localaws.cloudwatch.requests import invalid, not_implemented
from localaws.cloudwatch.seriesmath import Points, Value, as_series, combined, filled, mapped, over, reduced

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign><=|>=|==|!=|&&|\|\||[-+*/^<>(),\[\]]))"
)
LEVELS: tuple[Mapping[str, Callable[[float, float], float]], ...] = (
    {"||": lambda a, b: float(bool(a) or bool(b)), "OR": lambda a, b: float(bool(a) or bool(b))},
    {"&&": lambda a, b: float(bool(a) and bool(b)), "AND": lambda a, b: float(bool(a) and bool(b))},
    {
        "<": lambda a, b: float(a < b),
        ">": lambda a, b: float(a > b),
        "<=": lambda a, b: float(a <= b),
        ">=": lambda a, b: float(a >= b),
        "==": lambda a, b: float(a == b),
        "!=": lambda a, b: float(a != b),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv},
)
"""Binary signs by precedence, the loosest first; the power stands above them all."""
REDUCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
ROUNDINGS: Mapping[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


@dataclass(frozen=True)
class Scope:
    """What an expression may name.

    Attributes:
        series: Datapoints by id.
        periods: Each one's period in seconds.
        metrics: The ids ``METRICS()`` stands for.
        grid: The periods ``FILL`` fills.
    """

    series: Mapping[str, Points]
    periods: Mapping[str, int]
    metrics: tuple[str, ...]
    grid: Grid


def evaluate(expression: str, scope: Scope) -> Points:
    """The series an expression gives.

    A period without a datapoint on either side of a sign has none in the result; nor has a division by zero.

    Raises:
        AwsError: ValidationError for what cannot be read, NotImplemented for a function that is not here.
    """
    if re.match(r"\s*SELECT\b", expression, re.IGNORECASE):
        raise not_implemented("queries in Metrics Insights' SQL")
    value = _Parser(expression, scope).whole()
    if isinstance(value, list):
        raise invalid(f"The expression {expression!r} must give one time series, it gives {len(value)}")
    return value if isinstance(value, dict) else dict.fromkeys(scope.grid.times, value)


def names_in(expression: str) -> set[str]:
    """The ids an expression refers to: its names that begin with a small letter."""
    return {found for found in re.findall(r"[A-Za-z_]\w*", expression) if found[0].islower()}


class _Parser:
    """Reads and computes an expression from left to right."""

    def __init__(self, expression: str, scope: Scope) -> None:
        self._expression = expression
        self._scope = scope
        self._tokens = self._split(expression)
        self._place = 0

    def _split(self, expression: str) -> list[str]:
        tokens, place = [], 0
        text = expression.rstrip()
        while place < len(text):
            found = TOKEN.match(text, place)
            if not found:
                raise self._unreadable(text[place:])
            tokens.append(found[0].strip())
            place = found.end()
        return tokens

    def _unreadable(self, rest: str) -> Exception:
        return invalid(
            f"Error in expression {self._expression!r}: cannot read it from {rest or 'its end'!r} on"
        )

    def whole(self) -> Value:
        value = self._binary(0)
        if self._place < len(self._tokens):
            raise self._unreadable(self._tokens[self._place])
        return value

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise self._unreadable(token)
        self._place += 1
        return token

    def _binary(self, level: int) -> Value:
        if level == len(LEVELS):
            return self._power()
        left = self._binary(level + 1)
        while (sign := self._peek()) in LEVELS[level]:
            self._take()
            left = combined(LEVELS[level][sign], left, self._binary(level + 1))
        return left

    def _power(self) -> Value:
        left = self._unary()
        if self._peek() == "^":
            self._take()
            return combined(operator.pow, left, self._power())
        return left

    def _unary(self) -> Value:
        if self._peek() == "-":
            self._take()
            return combined(operator.mul, -1.0, self._unary())
        return self._single()

    def _single(self) -> Value:
        word = self._take()
        if word == "(":
            value = self._binary(0)
            self._take(")")
            return value
        if word == "[":
            return [as_series(item, self._expression) for item in self._list("]")]
        if word[0].isdigit() or word[0] == ".":
            return float(word)
        if self._peek() == "(":
            self._take()
            return self._function(word)
        if word in self._scope.series:
            return self._scope.series[word]
        raise self._unreadable(word)

    def _list(self, end: str) -> list[Value]:
        items: list[Value] = []
        while self._peek() != end:
            items.append(self._binary(0))
            if self._peek() != end:
                self._take(",")
        self._take(end)
        return items

    def _function(self, name: str) -> Value:
        if name == "PERIOD":
            series = self._take()
            self._take(")")
            if series not in self._scope.periods:
                raise self._unreadable(series)
            return float(self._scope.periods[series])
        if name not in (*REDUCTIONS, *ROUNDINGS, "FILL", "IF", "METRICS"):
            raise not_implemented(f"the function {name} in a metric expression")
        if name == "METRICS":
            self._take(")")
            return [self._scope.series[metric] for metric in self._scope.metrics]
        arguments = self._list(")")
        wanted = {"IF": 3, "FILL": 2}.get(name, 1)
        if len(arguments) != wanted:
            raise invalid(f"{name} in {self._expression!r} takes {wanted} argument(s), got {len(arguments)}")
        return self._apply(name, arguments)

    def _apply(self, name: str, arguments: list[Value]) -> Value:
        first = arguments[0]
        if name in REDUCTIONS:
            return reduced(REDUCTIONS[name], first)
        if name in ROUNDINGS:
            return mapped(ROUNDINGS[name], first)
        if name == "FILL":
            return filled(first, arguments[1], self._scope.grid, self._expression)
        condition, yes, no = (over(argument, self._scope.grid) for argument in arguments)
        chosen = {time: yes if value else no for time, value in condition.items()}
        return {time: side[time] for time, side in chosen.items() if time in side}
