"""What Athena refuses and DuckDB would quietly convert: operations on types that do not go together."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp

from localaws.athena.dialect import function_name, position, start_of
from localaws.athena.exactness import DType
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.functions import REFUSED, RUN
from localaws.athena.inference import TEXTS, Types, family

COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
WORDS = {
    DType.INT: "integer",
    DType.FLOAT: "real",
    DType.TIMESTAMP: "timestamp(3)",
    DType.TIMESTAMPNTZ: "timestamp(3)",
    DType.TIMESTAMPTZ: "timestamp(3) with time zone",
}


def check_functions(tree: exp.Expression, sql: str) -> None:
    """Refuse functions that Athena does not have, or that are not run here.

    Raises:
        QueryFailed: FUNCTION_NOT_FOUND, or NOT_SUPPORTED; with the function's place.
    """
    for node in tree.find_all(exp.Func):
        name = function_name(node)
        if name is None or name in RUN:
            continue
        where = f"line {position(sql, start_of_call(node))}"
        if name in REFUSED:
            raise refused(f"the function {name} ({where})")
        raise QueryFailed(f"FUNCTION_NOT_FOUND: {where}: Function '{name}' not registered")
    for kind, what in ((exp.MatchRecognize, "MATCH_RECOGNIZE"), (exp.Pivot, "PIVOT")):
        if tree.find(kind):
            raise refused(what)


def start_of_call(node: exp.Expression) -> int:
    """Where a call's name begins."""
    return int(node.meta.get("start", start_of(node) or 0))


def check_types(tree: exp.Expression, types: Types, sql: str) -> None:
    """Refuse comparisons, arithmetic and choices between types with nothing in common.

    Raises:
        QueryFailed: TYPE_MISMATCH in Trino's words.
    """
    for node in tree.walk():
        if type(node) in COMPARISONS:
            _same(node, COMPARISONS[type(node)], types, sql)
        elif type(node) in ARITHMETIC:
            _numbers(node, ARITHMETIC[type(node)], types, sql)
        elif isinstance(node, exp.DPipe):
            _texts(node, types, sql)
        elif isinstance(node, exp.Between):
            _between(node, types, sql)
        elif isinstance(node, exp.In) and node.expressions:
            what = "IN value and list items must be the same type or coercible to a common type"
            _common([node.this, *node.expressions], what, types, sql)
        elif isinstance(node, exp.Coalesce):
            what = "All COALESCE operands must be the same type or coercible to a common type"
            _common([node.this, *node.expressions], what, types, sql)
        elif isinstance(node, exp.Case):
            what = "All CASE results must be the same type or coercible to a common type"
            _common(_results(node), what, types, sql)
        elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
            what = "Result types for IF must be the same"
            _common([item for item in (node.args["true"], node.args.get("false")) if item], what, types, sql)
    _unions(types)


def _same(node: exp.Binary, sign: str, types: Types, sql: str) -> None:
    if isinstance(node.right, exp.SubqueryPredicate):  # = ANY (…): its type is not that of the rows
        return
    one, other = types.family(node.left), types.family(node.right)
    if one and other and one != other:
        _mismatch(node, sign, types, sql)


def _numbers(node: exp.Binary, sign: str, types: Types, sql: str) -> None:
    families = {types.family(node.left), types.family(node.right)}
    intervals = isinstance(node.left, exp.Interval) or isinstance(node.right, exp.Interval)
    if not intervals and (families & {"text", "boolean"} or families == {"number", "time"}):
        _mismatch(node, sign, types, sql)


def _mismatch(node: exp.Binary, sign: str, types: Types, sql: str) -> None:
    left, right = word_of(node.left, types), word_of(node.right, types)
    if left == "unknown" or right == "unknown":
        return
    where = position(sql, _operator(node, sql))
    raise QueryFailed(f"TYPE_MISMATCH: line {where}: Cannot apply operator: {left} {sign} {right}")


def _texts(node: exp.DPipe, types: Types, sql: str) -> None:
    kinds = [types.of(node.left), types.of(node.right)]
    if any(kind is not None and kind.this == DType.ARRAY for kind in kinds):
        return
    sides = [family(kind) for kind in kinds]
    if any(side not in (None, "text") for side in sides):
        where = position(sql, _operator(node, sql))
        given = f"({word_of(node.left, types)}, {word_of(node.right, types)})"
        expected = (
            "concat(char(x), char(y)), concat(array(E), E) E, concat(E, array(E)) E, concat(array(E)) E, "
        )
        expected += "concat(varchar), concat(varbinary)"
        what = f"Unexpected parameters {given} for function concat"
        raise QueryFailed(f"TYPE_MISMATCH: line {where}: {what}. {expected}")


def _between(node: exp.Between, types: Types, sql: str) -> None:
    parts = [node.this, node.args["low"], node.args["high"]]
    if len({types.family(part) for part in parts} - {None}) > 1:
        value, low, high = (word_of(part, types) for part in parts)
        where = position(sql, start_of(node) or 0)
        raise QueryFailed(f"TYPE_MISMATCH: line {where}: Cannot check if {value} is BETWEEN {low} and {high}")


def _common(items: list[exp.Expression], what: str, types: Types, sql: str) -> None:
    known = [item for item in items if types.family(item)]
    for one, other in pairwise(known):
        if types.family(one) != types.family(other):
            words = list(dict.fromkeys(word_of(item, types) for item in known))
            where = position(sql, start_of(other) or 0)
            two = f"Cannot find common type between {word_of(one, types)} and {word_of(other, types)}"
            all_types = f"all types (without duplicates): [{', '.join(words)}]"
            raise QueryFailed(f"TYPE_MISMATCH: line {where}: {what}. {two}, {all_types}")


def _results(node: exp.Case) -> list[exp.Expression]:
    branches = [branch.args["true"] for branch in node.args["ifs"]]
    default = node.args.get("default")
    return [*branches, default] if default is not None else branches


def _unions(types: Types) -> None:
    for left, right in types.unions:
        for number, (one, other) in enumerate(zip(left, right, strict=False), 1):
            if family(one) and family(other) and family(one) != family(other):
                words = f"{_word(one)}, {_word(other)}"
                raise QueryFailed(
                    f"TYPE_MISMATCH: line 1:1: column {number} in UNION query has incompatible types: {words}"
                )


def word_of(node: exp.Expression, types: Types) -> str:
    """Trino's word for a node's type; ``unknown`` when it is not known."""
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(node.name)})"
    if isinstance(node, exp.Literal) and "." in node.name and "e" not in node.name.lower():
        whole, _, part = node.name.partition(".")
        return f"decimal({max(1, len(whole.lstrip('0')) + len(part))},{len(part)})"
    return _word(types.of(node))


def _word(kind: exp.DataType | None) -> str:
    if kind is None or kind.this in (DType.UNKNOWN, DType.NULL):
        return "unknown"
    if kind.this in TEXTS:
        return "varchar"
    if kind.this == DType.DECIMAL:
        return "decimal" + (
            f"({','.join(part.name for part in kind.expressions)})" if kind.expressions else ""
        )
    return WORDS.get(kind.this) or str(kind.this.value).lower()


def _operator(node: exp.Binary, sql: str) -> int:
    """Where the sign between two operands stands: after the left one and what closes it."""
    ends = [found.meta["end"] for found in node.left.walk() if "end" in found.meta]
    offset = max(ends, default=-1) + 1
    while offset < len(sql) and sql[offset] in " \t\r\n)":
        offset += 1
    return offset if offset < len(sql) else 0
