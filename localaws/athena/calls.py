"""Calls that take another form in DuckDB: lambdas over maps, aggregates of pairs, formats of dates."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from localaws.athena.formats import joda_to_strftime, printf_kinds
from localaws.athena.inference import Types
from localaws.athena.overloads import call, macro

Rewrite = Callable[[exp.Anonymous, Types], exp.Expression]
ENTRY = "__entry"


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


def _merged(name: str) -> Rewrite:
    """An aggregate over maps or arrays: they are collected, with the call's own FILTER, and then merged."""

    def rewrite(node: exp.Anonymous, types: Types) -> exp.Expression:
        collected = call("list", node.expressions[0])
        if isinstance(node.parent, exp.Filter):
            parent = node.parent
            parent.replace(call(name, exp.Filter(this=collected, expression=parent.expression)))
            return collected
        return call(name, collected)

    return rewrite


def _json_exists(node: exp.Anonymous, types: Types) -> exp.Expression:
    return call("trino_json_exists", node.expressions[0], plain_path(node.expressions[1]))


def _json_array(node: exp.Anonymous, types: Types) -> exp.Expression:
    return exp.cast(call("json_array", *node.expressions), "VARCHAR", dialect="duckdb")


def plain_path(path: exp.Expression | None) -> exp.Expression:
    """A JSON path without its mode."""
    text = path.name if path is not None else "$"
    return exp.Literal.string(text.removeprefix("lax ").removeprefix("strict ").strip())


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
    "json_array": _json_array,
    "json_exists": _json_exists,
    "map_agg": _collected("trino_map_of"),
    "map_union": _merged("trino_merged_maps"),
    "multimap_agg": _collected("trino_multimap_of"),
    "map_filter": _over_entries("filter"),
    "transform_keys": _over_entries("keys"),
    "transform_values": _over_entries("values"),
    "reduce": _reduce,
    "regexp_replace": _regexp_replace,
    "set_agg": _set_agg,
    "set_union": _merged("trino_merged_sets"),
    "zip_with": _zip_with,
}
