"""What a rule asks of a value: ``> 0.9``, ``between 1 and 5``, ``in ["a", "b"]``, ``matches "…"``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localaws.athena.hivetypes import literal

Value = float | str | None
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda one, two: one == two,
    "!=": lambda one, two: one != two,
    ">": lambda one, two: one > two,
    ">=": lambda one, two: one >= two,
    "<": lambda one, two: one < two,
    "<=": lambda one, two: one <= two,
}


@dataclass(frozen=True)
class Condition:
    """A condition.

    Attributes:
        operator: ``=``, ``>``, …, ``between``, ``in`` or ``matches``.
        values: What is compared with; None is DQDL's NULL.
        negated: Whether ``not`` stands in front.
    """

    operator: str
    values: tuple[Value, ...]
    negated: bool = False

    def holds(self, measured: float) -> bool:
        """Whether a number satisfies it."""
        numbers = [float(value) for value in self.values if value is not None]
        if self.operator == "between":
            found = numbers[0] < measured < numbers[1]
        elif self.operator == "in":
            found = measured in numbers
        else:
            found = COMPARISONS[self.operator](measured, numbers[0])
        return found != self.negated

    @property
    def numeric(self) -> bool:
        """Whether it can be asked of a number."""
        if self.operator == "matches":
            return False
        try:
            return bool([float(value) for value in self.values if value is not None])
        except ValueError:
            return False

    def sql(self, column: str) -> str:
        """The same as a condition of DuckDB's on a column, never NULL."""
        texts = [_literal(value) for value in self.values]
        if self.operator == "matches":
            test = f"regexp_full_match(CAST({column} AS VARCHAR), {texts[0]})"
        elif self.operator == "between":
            test = f"({column} > {texts[0]} AND {column} < {texts[1]})"
        elif self.operator == "in":
            listed = [text for value, text in zip(self.values, texts, strict=True) if value is not None]
            test = f"{column} IN ({', '.join(listed)})" if listed else "false"
            if None in self.values:
                test = f"({test} OR {column} IS NULL)"
        elif self.values[0] is None:
            test = f"{column} IS {'' if self.operator == '=' else 'NOT '}NULL"
        else:
            test = f"{column} {self.operator} {texts[0]}"
        return f"coalesce({'NOT ' if self.negated else ''}({test}), false)"


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    return literal(value) if isinstance(value, str) else repr(value)
