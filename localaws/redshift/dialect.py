"""Redshift's SQL read into a tree: sqlglot's Redshift grammar, every function's own name kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ErrorLevel, ParseError, TokenError
from sqlglot.tokens import Token

from localaws.redshift.failures import StatementFailed, refused, syntax_error
from localaws.redshift.storage import without_storage

NAME = "name"  # the key of a function's own name among its node's notes
NO_TEXT = "cannot insert multiple commands into a prepared statement"


class RedshiftSql(Redshift):  # type: ignore[misc]  # sqlglot's types are not read here
    """Redshift's grammar; functions keep the names they were called by."""

    ORIGINAL_NAME_META_KEY = NAME


def tokens_of(sql: str) -> list[Token]:
    """The tokens of one statement, without the semicolon at its end.

    Raises:
        StatementFailed: It cannot be read, or is several statements.
    """
    try:
        tokens = list(RedshiftSql().tokenize(sql))
        if tokens and tokens[0].text.upper() == "UNLOAD":  # a command to sqlglot: the rest would be one text
            start, end = tokens[0].start, tokens[0].end + 1
            rest = sql[:start] + " " * (end - start) + sql[end:]
            tokens[1:] = RedshiftSql().tokenize(rest)
    except TokenError as error:
        raise syntax_error("", len(sql) + 1) from error
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if any(token.text == ";" and sql[token.start : token.end + 1] == ";" for token in tokens):
        raise StatementFailed(NO_TEXT)
    return tokens


def parse(sql: str, tokens: Sequence[Token]) -> exp.Expression:
    """The tree of one statement, its identifiers in lower case, as Redshift folds all of them.

    Raises:
        StatementFailed: A syntax error.
    """
    text = without_storage(sql[: tokens[-1].end + 1], tokens)
    try:
        tree = RedshiftSql().parse(text, error_level=ErrorLevel.IMMEDIATE)[0]
    except (ParseError, TokenError) as error:
        raise _syntax_error(error, sql) from error
    if tree is None:
        raise syntax_error("", 1)
    for node in tree.find_all(exp.Identifier):
        node.set("this", str(node.this).lower())
    return tree


def bind(tree: exp.Expression, values: Mapping[str, str]) -> set[str]:
    """Put values in place of ``:name``; the names that were used.

    A value becomes a literal of the tree, never text that is read as SQL; its place decides its type.

    Raises:
        StatementFailed: A name has no value.
    """
    used = set()
    for node in list(tree.find_all(exp.Placeholder)):
        name = str(node.this)
        if name not in values:
            raise StatementFailed(f"there is no parameter :{name}")
        used.add(name)
        limit = isinstance(node.parent, exp.Limit | exp.Offset) and values[name].isdigit()
        make = exp.Literal.number if limit else exp.Literal.string
        node.replace(make(values[name]))
    return used


def parameter_names(sql: str) -> set[str]:
    """The names a statement has a ``:name`` of, quoted texts left out; none of one that cannot be read."""
    try:
        tree = parse(sql, tokens_of(sql))
    except (StatementFailed, IndexError):
        return set()
    return {str(node.this) for node in tree.find_all(exp.Placeholder)}


def function_name(node: exp.Expression) -> str:
    """The name a function was called by, lower case."""
    return str(node.name if isinstance(node, exp.Anonymous) else node.meta.get(NAME) or node.key).lower()


def _syntax_error(error: Exception, sql: str) -> StatementFailed:
    details = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    word = str(details.get("highlight") or "")
    if not word:
        return syntax_error("", len(sql) + 1)
    at = sql.find(word, max(0, len(str(details.get("start_context") or "")) - 1))
    return syntax_error(word, at + 1 if at >= 0 else 1)


def no_command(tree: exp.Expression, words: str) -> None:
    """See that sqlglot has really read the statement.

    Raises:
        StatementFailed: It is of a kind it only keeps the text of.
    """
    if isinstance(tree, exp.Command):
        raise refused(f"the statement {words}")
