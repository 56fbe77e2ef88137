"""A query of Athena's made one of DuckDB's: parameters bound, tables found, types checked, meaning kept."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from localaws.athena.catalogs import is_catalog
from localaws.athena.checks import check_functions, check_types
from localaws.athena.dialect import parse, parse_expression, position, start_of
from localaws.athena.engine import Session
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.hivetypes import quoted
from localaws.athena.inference import types_of
from localaws.athena.information import information, partition_table
from localaws.athena.pruning import conditions_on, values_asked
from localaws.athena.relations import HIDDEN, Wanted, columns_of, relation
from localaws.athena.rewrites import rewritten
from localaws.glue.catalog import Catalog, Document
from localaws.glue.expressions import types_of as key_types

HIVE = "hive"  # the catalogue's name in the ColumnInfo of every result
UNRESOLVED = "cannot be resolved or requester is not authorized to access requested resources"
VIEW_PREFIX = "/* Presto View: "
VIEW_TIMES = {"timestamp(3)": "TIMESTAMP", "timestamp(3) with time zone": "TIMESTAMPTZ"}


@dataclass
class Compiled:
    """A query ready to run.

    Attributes:
        sql: What DuckDB is asked; it names temporary views of the session.
        text: What the user asked, for places in error texts.
        tree: The query as it was read, its parameters bound.
        unresolved: A column the query names that none of its tables has.
    """

    sql: str
    text: str
    tree: exp.Expression
    unresolved: str | None


@dataclass
class Compiler:
    """Compiles the queries of one session.

    Attributes:
        session: The connection the views are made in.
        catalog: The Glue catalogue.
        database: The database of unqualified names.
        scanned: The bytes of the tables found so far.
        tables: The tables found so far, by database and name.
    """

    session: Session
    catalog: Catalog
    database: str
    scanned: int = 0
    tables: set[tuple[str, str]] = field(default_factory=set)
    _numbers: Iterable[int] = field(default_factory=itertools.count)

    def compile(self, text: str, parameters: Sequence[str] = ()) -> Compiled:
        """Compile one query.

        Args:
            text: The query.
            parameters: SQL expressions for its question marks, in order.

        Raises:
            QueryFailed: Athena would refuse it, or it is not served.
        """
        tree = parse(text)
        _bind(tree, parameters)
        check_functions(tree, text)
        found = {id(node): self._find(node, text) for node in _table_nodes(tree)}
        columns: dict[str, dict[str, dict[str, str]]] = {}
        for node in _table_nodes(tree):
            database, document = found[id(node)]
            columns.setdefault(database, {})[node.name.lower()] = _known_columns(document)
        types = types_of(tree, columns, self.database)
        check_types(tree, types, text)
        kept = tree.copy()
        _forbid_alias_use(tree, types.unresolved, text)
        for node in list(_table_nodes(tree)):
            database, document = found[id(node)]
            self._install(node, database, document, tree)
        _name_columns(tree)
        return Compiled(rewritten(tree, types).sql("duckdb"), text, kept, types.unresolved)

    def _find(self, node: exp.Table, text: str) -> tuple[str, Document]:
        """The database's name and the table's document."""
        if not isinstance(node.this, exp.Identifier):
            raise refused(f"the table function {node.this.sql('trino')}")
        where = f"line {position(text, start_of(node) or 0)}"
        if node.catalog and node.catalog.lower() != HIVE and not is_catalog(self.catalog.store, node.catalog):
            raise QueryFailed(f"CATALOG_NOT_FOUND: {where}: Catalog '{node.catalog.lower()}' not found")
        database, name = (node.db or self.database).lower(), node.name.lower()
        if database == "information_schema":
            return database, information(self.catalog, name, where)
        if self.catalog.store.get("glue.database", database) is None:
            raise QueryFailed(f"SCHEMA_NOT_FOUND: {where}: Schema '{database}' does not exist")
        if (listed := partition_table(self.catalog, database, name)) is not None:
            return database, listed
        if not self.catalog.has_table(database, name):
            raise QueryFailed(
                f"TABLE_NOT_FOUND: {where}: Table 'awsdatacatalog.{database}.{name}' does not exist"
            )
        self.tables.add((database, name))
        return database, self.catalog.table(database, name)

    def _install(self, node: exp.Table, database: str, document: Document, tree: exp.Expression) -> None:
        """Make the table a view of the session, and the node a mention of that view."""
        view = f"__t{next(iter(self._numbers))}"
        if "Rows" in document:
            sql = document["Rows"]
        elif document.get("TableType") == "VIRTUAL_VIEW":
            sql = self._view(document, database)
        else:
            wanted = _wanted(node, document, tree)
            sql, scanned = relation(document, self.catalog, self.session, wanted)
            self.scanned += scanned
        self.session.execute(f"CREATE TEMP VIEW {view} AS {sql}")
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name, quoted=True))
        node.set("this", exp.to_identifier(view))
        node.set("db", None)
        node.set("catalog", None)
        node.set("alias", alias)

    def _view(self, document: Document, database: str) -> str:
        """A stored view's query, compiled in the view's own database."""
        body = view_body(document)
        inner = Compiler(self.session, self.catalog, body.get("schema") or database, _numbers=self._numbers)
        compiled = inner.compile(body["originalSql"])
        self.scanned += inner.scanned
        self.tables |= inner.tables
        labels = ", ".join(quoted(column["name"]) for column in body["columns"])
        return f"SELECT * FROM ({compiled.sql}) AS __view({labels})"


def view_body(document: Document) -> Document:
    """What Athena stored of a view.

    Raises:
        QueryFailed: The table's text is no view of Athena's.
    """
    text = str(document.get("ViewOriginalText", ""))
    if not text.startswith(VIEW_PREFIX):
        raise QueryFailed(
            f"INVALID_VIEW: View '{document['DatabaseName']}.{document['Name']}' is no Presto view"
        )
    body: Document = json.loads(base64.b64decode(text[len(VIEW_PREFIX) :].removesuffix("*/").strip()))
    return body


def _known_columns(document: Document) -> dict[str, str]:
    """A table's columns and their DuckDB types for the checks."""
    columns = columns_of(document)
    if document.get("TableType") == "VIRTUAL_VIEW":
        stored = {column["name"].lower(): str(column["type"]) for column in view_body(document)["columns"]}
        return {name: _view_type(stored.get(name, ""), kind) for name, kind in columns.items()}
    return columns | ({} if "Rows" in document else {"$path": "VARCHAR", "$file_size": "BIGINT"})


def _view_type(stored: str, kind: str) -> str:
    """The type of a view's column; one that the catalogue's Hive types cannot say is left open."""
    if stored in VIEW_TIMES:
        return VIEW_TIMES[stored]
    text = stored.startswith(("varchar", "char"))
    return kind if text == (kind == "VARCHAR") else "UNKNOWN"


def _bind(tree: exp.Expression, parameters: Sequence[str]) -> None:
    marks = [node for node in tree.walk() if isinstance(node, exp.Placeholder)]
    marks.sort(key=lambda node: start_of(node) or 0)
    if len(marks) != len(parameters):
        counts = f"expected {len(marks)} but found {len(parameters)}"
        raise QueryFailed(f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: {counts}")
    for mark, parameter in zip(marks, parameters, strict=True):
        mark.replace(parse_expression(parameter, "an execution parameter"))


def _table_nodes(tree: exp.Expression) -> list[exp.Table]:
    """The mentions of the catalogue's tables: not those of a WITH."""
    return [node for node in tree.find_all(exp.Table) if not _is_named_query(node)]


def _is_named_query(node: exp.Table) -> bool:
    if node.db or not isinstance(node.this, exp.Identifier):
        return False
    above = node.parent
    while above is not None:
        if isinstance(above, exp.Query) and any(cte.alias.lower() == node.name.lower() for cte in above.ctes):
            return True
        above = above.parent
    return False


def _wanted(node: exp.Table, document: Document, tree: exp.Expression) -> Wanted:
    """The columns, partitions and hidden facts a query wants of one of its tables."""
    names = frozenset(column.name.lower() for column in tree.find_all(exp.Column))
    star = any(not isinstance(found.parent, exp.Count) for found in tree.find_all(exp.Star))
    keys = key_types(document.get("PartitionKeys") or [])
    hidden = bool(names & set(HIDDEN))
    if hidden:
        for select in (found for found in tree.find_all(exp.Select) if node in _sources(found)):
            _hide(select)
    return Wanted(None if star else names, hidden, conditions_on(node, keys), values_asked(node, keys))


def _sources(select: exp.Select) -> list[exp.Expression]:
    joined = [join.this for join in select.args.get("joins") or []]
    first = select.args.get("from_")
    return [first.this, *joined] if first is not None else joined


def _hide(select: exp.Select) -> None:
    for star in select.expressions:
        if isinstance(star, exp.Star) and not star.args.get("except_"):
            star.set("except_", [exp.to_identifier(name, quoted=True) for name in HIDDEN])


def _forbid_alias_use(tree: exp.Expression, name: str | None, text: str) -> None:
    """Refuse a column that is only the name of another item of the same SELECT: DuckDB would take it."""
    if name is None:
        return
    for select in tree.find_all(exp.Select):
        if name.lower() in (item.alias.lower() for item in select.expressions if isinstance(item, exp.Alias)):
            raise column_not_found(tree, name, text)


def column_not_found(tree: exp.Expression, name: str, text: str) -> QueryFailed:
    """Athena's words for a column that is nowhere; its place is where it is used, not where it is made."""
    used = [column for column in tree.find_all(exp.Column) if column.name.lower() == name.lower()]
    offset = min((start_of(column) or 0 for column in used), default=0)
    qualified = f"{used[0].table}.{name}" if used and used[0].table else name
    where = f"line {position(text, offset)}"
    return QueryFailed(f"COLUMN_NOT_FOUND: {where}: Column '{qualified}' {UNRESOLVED}")


ANONYMOUS = "__col"


def _name_columns(tree: exp.Expression) -> None:
    """Give the items without a name one by which the result knows them: they become ``_col0`` … by place."""
    select = tree
    while isinstance(select, exp.SetOperation | exp.Subquery | exp.Paren):
        select = select.this
    if not isinstance(select, exp.Select):
        return
    for number, item in enumerate(list(select.expressions)):
        if not isinstance(item, exp.Alias | exp.Column | exp.Star | exp.Dot | exp.Aliases):
            item.replace(exp.alias_(item.copy(), f"{ANONYMOUS}{number}", quoted=True))
