"""What the types in a query are, as far as they can be told from its text and the catalogue.

sqlglot resolves the columns and infers types on a copy of the tree; each node is found again by its number. A
type that is not known is left out, and nothing is then decided by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from localaws.athena.dialect import AthenaSql, function_name
from localaws.athena.exactness import (
    INTEGERS,
    REALS,
    DType,
    Exact,
    common_number,
    exact_call,
    exact_literal,
    exact_result,
    exact_type,
)
from localaws.athena.functions import RETURNS

NUMBER = "number"  # the key of a node's number among its notes
Tables = Mapping[str, Mapping[str, Mapping[str, str]]]  # database -> table -> column -> DuckDB type

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
TEXTS = {DType.VARCHAR, DType.TEXT, DType.CHAR, DType.NCHAR, DType.NVARCHAR}
TIMES = {DType.DATE, DType.TIMESTAMP, DType.TIMESTAMPNTZ, DType.TIMESTAMPTZ, DType.DATETIME}


def _annotate_call(annotator: Any, node: exp.Anonymous) -> None:
    known = RETURNS.get(str(function_name(node)))
    annotator._set_type(node, exp.DataType.build(known, dialect="duckdb") if known else DType.UNKNOWN)


def _annotate_literal(annotator: Any, node: exp.Literal) -> None:
    """In Trino a number with a point is a decimal, and only one with an exponent a double."""
    number = None if node.is_string else exact_literal(str(node.this))
    if number is None:
        annotator._annotate_literal(node)
    else:
        annotator._set_type(node, number.type)


def _annotate_arithmetic(annotator: Any, node: exp.Binary) -> None:
    left, right = exact_type(node.left.type), exact_type(node.right.type)
    intervals = [_is_interval(side) for side in (node.left, node.right)]
    if any(intervals):
        other = node.right if intervals[0] else node.left
        annotator._set_type(node, other.type if family(other.type) == "time" else DType.INTERVAL)
    elif left and right:
        annotator._set_type(node, exact_result(node, left, right).type)
    elif family(node.left.type) == family(node.right.type) == "time":
        annotator._set_type(node, DType.INTERVAL)
    else:
        annotator._annotate_binary(node)


def _is_interval(node: exp.Expression) -> bool:
    return isinstance(node, exp.Interval) or bool(node.type and node.type.this == DType.INTERVAL)


def _annotate_rounding(annotator: Any, node: exp.Expression) -> None:
    inner = exact_type(node.this.type)
    if inner and not inner.integer:
        annotator._set_type(node, exact_call(node, inner).type)
    else:
        AthenaSql.EXPRESSION_METADATA[type(node)]["annotator"](annotator, node)


def _annotate_average(annotator: Any, node: exp.Avg) -> None:
    inner = exact_type(node.this.type)
    decimal = inner is not None and not inner.integer
    annotator._set_type(node, inner.type if inner and decimal else DType.DOUBLE)


class _Typed(AthenaSql):
    """The dialect with the types of the functions it reads as they stand, and with Trino's numbers."""

    EXPRESSION_METADATA: ClassVar = {
        **AthenaSql.EXPRESSION_METADATA,
        exp.Anonymous: {"annotator": _annotate_call},
        exp.Literal: {"annotator": _annotate_literal},
        **{kind: {"annotator": _annotate_arithmetic} for kind in ARITHMETIC},
        **{kind: {"annotator": _annotate_rounding} for kind in (exp.Round, exp.Sum)},
        exp.Avg: {"annotator": _annotate_average},
    }


class _Annotator(TypeAnnotator):  # type: ignore[misc]  # sqlglot is not typed for subclasses
    """sqlglot's, but a decimal and a double have a double in common, and two decimals a wider one."""

    def _maybe_coerce(self, type1: Any, type2: Any) -> Any:
        one, other = (
            kind if isinstance(kind, exp.DataType) else exp.DataType.build(kind) for kind in (type1, type2)
        )
        if family(one) == family(other) == "number":
            return common_number(one, other)
        return super()._maybe_coerce(type1, type2)


@dataclass
class Types:
    """The types of a tree's nodes.

    Attributes:
        known: DuckDB-side types by the numbers of nodes.
        unresolved: The name of a column that is in none of the tables, if there is one.
        unions: The column types of both sides of each set operation.
    """

    known: dict[int, exp.DataType] = field(default_factory=dict)
    unresolved: str | None = None
    unions: list[tuple[list[exp.DataType | None], list[exp.DataType | None]]] = field(default_factory=list)

    def of(self, node: exp.Expression | None) -> exp.DataType | None:
        """A node's type; None when it is not known."""
        return None if node is None else self.known.get(node.meta.get(NUMBER, -1))

    def family(self, node: exp.Expression | None) -> str | None:
        """``number``, ``text``, ``boolean`` or ``time``; None for any other type and for none known."""
        return family(self.of(node))


def family(kind: exp.DataType | None) -> str | None:
    """The kind of values a type has."""
    if kind is None:
        return None
    if kind.this in INTEGERS or kind.this in REALS or kind.this == DType.DECIMAL:
        return "number"
    if kind.this in TEXTS:
        return "text"
    if kind.this in TIMES:
        return "time"
    return "boolean" if kind.this == DType.BOOLEAN else None


def types_of(tree: exp.Expression, tables: Tables, database: str) -> Types:
    """The types of a query's nodes; numbers the nodes of the tree as a side effect.

    Args:
        tree: The query as it was read.
        tables: The columns of every table it names.
        database: The database of unqualified names.
    """
    for number, node in enumerate(tree.walk()):
        node.meta[NUMBER] = number
    schema = MappingSchema(
        {
            name: {
                table: {column: _built(kind) for column, kind in columns.items()}
                for table, columns in inner.items()
            }
            for name, inner in tables.items()
        },
        dialect=_Typed,
    )
    found = Types()
    try:
        copy = qualify(
            tree.copy(),
            dialect=_Typed,
            db=database,
            schema=schema,
            expand_alias_refs=False,
            quote_identifiers=False,
            identify=False,
        )
        _Annotator(schema=schema).annotate(copy)
    except SqlglotError as error:
        text = str(error)
        if text.startswith("Column '"):
            found.unresolved = text.split("'")[1]
        return found
    for node in copy.walk():
        if (
            NUMBER in node.meta
            and node.type is not None
            and node.type.this not in (DType.UNKNOWN, DType.NULL)
        ):
            found.known[node.meta[NUMBER]] = node.type
        if isinstance(node, exp.SetOperation):
            found.unions.append(
                ([item.type for item in node.left.selects], [item.type for item in node.right.selects])
            )
    return found


def _built(kind: str) -> exp.DataType:
    return exp.DataType.build(kind, dialect="duckdb")


def exact(node: exp.Expression, types: Types) -> Exact | None:
    """Precision and scale of an exact number as Trino has it; None for doubles and for what is not known."""
    if isinstance(node, exp.Paren | exp.Neg | exp.Alias):
        return exact(node.this, types)
    if isinstance(node, exp.Literal) and not node.is_string:
        return exact_literal(str(node.this))
    return exact_type(node.to if isinstance(node, exp.Cast) else types.of(node))
