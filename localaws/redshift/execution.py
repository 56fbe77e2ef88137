"""One statement carried out on a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from sqlglot import exp
from sqlglot.tokens import Token

from localaws.athena.hivetypes import quoted
from localaws.glue.catalog import Document
from localaws.redshift import definitions
from localaws.redshift.compiler import compiled
from localaws.redshift.copying import copy
from localaws.redshift.dialect import bind, parse, tokens_of
from localaws.redshift.engine import Link
from localaws.redshift.failures import StatementFailed, refused, syntax_error, translated
from localaws.redshift.options import Words
from localaws.redshift.results import write_result
from localaws.redshift.unloading import unload
from localaws.world import World

NO_EFFECT = ("VACUUM", "ANALYZE", "GRANT", "REVOKE", "LOCK", "COMMENT")
SETTINGS = ("query_group", "statement_timeout", "timezone", "datestyle", "enable_result_cache_for_session")
FIRST_WORDS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "ALTER", "DROP", "TRUNCATE")
MORE_FIRST_WORDS = ("SET", "VALUES", "(")
TRANSACTIONS = {
    "BEGIN": "BEGIN",
    "START": "BEGIN",
    "COMMIT": "COMMIT",
    "END": "COMMIT",
    "ROLLBACK": "ROLLBACK",
}
TRANSACTIONS["ABORT"] = "ROLLBACK"
OTHERS = """
SHOW EXPLAIN CALL EXECUTE PREPARE DEALLOCATE DECLARE FETCH CLOSE USE RESET CANCEL REFRESH ATTACH DETACH
"""


@dataclass
class Outcome:
    """What a statement left behind.

    Attributes:
        rows: The rows of its result, or those it changed.
        size: The bytes of its result.
        columns: Those of its result, None when it has none.
    """

    rows: int = 0
    size: int = 0
    columns: list[Document] | None = None


@dataclass
class Statement:
    """One statement's text, read as far as needed to know what it is.

    Attributes:
        sql: The text.
        tokens: Its tokens.
    """

    sql: str
    tokens: list[Token] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = tokens_of(self.sql)
        if not self.tokens:
            raise syntax_error("", 1)

    @property
    def word(self) -> str:
        """Its first word, upper case."""
        return str(self.tokens[0].text).upper()

    @property
    def writes(self) -> bool:
        """Whether it may change the database."""
        return self.word not in ("SELECT", "WITH", "UNLOAD", "SET", *TRANSACTIONS)


def carry_out(
    statement: Statement, values: Mapping[str, str], link: Link, world: World, result: Path
) -> Outcome:
    """Carry a statement out; the transaction is the caller's.

    Args:
        statement: What is asked.
        values: Its parameters.
        link: The connection.
        world: The services' common ground.
        result: The file of its result, if it has one.

    Raises:
        StatementFailed: It failed.
        StatementCancelled: It was stopped.
    """
    try:
        words = Words(statement.sql, statement.tokens)
        if statement.word == "COPY":
            return Outcome(copy(words, link, world))
        if statement.word == "UNLOAD":
            return Outcome(unload(words, link, world))
        if statement.word in NO_EFFECT:
            return Outcome()
        if statement.word not in (*FIRST_WORDS, *MORE_FIRST_WORDS):
            raise _unknown(statement)
        tree = parse(statement.sql, statement.tokens)
        bind(tree, values)
        return _carry_out(tree, statement, link, result)
    except duckdb.Error as error:
        raise translated(error) from error


def _carry_out(tree: exp.Expression, statement: Statement, link: Link, result: Path) -> Outcome:
    if isinstance(tree, exp.Query):
        into = tree.args.get("into")
        if into is not None:
            return _select_into(tree, into, link)
        columns, rows, size = write_result(link, compiled(tree, link, link.database), result)
        return Outcome(rows, size, columns)
    if isinstance(tree, exp.Insert | exp.Update | exp.Delete | exp.Merge):
        return _change(tree, link)
    if isinstance(tree, exp.Create):
        definitions.create(tree, link)
    elif isinstance(tree, exp.Alter):
        definitions.alter(tree, link)
    elif isinstance(tree, exp.Drop) and str(tree.kind).upper() in definitions.KINDS:
        _drop(tree, link)
    elif isinstance(tree, exp.TruncateTable):
        for table in tree.expressions:
            link.execute(f"DELETE FROM {definitions.table_name(table, link)}")  # noqa: S608  # a quoted name
    elif isinstance(tree, exp.Set):
        _set(tree, link)
    else:
        raise refused(f"the statement {statement.sql.strip()[:60]}")
    return Outcome()


def _change(tree: exp.Expression, link: Link) -> Outcome:
    target = tree.this.find(exp.Table)
    checked = target.copy()
    rows = link.rows(compiled(tree, link, link.database))
    if not isinstance(tree, exp.Delete):
        definitions.check_lengths(checked, link)
    return Outcome(int(rows[0][0]) if rows else 0)


def _select_into(tree: exp.Query, into: exp.Into, link: Link) -> Outcome:
    tree.set("into", None)
    create = exp.Create(this=into.this, kind="TABLE", expression=tree)
    if into.args.get("temporary"):
        create.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    definitions.create(create, link)
    return Outcome()


def _drop(tree: exp.Drop, link: Link) -> None:
    kind, exists = str(tree.kind).upper(), "IF EXISTS " if tree.args.get("exists") else ""
    cascade = " CASCADE" if tree.args.get("cascade") else ""
    for table in tree.args["tables"]:
        if kind == "SCHEMA":
            name = f"{quoted(link.database)}.{quoted(table.db or table.name)}"
        else:
            name = definitions.table_name(table, link)
        link.execute(f"DROP {kind} {exists}{name}{cascade}")


def _set(tree: exp.Set, link: Link) -> None:
    for item in tree.expressions:
        pair = item.this
        name = pair.this.name.lower() if isinstance(pair, exp.EQ) else ""
        if name == "search_path":
            path = ",".join(part.strip().strip("'\"").lower() for part in pair.expression.sql().split(","))
            link.execute(f"SET search_path = '{path.replace(chr(39), '')}'")
        elif name not in SETTINGS:
            raise refused(f"SET {item.sql('redshift')[:60]}")


def _unknown(statement: Statement) -> StatementFailed:
    known = OTHERS.split()
    if statement.word in known or statement.word in TRANSACTIONS:
        return refused(f"the statement {statement.word}")
    token = statement.tokens[0]
    return syntax_error(token.text, token.start + 1)
