"""Athena's meaning in DuckDB's terms: the tree of a query, node by node.

Most of it is naming: Trino's functions become DuckDB's, or the macros that behave like them. The rest is
where the two languages differ in form: lambdas over maps, UNNEST of several things, casts, formats of
dates.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localaws.athena.dialect import function_name
from localaws.athena.exactness import INTEGERS, REALS, DType
from localaws.athena.formats import joda_to_strftime, printf_kinds
from localaws.athena.functions import MACROS, RENAMED, REWRITTEN
from localaws.athena.inference import NUMBER, TEXTS, Types, exact, family
from localaws.athena.overloads import macro
from localaws.athena.unnest import unnested

Rewrite = Callable[[exp.Anonymous, Types], exp.Expression]
ENTRY = "__entry"
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


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A call of a DuckDB function or macro."""
    return exp.Anonymous(this=name, expressions=list(arguments))


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
    if dates or any(isinstance(side, exp.Interval) for side in sides):
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
    return call("trino_json_extract_scalar", node.this, _plain_path(node.args.get("path")))


def _json_object(node: exp.Expression, types: Types) -> exp.Expression:
    return exp.cast(node.copy(), "VARCHAR", dialect="duckdb")


def _json_extract(node: exp.JSONExtract, types: Types) -> exp.Expression:
    """JSON_QUERY, which sqlglot reads as an extraction, gives text."""
    return exp.cast(
        call("json_extract", node.this, _plain_path(node.expression)), "VARCHAR", dialect="duckdb"
    )


def _plain_path(path: exp.Expression | None) -> exp.Expression:
    text = path.name if path is not None else "$"
    return exp.Literal.string(text.removeprefix("lax ").removeprefix("strict ").strip())


OPERATORS: dict[type[exp.Expression], Callable[..., exp.Expression]] = {
    exp.Div: _divide,
    exp.Add: _shift,
    exp.Sub: _shift,
    exp.Avg: _average,
    exp.AtTimeZone: _at_zone,
    **dict.fromkeys((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot), _bitwise),
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
    elif target in TEXTS:
        return _to_text(node, types)
    elif target == DType.JSON:
        return call("to_json", node.this)
    return node


def _to_text(node: exp.Cast, types: Types) -> exp.Expression:
    length = node.to.expressions
    text = macro("text", [node.this], types)
    return call("left", text, exp.Literal.number(length[0].name)) if length else text


# Calls with a form of their own


def _concat_ws(node: exp.Anonymous, types: Types) -> exp.Expression:
    if len(node.expressions) == 2:
        return macro("concat_ws", node.expressions, types)
    return call("concat_ws", *node.expressions)


def _date(node: exp.Anonymous, types: Types) -> exp.Expression:
    return exp.cast(macro("day", node.expressions, types), "DATE", dialect="duckdb")


def _format(node: exp.Anonymous, types: Types) -> exp.Expression:
    """``format``: DuckDB's printf wants each argument in the type its sign is for."""
    pattern, *values = node.expressions
    kinds = printf_kinds(pattern)
    typed = [
        macro("text", [value], types) if kind == "VARCHAR" else exp.cast(value, kind, dialect="duckdb")
        for kind, value in zip(kinds, values, strict=False)
    ]
    return call("printf", pattern, *typed)


def _format_datetime(node: exp.Anonymous, types: Types) -> exp.Expression:
    return call("strftime", node.expressions[0], joda_to_strftime(node.expressions[1], "format_datetime"))


def _parse_datetime(node: exp.Anonymous, types: Types) -> exp.Expression:
    parsed = call("strptime", node.expressions[0], joda_to_strftime(node.expressions[1], "parse_datetime"))
    return exp.cast(parsed, "TIMESTAMPTZ", dialect="duckdb")


def _regexp_replace(node: exp.Anonymous, types: Types) -> exp.Expression:
    r"""Groups in the replacement are ``$1`` in Trino and ``\1`` in DuckDB."""
    text, pattern, *rest = node.expressions
    if rest and isinstance(rest[0], exp.Literal):
        replacement = rest[0].name.replace("\\$", "\0")
        for digit in "0123456789":
            replacement = replacement.replace(f"${digit}", f"\\{digit}")
        rest = [exp.Literal.string(replacement.replace("\0", "$"))]
    return call("trino_regexp_replace", text, pattern, *rest)


def _collected(name: str) -> Rewrite:
    """An aggregate over pairs: the pairs are collected, with the call's own FILTER, and then made a map."""

    def rewrite(node: exp.Anonymous, types: Types) -> exp.Expression:
        key, value = node.expressions
        pairs = call(
            "struct_pack",
            *(exp.PropertyEQ(this=exp.to_identifier(n), expression=e) for n, e in (("k", key), ("v", value))),
        )
        collected = call("list", pairs)
        if isinstance(node.parent, exp.Filter):
            parent = node.parent
            parent.replace(call(name, exp.Filter(this=collected, expression=parent.expression)))
            return collected
        return call(name, collected)

    return rewrite


def _set_agg(node: exp.Anonymous, types: Types) -> exp.Expression:
    return call("list", exp.Distinct(expressions=[node.expressions[0]]))


def _most_frequent(node: exp.Anonymous, types: Types) -> exp.Expression:
    count, value, *_ = node.expressions
    return call("trino_top_counts", call("histogram", value), count)


def _matches(wanted: str) -> Rewrite:
    def rewrite(node: exp.Anonymous, types: Types) -> exp.Expression:
        items, condition = node.expressions
        if wanted == "all":
            condition.set("this", exp.Not(this=exp.paren(condition.this)))
        found = call("len", call("list_filter", items, condition))
        return (
            exp.GT(this=found, expression=exp.Literal.number(0))
            if wanted == "any"
            else exp.EQ(this=found, expression=exp.Literal.number(0))
        )

    return rewrite


def _reduce(node: exp.Anonymous, types: Types) -> exp.Expression:
    items, start, step, finish = node.expressions
    folded = call("list_reduce", items, step, start)
    return _with_names(finish, {finish.expressions[0].name: folded})


def _zip_with(node: exp.Anonymous, types: Types) -> exp.Expression:
    one, other, function = node.expressions
    names = [item.name for item in function.expressions]
    body = _with_names(function, {name: _part(number) for number, name in enumerate(names, 1)})
    return call("list_transform", call("list_zip", one, other), _lambda(body))


def _part(number: int) -> exp.Expression:
    return call("struct_extract_at", exp.column(ENTRY), exp.Literal.number(number))


def _over_entries(wanted: str) -> Rewrite:
    """A lambda of key and value becomes one of a map's entry."""

    def rewrite(node: exp.Anonymous, types: Types) -> exp.Expression:
        items, function = node.expressions
        key, value = (item.name for item in function.expressions)
        parts = {key: exp.column("key", table=ENTRY), value: exp.column("value", table=ENTRY)}
        body, entries = _with_names(function, parts), call("map_entries", items)
        if wanted == "filter":
            return call("map_from_entries", call("list_filter", entries, _lambda(body)))
        sides = (body, parts[value].copy()) if wanted == "keys" else (parts[key].copy(), body)
        pair = call(
            "struct_pack",
            *(
                exp.PropertyEQ(this=exp.to_identifier(n), expression=e)
                for n, e in zip("kv", sides, strict=True)
            ),
        )
        return call("map_from_entries", call("list_transform", entries, _lambda(pair)))

    return rewrite


def _lambda(body: exp.Expression) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier(ENTRY)])


def _with_names(function: exp.Expression, values: dict[str, exp.Expression]) -> exp.Expression:
    """A lambda's body with its parameters replaced."""

    def replace(node: exp.Expression) -> exp.Expression:
        inner = isinstance(node, exp.Identifier) and not isinstance(node.parent, exp.Column | exp.Dot)
        if ((isinstance(node, exp.Column) and not node.table) or inner) and node.name in values:
            return values[node.name].copy()
        return node

    return function.this.transform(replace)


CALLS: dict[str, Rewrite] = {
    "all_match": _matches("all"),
    "any_match": _matches("any"),
    "none_match": _matches("none"),
    "approx_most_frequent": _most_frequent,
    "concat_ws": _concat_ws,
    "date": _date,
    "format": _format,
    "format_datetime": _format_datetime,
    "parse_datetime": _parse_datetime,
    "map_agg": _collected("trino_map_of"),
    "multimap_agg": _collected("trino_multimap_of"),
    "map_filter": _over_entries("filter"),
    "transform_keys": _over_entries("keys"),
    "transform_values": _over_entries("values"),
    "reduce": _reduce,
    "regexp_replace": _regexp_replace,
    "set_agg": _set_agg,
    "zip_with": _zip_with,
}
