"""Statements: what is wrong with a step's SQL, found without running it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foldline.stepfiles.documents import Document
from foldline.stepfiles.problems import Problem, conflict_problem, nearest
from foldline.stepfiles.sqltext import parsed
from foldline.steps.data import IngestSettings
from foldline.steps.queries import QuerySettings, RedshiftUnloadSettings, StatementSettings
from foldline.steps.settings import Conflict

DIALECT = "athena"
REDSHIFT = "redshift"
READING = ("SHOW", "DESCRIBE", "DESC", "EXPLAIN")
"""First words of statements that read, and are no query."""
UNKEYED = ("INSERT", "MERGE", "UPDATE", "UNLOAD")
"""First words of statements that write rows and would write them again, were their token forgotten."""


def statement_problems(settings: StatementSettings, document: Document, folder: Path) -> list[Problem]:
    """All that is wrong with a step's statement, and with the rules of an ingest step.

    Args:
        settings: The step.
        document: Its file, for the places of settings.
        folder: The pipeline's folder, where the query lies.
    """
    file = folder / settings.query
    shown = f"infra/{folder.name}/{settings.query}"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return [Problem(shown, 0, "", f"cannot be read: {error}")]
    select = not isinstance(settings, QuerySettings)
    dialect = REDSHIFT if isinstance(settings, RedshiftUnloadSettings) else DIALECT
    query, faults = parsed(text, dialect, "SELECT" if select else "statement")
    problems = [Problem(shown, line, "", message) for line, message in faults]
    told = [*_rule_conflicts(settings)] if isinstance(settings, IngestSettings) else []
    if query is not None:
        form = _query_faults(settings, query) if isinstance(settings, QuerySettings) else _form_faults(query)
        problems += [Problem(shown, 0, "", message) for message in form]
        if isinstance(settings, RedshiftUnloadSettings):
            told += [*_name_conflicts(settings, query)]
        else:
            told += [*_parameter_conflicts(settings, query)]
        if isinstance(settings, IngestSettings):
            told += [*_column_conflicts(settings, query)]
    return problems + [conflict_problem(conflict, document) for conflict in told]


def _form_faults(query: Any) -> Iterator[str]:
    from sqlglot import expressions

    if not isinstance(query, expressions.Query):
        yield f"is a {query.key.upper()} statement, must be a SELECT"


def refused_statement(settings: QuerySettings, text: str) -> str:
    """Why a `query` step may not run this text; empty when it may."""
    query, faults = parsed(text, DIALECT, "statement")
    found = [message for _, message in faults]
    return "; ".join(found + ([] if query is None else list(_query_faults(settings, query))))


def _query_faults(settings: QuerySettings, query: Any) -> Iterator[str]:
    """What a `query` step may not run; a statement sqlglot has no form for is told by its first word."""
    from sqlglot import expressions

    word = str(query.this if isinstance(query, expressions.Command) else query.key).upper()
    created = isinstance(query, expressions.Create) and query.expression is not None
    if word in UNKEYED or (created and str(query.args.get("kind")).upper() == "TABLE"):
        said = "CREATE TABLE AS" if created else word
        yield f"is a {said} statement; a `table` or `ingest` step writes rows, each exactly once"
    elif settings.read_only and not isinstance(query, expressions.Query) and word not in READING:
        yield f"is a {word} statement; `read_only: false` permits it"


def _name_conflicts(settings: RedshiftUnloadSettings, query: Any) -> Iterator[Conflict]:
    """Parameters that the query has no `:name` of, and names without a value."""
    from sqlglot import expressions

    names = {mark.name for mark in query.find_all(expressions.Placeholder)}
    for name in settings.parameters:
        if name not in names:
            message = f"{settings.query} has no `:{name}`"
            yield Conflict(("parameters", name), message, nearest(name, names))
    if missing := sorted(names - set(settings.parameters)):
        listed = ", ".join(f"`:{name}`" if name else "`?`" for name in missing)
        yield Conflict(("parameters",), f"has no value for {listed} of {settings.query}")


def _parameter_conflicts(settings: StatementSettings, query: Any) -> Iterator[Conflict]:
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
