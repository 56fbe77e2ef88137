"""Statements: what is wrong with a step's SQL, found without running it. Athena's dialect, by sqlglot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from foldline.stepfiles.documents import Document
from foldline.stepfiles.problems import Problem, conflict_problem, nearest
from foldline.steps.data import IngestSettings
from foldline.steps.settings import Conflict

DIALECT = "athena"
_AFTER_COMMA = re.compile(r"FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|UNION|,|\)|;", re.IGNORECASE)


def statement_problems(settings: IngestSettings, document: Document, folder: Path) -> list[Problem]:
    """All that is wrong with the query and the rules of an ingest step.

    Args:
        settings: The step.
        document: Its file, for the places of rules and columns.
        folder: The pipeline's folder, where the query lies.
    """
    file = folder / settings.query
    shown = f"infra/{folder.name}/{settings.query}"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [Problem(shown, 0, "", f"cannot be read: {error}")]
    query, faults = _parsed(text)
    problems = [Problem(shown, line, "", message) for line, message in faults]
    told = [*_rule_conflicts(settings)]
    if query is not None:
        problems += [Problem(shown, 0, "", message) for message in _form_faults(query)]
        told += [*_parameter_conflicts(settings, query), *_column_conflicts(settings, query)]
    return problems + [conflict_problem(conflict, document) for conflict in told]


def _parsed(text: str) -> tuple[Any, list[tuple[int, str]]]:
    """The one statement in ``text``, and its faults by line."""
    import sqlglot
    from sqlglot.errors import ParseError, TokenError

    try:
        tokens = sqlglot.tokenize(text, read=DIALECT)
        found = [statement for statement in sqlglot.parse(text, read=DIALECT) if statement is not None]
    except TokenError:
        return None, [(_unclosed_line(text), "a quote or comment that opens here is never closed")]
    except ParseError as error:
        return None, [(fault["line"], _fault_text(fault)) for fault in error.errors]
    faults = [
        (after.line, f"column {after.col}: a comma before {after.text}")
        for comma, after in pairwise(tokens)
        if comma.text == "," and _AFTER_COMMA.fullmatch(after.text)
    ]
    if len(found) != 1:
        faults.append((1, f"holds {len(found)} statements, must hold one SELECT"))
        return None, faults
    return found[0], faults


def _fault_text(fault: dict[str, Any]) -> str:
    missing = re.match(r"Required keyword: '\w+' missing for <class '[\w.]+\.(\w+)'>", fault["description"])
    words = f"incomplete {missing[1]}" if missing else fault["description"]
    return f"column {fault['col']}: {words} at {fault['highlight']!r}"


def _unclosed_line(text: str) -> int:
    """The line of the quote or comment that is never closed."""
    closed = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/"
    rest = re.sub(closed, lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    opening = re.search(r"['\"`]|/\*", rest)
    return rest.count("\n", 0, opening.start()) + 1 if opening else 1


def _form_faults(query: Any) -> Iterator[str]:
    from sqlglot import expressions

    if not isinstance(query, expressions.Query):
        yield f"is a {query.key.upper()} statement, must be a SELECT"


def _parameter_conflicts(settings: IngestSettings, query: Any) -> Iterator[Conflict]:
    from sqlglot import expressions

    marks, values = len(list(query.find_all(expressions.Placeholder))), len(settings.parameters)
    if marks != values:
        names = f" ({', '.join(settings.parameters)})" if values else ""
        count = "1 value" if values == 1 else f"{values} values"
        yield Conflict(("parameters",), f"{count}{names}, {settings.query} has {marks} `?`")


def _column_conflicts(settings: IngestSettings, query: Any) -> Iterator[Conflict]:
    """Columns and rules that name what the query does not give; nothing is said of a query with `*`."""
    given = [name.lower() for name in getattr(query, "named_selects", [])]
    if not given or "*" in given:
        return
    for number, column in enumerate(settings.columns):
        if column.lower() not in given:
            message = f"{column!r} is not among the columns of {settings.query}"
            yield Conflict(("columns", number), message, nearest(column, given))
    for name, rule in settings.rules.items():
        for column in _columns_of(rule):
            if column.lower() not in given:
                message = f"{column!r} is not among the columns of {settings.query}"
                yield Conflict(("rules", name), message, nearest(column, given))


def _rule_conflicts(settings: IngestSettings) -> Iterator[Conflict]:
    """Rules that are no single condition; a rule becomes part of a larger statement."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    for name, rule in settings.rules.items():
        try:
            tokens = sqlglot.tokenize(rule, read=DIALECT)
            statements = sqlglot.parse(f"SELECT CASE WHEN {rule}\n THEN 1 END", read=DIALECT)
        except SqlglotError:
            yield Conflict(("rules", name), f"{rule!r} is no SQL condition")
            continue
        if any(token.comments for token in tokens) or any(token.text == ";" for token in tokens):
            yield Conflict(("rules", name), "holds a comment or `;`; write one condition")
        elif len(statements) != 1 or len(statements[0].expressions) != 1:
            yield Conflict(("rules", name), f"{rule!r} is no single SQL condition")
        elif "?" in (token.text for token in tokens):
            yield Conflict(("rules", name), "holds a `?`; parameters belong into the query")


def _columns_of(rule: str) -> list[str]:
    import sqlglot
    from sqlglot import expressions
    from sqlglot.errors import SqlglotError

    try:
        statement = sqlglot.parse_one(f"SELECT CASE WHEN {rule}\n THEN 1 END", read=DIALECT)
    except SqlglotError:
        return []
    return sorted({column.name for column in statement.find_all(expressions.Column)})
