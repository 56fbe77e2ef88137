"""UNNEST of maps, of rows and of several arrays at once, which DuckDB has in its select list only."""

from __future__ import annotations

from sqlglot import exp

from localaws.athena.dialect import function_name
from localaws.athena.exactness import DType
from localaws.athena.failures import refused
from localaws.athena.inference import Types

MAPS = {
    "histogram",
    "map_agg",
    "map_concat",
    "map_filter",
    "map_from_entries",
    "multimap_agg",
    "split_to_map",
}


def unnested(node: exp.Unnest, types: Types) -> exp.Expression | None:
    """A lateral subquery that gives what an UNNEST does; None where DuckDB's own UNNEST does.

    Args:
        node: ``UNNEST(…) [WITH ORDINALITY] [AS alias(columns)]`` of a FROM clause.
        types: The types of the query's nodes.
    """
    alias, items = node.args.get("alias"), node.expressions
    columns = [column.name for column in alias.args.get("columns") or []] if alias else []
    ordinal = bool(node.args.get("offset"))
    offset = node.args.get("offset")
    if isinstance(offset, exp.Identifier):  # sqlglot takes the last column's name for the ordinality
        columns.append(offset.name)
    wide = [_is_map(item, types) or _is_rows(item, types) for item in items]
    width = len(columns) - ordinal
    if len(items) == 1 and not wide[0] and width <= 1:
        return None
    if columns and width > len(items) and not any(wide):
        if len(items) > 1:
            raise refused("UNNEST of several expressions whose types it cannot tell")
        wide[0] = True
    parts = [_part(item, wide[n], types) for n, item in enumerate(items)]
    inner = exp.select(*parts)
    if ordinal:
        counted = exp.Window(this=exp.RowNumber())
        inner = exp.select("*", counted).from_(inner.subquery("__rows"))
    table = exp.TableAlias(
        this=alias.this if alias else None, columns=[exp.to_identifier(name) for name in columns]
    )
    return exp.Lateral(this=exp.Subquery(this=inner), alias=table if alias else None)


def _part(item: exp.Expression, wide: bool, types: Types) -> exp.Expression:
    if _is_map(item, types):
        item = exp.Anonymous(this="map_entries", expressions=[item.copy()])
    arguments = [item.copy()]
    if wide:
        depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
        arguments.append(depth)
    return exp.Anonymous(this="unnest", expressions=arguments)


def _is_map(item: exp.Expression, types: Types) -> bool:
    kind = types.of(item)
    return (
        isinstance(item, exp.Map | exp.VarMap)
        or function_name(item) in MAPS
        or (kind is not None and kind.this == DType.MAP)
    )


def _is_rows(item: exp.Expression, types: Types) -> bool:
    kind = types.of(item)
    if kind is not None and kind.this == DType.ARRAY and kind.expressions:
        inner = kind.expressions[0]
        return isinstance(inner, exp.DataType) and inner.this == DType.STRUCT
    return (
        isinstance(item, exp.Array) and bool(item.expressions) and isinstance(item.expressions[0], exp.Struct)
    )
