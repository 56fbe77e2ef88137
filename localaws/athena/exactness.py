"""Integers and decimals as Trino computes with them: every result has a precision and a scale of its own.

In Trino ``1.5`` is a decimal(2,1), and ``x / 60.0`` of a bigint a decimal with one digit after the point.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

DType = exp.DataType.Type
INTEGERS = {DType.TINYINT: 3, DType.SMALLINT: 5, DType.INT: 10, DType.BIGINT: 19}
REALS = {DType.DOUBLE, DType.FLOAT}
WIDEST = 38


@dataclass(frozen=True)
class Exact:
    """An exact number's precision and scale; an integer's scale is 0 and ``integer`` is set."""

    precision: int
    scale: int
    integer: bool = False

    @property
    def type(self) -> exp.DataType:
        """The type in sqlglot's form."""
        if self.integer:
            wide = next(kind for kind, digits in INTEGERS.items() if digits >= min(self.precision, 19))
            return exp.DataType.build(wide)
        return exp.DataType.build(f"DECIMAL({self.precision}, {self.scale})", dialect="duckdb")


def exact_type(kind: exp.DataType | None) -> Exact | None:
    """Precision and scale of an exact type; None for every other, and for a decimal that does not say."""
    if kind is None:
        return None
    if kind.this in INTEGERS:
        return Exact(INTEGERS[kind.this], 0, integer=True)
    if kind.this == DType.DECIMAL and kind.expressions:
        numbers = [int(part.name) for part in kind.expressions]
        return Exact(numbers[0], numbers[1] if len(numbers) > 1 else 0)
    return None


def exact_literal(text: str) -> Exact | None:
    """A number as it is written; None for one with an exponent, which is a double."""
    if "e" in text.lower():
        return None
    if "." not in text:
        return Exact(10 if int(text) < 2**31 else 19, 0, integer=True)
    whole, _, part = text.partition(".")
    return Exact(max(1, len(whole.lstrip("0")) + len(part)), len(part))


def exact_result(node: exp.Binary, left: Exact, right: Exact) -> Exact:
    """What an operator makes of two exact numbers."""
    if left.integer and right.integer:
        return Exact(max(left.precision, right.precision), 0, integer=True)
    if isinstance(node, exp.Mul):
        return Exact(min(WIDEST, left.precision + right.precision), left.scale + right.scale)
    scale = max(left.scale, right.scale)
    if isinstance(node, exp.Div):
        more = max(right.scale - left.scale, 0)
        return Exact(min(WIDEST, left.precision + right.scale + more), scale)
    if isinstance(node, exp.Mod):
        whole = min(left.precision - left.scale, right.precision - right.scale)
        return Exact(min(WIDEST, whole + scale), scale)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return Exact(min(WIDEST, whole + scale + 1), scale)


def exact_call(node: exp.Expression, inner: Exact) -> Exact:
    """What ``round``, ``sum`` and ``avg`` make of a decimal."""
    if isinstance(node, exp.Sum):
        return Exact(WIDEST, inner.scale)
    if isinstance(node, exp.Avg):
        return inner
    if node.args.get("decimals"):
        return Exact(min(WIDEST, inner.precision + 1), inner.scale)
    return Exact(inner.precision - inner.scale + min(1, inner.scale), 0)


def common_number(one: exp.DataType, other: exp.DataType) -> exp.DataType:
    """The type two numbers have in common."""
    kinds = {one.this, other.this}
    for real in (DType.DOUBLE, DType.FLOAT):
        if real in kinds:
            return exp.DataType.build(real)
    left, right = exact_type(one), exact_type(other)
    if left is None or right is None:
        return exp.DataType.build(DType.DECIMAL)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    scale = max(left.scale, right.scale)
    return Exact(min(WIDEST, whole + scale), scale, left.integer and right.integer).type
