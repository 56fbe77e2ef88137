"""Athena's meaning in DuckDB's terms: the tree of a query, node by node.

Most of it is naming: Trino's functions become DuckDB's, or the macros that behave like them. The rest is
where the two languages differ in form: lambdas over maps, UNNEST of several things, casts, formats of
dates.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localaws.athena.calls import CALLS, plain_path
from localaws.athena.dialect import function_name
from localaws.athena.exactness import INTEGERS, REALS, DType
from localaws.athena.functions import ARRAYS, MACROS, RENAMED, REWRITTEN
from localaws.athena.inference import NUMBER, TEXTS, Types, exact, family
from localaws.athena.overloads import call, macro, word_of
from localaws.athena.unnest import unnested

FIELDS = {"DOW": "isodow", "DAY_OF_WEEK": "isodow", "DOY": "dayofyear", "DAY_OF_YEAR": "dayofyear"}
FIELDS |= {"YOW": "isoyear", "YEAR_OF_WEEK": "isoyear", "DAY_OF_MONTH": "day", "WEEK": "weekofyear"}


def rewritten(tree: exp.Expression, types: Types) -> exp.Expression:
    """The same query as DuckDB must be asked it; the tree given is used up.

    Args:
        tree: The query, its parameters bound and its functions checked.
        types: The types of its nodes.
    """
    root = exp.Paren(this=tree)
    for node in list(tree.find_all(exp.Unnest)):
        if (replacement := unnested(node, types)) is not None:
            node.replace(replacement)
    for node in reversed(
        list(tree.walk(bfs=False))
    ):  # what is inside first: its place is kept by the replacement
        replacement = _node(node, types)
        if replacement is not node:
            if NUMBER in node.meta:
                replacement.meta.setdefault(NUMBER, node.meta[NUMBER])
            node.replace(replacement)
    return root.this


def _node(node: exp.Expression, types: Types) -> exp.Expression:
    if isinstance(node, exp.Anonymous):
        return _call(node, types)
    if type(node) in OPERATORS:
        return OPERATORS[type(node)](node, types)
    if isinstance(node, exp.Cast):
        return _cast(node, types)
    if isinstance(node, exp.Column) and node.args.get("db"):
        node.set("db", None)
        node.set("catalog", None)
    return node


def _call(node: exp.Anonymous, types: Types) -> exp.Expression:
    name = function_name(node) or ""
    if name in REWRITTEN:
        return CALLS[name](node, types)
    if name in MACROS:
        return macro(name, node.expressions, types)
    if name in RENAMED:
        renamed = RENAMED[name]
        known = renamed.startswith("trino_")
        return (
            macro(renamed.removeprefix("trino_"), node.expressions, types)
            if known
            else call(renamed, *node.expressions)
        )
    return node


# Operators


def _divide(node: exp.Div, types: Types) -> exp.Expression:
    if any(kind is not None and kind.this in REALS for kind in (types.of(node.left), types.of(node.right))):
        return node
    left, right = exact(node.left, types), exact(node.right, types)
    if not left or not right:
        return macro("divide", [node.left, node.right], types)
    if left.integer and right.integer:
        return exp.paren(exp.IntDiv(this=node.left, expression=node.right), copy=False)
    result = exact(node, types)
    assert result is not None  # both sides are exact
    quotient = call("trino_divide_decimal", node.left, node.right, exp.Literal.number(result.scale))
    return exp.cast(quotient, f"DECIMAL({result.precision}, {result.scale})", dialect="duckdb")


def _shift(node: exp.Binary, types: Types) -> exp.Expression:
    """Plus and minus on dates, whose results are dates in Trino and timestamps in DuckDB."""
    sides = (node.left, node.right)
    dates = all(kind and kind.this == DType.DATE for kind in map(types.of, sides))
    if dates or "INTERVAL" in [word_of(side, types) for side in sides]:
        return macro("plus" if isinstance(node, exp.Add) else "minus", list(sides), types)
    return node


def _average(node: exp.Avg, types: Types) -> exp.Expression:
    number = exact(node.this, types)
    if number is None or number.integer or isinstance(node.parent, exp.Filter | exp.Window):
        return node
    rounded = call("round", node.copy(), exp.Literal.number(number.scale))
    return exp.cast(rounded, f"DECIMAL({number.precision}, {number.scale})", dialect="duckdb")


def _round(node: exp.Round, types: Types) -> exp.Expression:
    """A decimal that is rounded keeps its scale in Trino: 1.234 is 1.200."""
    number = exact(node, types)
    if number is None or number.integer or not node.args.get("decimals"):
        return node
    return exp.cast(node.copy(), f"DECIMAL({number.precision}, {number.scale})", dialect="duckdb")


def _at_zone(node: exp.AtTimeZone, types: Types) -> exp.Expression:
    return macro("at_timezone", [node.this, node.args["zone"]], types)


def _extract(node: exp.Extract, types: Types) -> exp.Expression:
    name = FIELDS.get(node.name.upper())
    return call(name, node.expression) if name else node


def _bitwise(node: exp.Expression, types: Types) -> exp.Expression:
    """Trino's bitwise functions are of 64 bits."""
    node.set("this", exp.cast(node.this, "BIGINT", dialect="duckdb"))
    return node


def _json_value(node: exp.Expression, types: Types) -> exp.Expression:
    return call("trino_json_extract_scalar", node.this, plain_path(node.args.get("path")))


def _json_object(node: exp.Expression, types: Types) -> exp.Expression:
    return exp.cast(node.copy(), "VARCHAR", dialect="duckdb")


def _json_extract(node: exp.JSONExtract, types: Types) -> exp.Expression:
    """JSON_QUERY, which sqlglot reads as an extraction, gives text."""
    return exp.cast(call("json_extract", node.this, plain_path(node.expression)), "VARCHAR", dialect="duckdb")


def _element(node: exp.Bracket, types: Types) -> exp.Expression:
    """A subscript, which fails where there is nothing; ``element_at`` gives NULL in both languages."""
    if function_name(node) == "element_at" or len(node.expressions) != 1:
        return node
    kind = types.of(node.this)
    [index] = exp.apply_index_offset(node.this, node.expressions, 1, dialect="duckdb")
    if kind is not None and kind.this == DType.MAP:
        return call("trino_map_subscript", node.this, index)
    name = (function_name(node.this) or "").removeprefix("trino_")
    if (kind is not None and kind.this == DType.ARRAY) or name in ARRAYS:
        return call("trino_subscript", node.this, index)
    return node


def _compared(node: exp.Binary, types: Types) -> exp.Expression:
    """A comparison with a CHAR does not heed the blanks at the end."""
    sides = (node.left, node.right)
    if any(kind is not None and kind.this == DType.CHAR for kind in map(types.of, sides)):
        node.set("this", call("rtrim", node.left, exp.Literal.string(" ")))
        node.set("expression", call("rtrim", node.right, exp.Literal.string(" ")))
    return node


def _joined(node: exp.DPipe, types: Types) -> exp.Expression:
    """``array || element`` and ``element || array``."""
    sides = [types.of(node.left), types.of(node.right)]
    left, right = (kind is not None and kind.this == DType.ARRAY for kind in sides)
    if left and not right and sides[1] is not None:
        return call("list_append", node.left, node.right)
    if right and not left and sides[0] is not None:
        return call("list_prepend", node.left, node.right)
    return node


OPERATORS: dict[type[exp.Expression], Callable[..., exp.Expression]] = {
    exp.Div: _divide,
    exp.Add: _shift,
    exp.Sub: _shift,
    exp.Avg: _average,
    exp.AtTimeZone: _at_zone,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _compared),
    **dict.fromkeys((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot), _bitwise),
    exp.Bracket: _element,
    exp.DPipe: _joined,
    exp.Extract: _extract,
    exp.Round: _round,
    exp.JSONValue: _json_value,
    exp.JSONObject: _json_object,
    exp.JSONExtract: _json_extract,
    exp.Normalize: lambda node, types: call("nfc_normalize", node.this),
}


# Casts


def _cast(node: exp.Cast, types: Types) -> exp.Expression:
    """Casts of texts are as strict as Trino's; casts to text spell numbers and times as Trino does."""
    target, source = node.to.this, types.of(node.this)
    text = source is None or source.this in TEXTS
    if target in INTEGERS:
        if source is None or (family(source) in ("text", "number") and source.this not in INTEGERS):
            node.set("this", macro("integral", [node.this], types))
    elif target in (DType.TIMESTAMP, DType.TIMESTAMPNTZ):
        node.set("to", exp.DataType.build("TIMESTAMP", dialect="duckdb"))
        if text:
            node.set("this", macro("instant", [node.this], types))
    elif target == DType.DATE and text:
        node.set("this", macro("day", [node.this], types))
    elif target in TEXTS and not isinstance(node.this, exp.Null):  # which no form of text() is typed by
        return _to_text(node, types)
    elif target == DType.DECIMAL and not node.to.expressions:
        node.set("to", exp.DataType.build("DECIMAL(38, 0)", dialect="duckdb"))
    elif target == DType.JSON:
        return call("to_json", node.this)
    return node


def _to_text(node: exp.Cast, types: Types) -> exp.Expression:
    length = node.to.expressions
    text = macro("text", [node.this], types)
    if not length:
        return text
    size = exp.Literal.number(length[0].name)
    if node.to.this == DType.CHAR:
        return call("rpad", text, size, exp.Literal.string(" "))
    return call("left", text, size)
