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
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from localaws.athena.dialect import AthenaSql, function_name
from localaws.athena.functions import RETURNS

NUMBER = "number"  # the key of a node's number among its notes
Tables = Mapping[str, Mapping[str, Mapping[str, str]]]  # database -> table -> column -> DuckDB type

DType = exp.DataType.Type
INTEGERS = {DType.TINYINT: 3, DType.SMALLINT: 5, DType.INT: 10, DType.BIGINT: 19}
TEXTS = {DType.VARCHAR, DType.TEXT, DType.CHAR, DType.NCHAR, DType.NVARCHAR}
REALS = {DType.DOUBLE, DType.FLOAT}
TIMES = {DType.DATE, DType.TIMESTAMP, DType.TIMESTAMPNTZ, DType.TIMESTAMPTZ, DType.DATETIME}


def _annotate_call(annotator: Any, node: exp.Anonymous) -> None:
    known = RETURNS.get(str(function_name(node)))
    annotator._set_type(node, exp.DataType.build(known, dialect="duckdb") if known else DType.UNKNOWN)


class _Typed(AthenaSql):
    """The dialect with the types of the functions it reads as they stand."""

    EXPRESSION_METADATA: ClassVar = {
        **AthenaSql.EXPRESSION_METADATA,
        exp.Anonymous: {"annotator": _annotate_call},
    }


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
        annotate_types(copy, schema=schema, dialect=_Typed)
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


@dataclass(frozen=True)
class Exact:
    """An exact number's precision and scale; an integer's scale is 0 and ``integer`` is set."""

    precision: int
    scale: int
    integer: bool = False


def exact(node: exp.Expression, types: Types) -> Exact | None:
    """Precision and scale of an exact number as Trino has it; None for doubles and for what is not known.

    In Trino ``1.5`` is a decimal(2,1), and ``x / 60.0`` of a bigint a decimal with one digit after the point.
    """
    if isinstance(node, exp.Paren | exp.Neg | exp.Alias):
        return exact(node.this, types)
    if isinstance(node, exp.Literal) and not node.is_string:
        return _exact_literal(str(node.this))
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div):
        left, right = exact(node.left, types), exact(node.right, types)
        return _exact_result(node, left, right) if left and right else None
    kind = types.of(node)
    if isinstance(node, exp.Cast):
        kind = node.to
    if kind is None:
        return None
    if kind.this in INTEGERS:
        return Exact(INTEGERS[kind.this], 0, integer=True)
    if kind.this == DType.DECIMAL and kind.expressions:
        numbers = [int(part.name) for part in kind.expressions]
        return Exact(numbers[0], numbers[1] if len(numbers) > 1 else 0)
    return None


def _exact_literal(text: str) -> Exact | None:
    if "e" in text.lower():
        return None
    if "." not in text:
        return Exact(10 if int(text) < 2**31 else 19, 0, integer=True)
    whole, _, part = text.partition(".")
    return Exact(max(1, len(whole.lstrip("0")) + len(part)), len(part))


def _exact_result(node: exp.Binary, left: Exact, right: Exact) -> Exact:
    if left.integer and right.integer:
        return Exact(max(left.precision, right.precision), 0, integer=True)
    if isinstance(node, exp.Mul):
        return Exact(min(38, left.precision + right.precision), left.scale + right.scale)
    scale = max(left.scale, right.scale)
    if isinstance(node, exp.Div):
        more = max(right.scale - left.scale, 0)
        return Exact(min(38, left.precision + right.scale + more), scale)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return Exact(min(38, whole + scale + 1), scale)
