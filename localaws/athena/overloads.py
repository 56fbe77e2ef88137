"""Which form of a typed macro a call means, by the types of its arguments as far as they are known."""

from __future__ import annotations

from sqlglot import exp

from localaws.athena.exactness import DType
from localaws.athena.inference import Types
from localaws.athena.macros import FORMS, variant

WORDS = {
    DType.TINYINT: "TINYINT",
    DType.SMALLINT: "SMALLINT",
    DType.INT: "INTEGER",
    DType.BIGINT: "BIGINT",
    DType.FLOAT: "FLOAT",
    DType.DOUBLE: "DOUBLE",
    DType.DECIMAL: "DECIMAL",
    DType.BOOLEAN: "BOOLEAN",
    DType.DATE: "DATE",
    DType.TIMESTAMP: "TIMESTAMP",
    DType.TIMESTAMPNTZ: "TIMESTAMP",
    DType.TIMESTAMPTZ: "TIMESTAMPTZ",
    DType.INTERVAL: "INTERVAL",
    **dict.fromkeys((DType.VARCHAR, DType.TEXT, DType.CHAR), "VARCHAR"),
}
# What a type passes for, the nearest first.
WIDER = {
    "TINYINT": ("SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE"),
    "SMALLINT": ("INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE"),
    "INTEGER": ("BIGINT", "HUGEINT", "DOUBLE"),
    "BIGINT": ("HUGEINT", "DOUBLE"),
    "FLOAT": ("DOUBLE",),
    "DECIMAL": ("DOUBLE",),
    "DATE": ("TIMESTAMP", "TIMESTAMPTZ"),
    "TIMESTAMP": ("TIMESTAMPTZ",),
}


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A call of a DuckDB function or macro."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def macro(name: str, arguments: list[exp.Expression], types: Types) -> exp.Anonymous:
    """A call of a macro: of the one form that fits, or of the typed macro where the types are not all known.

    Args:
        name: The macro's name, without ``trino_``.
        arguments: What it is called with.
        types: The types of the query's nodes.
    """
    chosen = None
    forms = [(n, form) for n, form in enumerate(FORMS[name]) if len(form.types) == len(arguments)]
    if any(any(form.types) for _, form in forms):
        given = [word_of(argument, types) for argument in arguments]
        fits = [(_distance(form.types, given), number) for number, form in forms]
        if None not in (distance for distance, _ in fits):
            possible = [
                (distance, number) for distance, number in fits if distance is not None and distance >= 0
            ]
            if possible:
                chosen = variant(name, min(possible)[1])
    return exp.Anonymous(this=chosen or f"trino_{name}", expressions=arguments)


def word_of(node: exp.Expression, types: Types) -> str | None:
    """DuckDB's word for a node's type; ``OTHER`` for one no macro is typed by; None when it is not known."""
    if isinstance(node, exp.Interval):
        return "INTERVAL"
    kind = types.of(node)
    if kind is None:
        return None
    if kind.this == DType.ARRAY and kind.expressions:
        inner = WORDS.get(kind.expressions[0].this) if isinstance(kind.expressions[0], exp.DataType) else None
        return f"{inner}[]" if inner else "OTHER"
    return WORDS.get(kind.this, "OTHER")


def _distance(wanted: tuple[str, ...], given: list[str | None]) -> int | None:
    """How far arguments are from a form: 0 for its own types, -1 if not meant, None if that is not known."""
    total = 0
    for target, word in zip(wanted, given, strict=True):
        if not target:
            total += 100  # any type: meant only where no form names the argument's
        elif word is None:
            return None
        elif word != target:
            if target not in WIDER.get(word, ()):
                return -1
            total += 1 + WIDER[word].index(target)
    return total
