"""Athena's SQL read into a tree: sqlglot's Trino grammar, with every function's own name and place kept."""

from __future__ import annotations

import logging
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokens import Token, TokenType

from localaws.athena.functions import PARSED
from localaws.errors import AwsError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it tells of each array's subscript
NAME = "name"  # the key of a function's own name among its node's notes


class AthenaSql(Trino):  # type: ignore[misc]  # sqlglot's types are not read here
    """Trino's grammar. Functions sqlglot would fold into one are kept apart by their names."""

    ORIGINAL_NAME_META_KEY = NAME

    class Parser(TrinoParser):  # type: ignore[misc]  # likewise
        """Reads functions outside ``PARSED`` as they stand."""

        FUNCTIONS: ClassVar = {k: build for k, build in TrinoParser.FUNCTIONS.items() if k.lower() in PARSED}
        PLACEHOLDER_PARSERS: ClassVar = {
            **TrinoParser.PLACEHOLDER_PARSERS,
            TokenType.PLACEHOLDER: lambda self: self.expression(exp.Placeholder()).update_positions(
                self._prev
            ),
        }


def tokens_of(sql: str) -> list[Token]:
    """The tokens of a statement.

    Raises:
        AwsError: MALFORMED_QUERY, as StartQueryExecution answers.
    """
    try:
        return list(AthenaSql().tokenize(sql))
    except TokenError as error:
        raise malformed(sql, len(sql), "mismatched input") from error


def parse(sql: str) -> exp.Expression:
    """The tree of one query.

    Raises:
        AwsError: MALFORMED_QUERY with line and column, as StartQueryExecution answers.
    """
    try:
        trees = AthenaSql().parse(sql, error_level=ErrorLevel.IMMEDIATE)
    except ParseError as error:
        at = error.errors[0] if error.errors else {}
        word = at.get("highlight") or "<EOF>"
        line, column = at.get("line") or 1, max(1, (at.get("col") or 1) - len(word) + 1)
        raise _refusal(f"line {line}:{column}: mismatched input '{word}'. {_hint(at)}".rstrip()) from error
    except TokenError as error:
        raise malformed(sql, len(sql), "mismatched input") from error
    if len(trees) != 1 or trees[0] is None:
        raise _refusal("Only one sql statement is allowed. Got: " + sql)
    return _with_precision(trees[0], sql)


def parse_expression(text: str, what: str) -> exp.Expression:
    """The tree of one expression, such as an execution parameter.

    Raises:
        AwsError: It is not one.
    """
    try:
        tree = exp.maybe_parse(text, dialect=AthenaSql)
    except (ParseError, TokenError) as error:
        raise _refusal(f"{what} is not an expression: {text}") from error
    return _with_precision(tree, text)


def parameter_sql(text: str) -> str:
    """An ExecutionParameter as SQL: what is no expression of values is a text: ``Seattle``."""
    try:
        tree = parse_expression(text, "an execution parameter")
    except AwsError:
        tree = None
    plain = tree is not None and tree.find(exp.Column) is None
    return text if plain else exp.Literal.string(text).sql("trino")


def _with_precision(tree: exp.Expression, sql: str) -> exp.Expression:
    """The tree with each ``DECIMAL '1.50'`` of the type its digits say; only a CAST has a default."""
    for node in tree.find_all(exp.Cast):
        value = node.this
        if node.to.this != exp.DataType.Type.DECIMAL or node.to.expressions or not value.is_string:
            continue
        if sql[: start_of(value) or 0].rstrip().lower().endswith(("decimal", "numeric")):
            whole, _, part = value.name.strip().lstrip("+-").partition(".")
            digits = max(1, len(whole.lstrip("0")) + len(part))
            node.set("to", exp.DataType.build(f"DECIMAL({digits}, {len(part)})", dialect="duckdb"))
    return tree


def malformed(sql: str, offset: int, text: str) -> AwsError:
    """The refusal of a statement that does not parse at an offset."""
    word = next(iter(sql[offset:].split()), "<EOF>")
    return _refusal(f"line {position(sql, offset)}: {text} '{word}'")


def position(sql: str, offset: int) -> str:
    """``line:column`` of an offset, both from 1."""
    before = sql[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def start_of(node: exp.Expression) -> int | None:
    """Where a node begins in the text; None when the parser kept no place of it or of what is in it."""
    starts = [found.meta["start"] for found in node.walk() if "start" in found.meta]
    return min(starts) if starts else None


def function_name(node: exp.Expression) -> str | None:
    """The name a function was called by, lower case; None for what is no call by name."""
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    name = node.meta.get(NAME)
    return str(name).lower() if name else None


def _hint(at: dict[str, object]) -> str:
    text = str(at.get("description") or "")
    return "Expecting: ')'" if text == "Expecting )" else ""


def _refusal(message: str) -> AwsError:
    return AwsError(
        "InvalidRequestException", message, AthenaErrorCode="MALFORMED_QUERY", ErrorCode="MALFORMED_QUERY"
    )
