"""Redshift's types of numbers where DuckDB's differ: divisions, sums, averages, casts to texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from localaws.redshift.failures import StatementFailed

NUMBER = "number"  # a node's note: its place in the tree as it was read
SCHEMA = Mapping[str, Mapping[str, Mapping[str, str]]]
DIGITS = {"SMALLINT": 5, "INT": 10, "BIGINT": 19, "UINT": 10, "TINYINT": 3}
INTEGERS = tuple(DIGITS)
FLOATS = ("DOUBLE", "FLOAT")
DECIMALS = ("DECIMAL", "BIGDECIMAL")
MOST_DIGITS = 38
LEAST_SCALE = 4
DIVISOR = "redshift_divisor"
TEXTS = ("VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "BPCHAR")


class Types:
    """The types of a tree's nodes, as far as they can be told from the tables' columns.

    Args:
        tree: The statement; its nodes are numbered.
        schema: Columns by schema, table and name, with their types.
    """

    def __init__(self, tree: exp.Expression, schema: SCHEMA) -> None:
        for number, node in enumerate(tree.walk()):
            node.meta[NUMBER] = number
        self._types: dict[int, exp.DataType] = {}
        for query in _queries(tree):
            try:
                known = qualify(
                    query.copy(),
                    schema=schema,
                    db="public",
                    dialect="redshift",
                    validate_qualify_columns=False,
                    quote_identifiers=False,
                    identify=False,
                )
                known = annotate_types(known, schema=schema, dialect="redshift")
            except SqlglotError:  # what is wrong with the statement DuckDB says, in better words
                continue
            for node in known.walk():
                if NUMBER in node.meta and node.type is not None:
                    self._types.setdefault(node.meta[NUMBER], node.type)

    def word(self, node: exp.Expression) -> str:
        """A type's word, ``UNKNOWN`` when it cannot be told."""
        if isinstance(node, exp.Paren | exp.Neg):
            return self.word(node.this)
        if node.is_number:
            return "INT" if node.is_int else "DECIMAL"
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
            return _wider(self.word(node.this), self.word(node.expression))
        if isinstance(node, exp.Avg | exp.Sum):
            inner = self.word(node.this)
            wide = {"BIGINT": "DECIMAL"} if isinstance(node, exp.Sum) else {}
            return wide.get(inner, "BIGINT") if inner in INTEGERS else inner
        found = self._types.get(node.meta.get(NUMBER, -1))
        return found.this.name if found is not None else "UNKNOWN"

    def digits(self, node: exp.Expression) -> tuple[int, int]:
        """A number's precision and scale as Redshift reckons them."""
        if isinstance(node, exp.Paren | exp.Neg):
            return self.digits(node.this)
        if node.is_number:
            whole, _, part = node.name.partition(".")
            return max(1, len(whole) + len(part)), len(part)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul) and self.word(node) in (*DECIMALS, *INTEGERS):
            (one, first), (two, second) = self.digits(node.this), self.digits(node.expression)
            if isinstance(node, exp.Mul):
                return min(MOST_DIGITS, one + two + 1), first + second
            scale = max(first, second)
            return min(MOST_DIGITS, max(one - first, two - second) + scale + 1), scale
        if isinstance(node, exp.Sum | exp.Avg):
            return MOST_DIGITS, self.digits(node.this)[1]
        found = self._types.get(node.meta.get(NUMBER, -1))
        if found is None or found.this.name in INTEGERS:
            return DIGITS.get(self.word(node), MOST_DIGITS), 0
        sizes = [int(size.name) for size in found.expressions if size.name.isdigit()]
        return (sizes[0], sizes[1] if len(sizes) > 1 else 0) if sizes else (18, 0)


@dataclass(frozen=True)
class Operand:
    """What was known of a number before anything was changed."""

    word: str
    digits: tuple[int, int]
    text: str


def as_redshift_reckons(tree: exp.Expression, types: Types) -> exp.Expression:
    """The tree with Redshift's own arithmetic spelt out.

    Raises:
        StatementFailed: The types of a division or an average cannot be told.
    """
    nodes = list(tree.find_all(exp.Div, exp.Mod, exp.Avg, exp.Sum, exp.Cast))
    operands = [[_operand(side, types) for side in _sides(node)] for node in nodes]
    for node, known in zip(reversed(nodes), reversed(operands), strict=True):  # the innermost first
        if isinstance(node, exp.Div):
            node.replace(_divided(node, *known))
        elif isinstance(node, exp.Mod):
            node.set("expression", exp.Anonymous(this=DIVISOR, expressions=[node.expression]))
        elif isinstance(node, exp.Avg | exp.Sum):
            _aggregated(node, known[0])
        elif node.to.this.name in TEXTS and node.to.expressions:
            length = node.to.expressions[0].name
            node.set("to", exp.DataType.build("VARCHAR"))
            node.replace(exp.Anonymous(this="left", expressions=[node.copy(), exp.Literal.number(length)]))
    return tree


def _sides(node: exp.Expression) -> list[exp.Expression]:
    if isinstance(node, exp.Div):
        return [node.this, node.expression]
    if isinstance(node, exp.Avg | exp.Sum):
        inner = node.this
        return [inner.expressions[0] if isinstance(inner, exp.Distinct) else inner]
    return []


def _operand(node: exp.Expression, types: Types) -> Operand:
    return Operand(types.word(node), types.digits(node), node.sql("redshift"))


def _divided(node: exp.Div, one: Operand, two: Operand) -> exp.Expression:
    divisor = exp.Anonymous(this=DIVISOR, expressions=[node.expression.copy()])
    if one.word in INTEGERS and two.word in INTEGERS:
        return exp.Paren(this=exp.IntDiv(this=node.this.copy(), expression=divisor))
    plain = exp.Paren(this=exp.Div(this=node.this.copy(), expression=divisor, typed=False, safe=False))
    if {one.word, two.word} & set(FLOATS):
        return plain
    for side in (one, two):
        if side.word not in (*INTEGERS, *DECIMALS):
            raise StatementFailed(
                f"localaws cannot tell the type of {side.text} in a division; give it a CAST"
            )
    (digits, first), (others, second) = one.digits, two.digits
    scale = max(LEAST_SCALE, first + others - second + 1)
    whole = digits - first + second
    scale = max(LEAST_SCALE, min(scale, MOST_DIGITS - whole))
    return exp.cast(plain, f"DECIMAL({MOST_DIGITS}, {scale})")


def _aggregated(node: exp.Avg | exp.Sum, inner: Operand) -> None:
    """Sums and averages of whole numbers are whole numbers, those of decimals have their scale."""
    average = isinstance(node, exp.Avg)
    if inner.word == "UNKNOWN" and average:
        raise StatementFailed(f"localaws cannot tell the type of {inner.text} in AVG; give it a CAST")
    outer: exp.Expression = node
    while isinstance(outer.parent, exp.Window | exp.Filter | exp.IgnoreNulls) and outer.parent.this is outer:
        outer = outer.parent
    copy = outer.copy()
    if inner.word in DECIMALS and average:
        outer.replace(exp.cast(copy, f"DECIMAL({MOST_DIGITS}, {inner.digits[1]})"))
    elif inner.word in INTEGERS:
        wide = not average and inner.word == "BIGINT"
        value = exp.Anonymous(this="trunc", expressions=[copy]) if average else copy
        outer.replace(exp.cast(value, f"DECIMAL({MOST_DIGITS}, 0)" if wide else "BIGINT"))


def _wider(one: str, two: str) -> str:
    if "UNKNOWN" in (one, two):
        return "UNKNOWN"
    for words in (FLOATS, DECIMALS):
        if one in words or two in words:
            return words[0]
    return max((one, two), key=lambda word: DIGITS.get(word, 0))


def _queries(tree: exp.Expression) -> list[exp.Expression]:
    """The queries that can be looked at by themselves, outermost first; a DELETE's as SELECTs."""
    found: list[exp.Expression] = []
    if isinstance(tree, exp.Update | exp.Delete | exp.Merge):
        found.append(_as_query(tree))
    found += [node for node in tree.find_all(exp.Query) if not isinstance(node, exp.Subquery | exp.Table)]
    return found


def _as_query(tree: exp.Expression) -> exp.Expression:
    """A SELECT that has the expressions of an UPDATE, DELETE or MERGE, over the same tables."""
    values = [node.expression.copy() for node in tree.find_all(exp.EQ) if node.parent is not None]
    query = exp.select(*values, exp.Literal.number(1)).from_(tree.this.copy())
    others = [node for node in tree.find_all(exp.Table) if node.parent is not tree]
    for other in others:
        query = query.join(other.copy(), join_type="cross")
    where = tree.args.get("where")
    return query.where(where.this.copy()) if where is not None else query
