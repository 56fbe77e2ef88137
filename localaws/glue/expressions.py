"""Conditions on partition columns: Glue's ``Expression``, and what Athena can decide before it reads a file.

An expression is SQL over the partition keys: comparisons, BETWEEN, IN, LIKE, IS NULL, AND, OR, NOT. Both
sides of a comparison are read as the key's type: ``year > '2013'`` compares numbers when ``year`` is an int.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from localaws.errors import AwsError

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
NUMBERS = {"tinyint", "smallint", "int", "integer", "bigint", "long", "float", "double", "decimal"}
COMPARISONS: Mapping[type[exp.Expression], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}


class Undecidable(Exception):
    """The condition has a part that is not about partition columns and literals, or is of an unknown kind."""


def partition_filter(expression: str, keys: list[dict[str, Any]]) -> Callable[[list[str]], bool]:
    """Whether a partition's values satisfy an expression.

    Args:
        expression: The text a client sent.
        keys: The table's partition keys, ``{"Name": …, "Type": …}`` each, in order.

    Raises:
        AwsError: InvalidInputException; it does not parse, or names what is no partition key.
    """
    try:
        tree = sqlglot.parse_one(expression, read="hive")
    except SqlglotError as error:
        raise AwsError("InvalidInputException", f"Expression {expression!r} does not parse") from error
    types = types_of(keys)

    def keep(values: list[str]) -> bool:
        row = dict(zip(types, values, strict=True))
        return decide(tree, row, types) is True

    try:
        keep(["0"] * len(types))
    except Undecidable as error:
        raise AwsError("InvalidInputException", f"Expression {expression!r}: {error}") from error
    return keep


def types_of(keys: list[dict[str, Any]]) -> dict[str, str]:
    """The partition keys' types by lower-case name, in the order of the keys."""
    return {key["Name"].lower(): str(key.get("Type", "string")).lower() for key in keys}


def decide(tree: exp.Expression, row: Mapping[str, str], types: Mapping[str, str]) -> bool | None:
    """The truth of a condition for one partition; None is SQL's unknown.

    Raises:
        Undecidable: Something in it cannot be decided from the partition's values.
    """
    if isinstance(tree, exp.Paren):
        return decide(tree.this, row, types)
    if isinstance(tree, exp.Not):
        inner = decide(tree.this, row, types)
        return None if inner is None else not inner
    if isinstance(tree, exp.And | exp.Or):
        return _connect(tree, row, types)
    if type(tree) in COMPARISONS:
        left, right = _pair(tree.this, tree.expression, row, types)
        return None if left is None or right is None else COMPARISONS[type(tree)](left, right)
    if isinstance(tree, exp.Between):
        low, high = (
            exp.GTE(this=tree.this, expression=tree.args["low"]),
            exp.LTE(this=tree.this, expression=tree.args["high"]),
        )
        return _all([decide(low, row, types), decide(high, row, types)])
    if isinstance(tree, exp.In) and tree.expressions:
        return _any(
            [decide(exp.EQ(this=tree.this, expression=item), row, types) for item in tree.expressions]
        )
    if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
        return _column(tree.this, row, types) is None
    if isinstance(tree, exp.Like):
        value, pattern = _pair(tree.this, tree.expression, row, types, kind="string")
        return None if value is None or pattern is None else _like(value, pattern)
    if isinstance(tree, exp.Boolean):
        return bool(tree.this)
    raise Undecidable(f"{tree.sql('hive')} is not a condition on partition columns")


def _connect(tree: exp.And | exp.Or, row: Mapping[str, str], types: Mapping[str, str]) -> bool | None:
    sides = [decide(tree.this, row, types), decide(tree.expression, row, types)]
    return _all(sides) if isinstance(tree, exp.And) else _any(sides)


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _any(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _pair(
    left: exp.Expression,
    right: exp.Expression,
    row: Mapping[str, str],
    types: Mapping[str, str],
    kind: str | None = None,
) -> tuple[Any, Any]:
    """Both sides of a comparison, read as the type of the column that is in it."""
    column = left if isinstance(left, exp.Column) else right
    if not isinstance(column, exp.Column):
        raise Undecidable(f"{left.sql('hive')} and {right.sql('hive')} hold no column")
    read_as = kind or types.get(column.name.lower(), "string")
    values = [_column(s, row, types) if isinstance(s, exp.Column) else _literal(s) for s in (left, right)]
    return typed(values[0], read_as), typed(values[1], read_as)


def _column(tree: exp.Expression, row: Mapping[str, str], types: Mapping[str, str]) -> str | None:
    name = tree.name.lower()
    if not isinstance(tree, exp.Column) or name not in types:
        raise Undecidable(
            f"{tree.sql('hive')} is not one of the partition keys {', '.join(types) or '(none)'}"
        )
    return None if row[name] == NULL_PARTITION else row[name]


def _literal(tree: exp.Expression) -> str | None:
    if isinstance(tree, exp.Literal):
        return str(tree.this)
    if isinstance(tree, exp.Neg) and isinstance(tree.this, exp.Literal):
        return f"-{tree.this.this}"
    if isinstance(tree, exp.Null):
        return None
    if isinstance(tree, exp.Cast):
        return _literal(tree.this)
    raise Undecidable(f"{tree.sql('hive')} is not a literal")


def typed(value: str | None, kind: str) -> Any:
    """A partition value as its Hive type orders it; None when it is not of that type."""
    if value is None:
        return None
    base = kind.partition("(")[0]
    try:
        if base in NUMBERS:
            return Decimal(value)
        if base == "date":
            return dt.date.fromisoformat(value[:10])
        if base == "timestamp":
            return dt.datetime.fromisoformat(value).replace(tzinfo=None)
        if base == "boolean":
            return {"true": True, "false": False}[value.lower()]
    except (ValueError, InvalidOperation, KeyError):
        return None
    return value


def _like(value: str, pattern: str) -> bool:
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None
