"""A statement of Redshift's made one of DuckDB's."""

from __future__ import annotations

from typing import Any, Protocol

from sqlglot import exp

from localaws.redshift import functions
from localaws.redshift.arithmetic import Types, as_redshift_reckons
from localaws.redshift.dialect import NAME, function_name
from localaws.redshift.failures import StatementFailed, refused

SYSTEM_PREFIXES = ("pg_", "stl_", "stv_", "svv_", "svl_", "sys_", "svcs_")
NUMERIC = "DECIMAL(18, 0)"
OUTPUT_NAMES = {
    "approxdistinct": "count",
    "currentdate": "date",
    "extract": "date_part",
    "nvl": "coalesce",
    "strposition": "position",
    "trim": "btrim",
}
Known = dict[str, dict[str, dict[str, str]]]
REFUSED_TYPES = ("SUPER", "GEOMETRY", "GEOGRAPHY", "HLLSKETCH", "INTERVAL", "ARRAY", "STRUCT", "MAP", "JSON")


class Columns(Protocol):
    """Something that answers a catalogue query."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement."""


def compiled(tree: exp.Expression, link: Columns, database: str) -> str:
    """DuckDB's SQL of a query or of a statement that changes rows.

    Args:
        tree: What was read, parameters bound; changed.
        link: Where the tables' columns are told.
        database: The database's name.

    Raises:
        StatementFailed: It asks for something Redshift has not, or localaws does not run.
    """
    functions.check(tree)
    check_types(tree)
    known = columns_of_all(link)
    _check_tables(tree, database, known)
    types = Types(tree, known)
    plain = tree.copy()
    try:
        tree = as_redshift_reckons(tree, types)
    except StatementFailed:
        link.rows(f"EXPLAIN {plain.sql('duckdb')}")  # a column that is not there has no type either
        raise
    if isinstance(tree, exp.Query):
        _name_columns(tree)
    _qualify_tables(tree, database)
    tree = functions.rewritten(tree)
    for call in list(tree.find_all(exp.Anonymous, exp.CurrentSchema)):
        if function_name(call) == "current_database":
            call.replace(exp.Literal.string(database))
    text: str = tree.sql("duckdb")
    return text


def check_types(tree: exp.Expression) -> None:
    """Give the types Redshift's meaning; refuse those that are not served."""
    for node in tree.find_all(exp.DataType):
        word = node.this.name
        if word in REFUSED_TYPES or word == "USERDEFINED":
            raise refused(f"the type {node.sql('redshift').lower()}")
        if word == "DECIMAL" and not node.expressions:
            node.replace(exp.DataType.build(NUMERIC))


def columns_of_all(link: Columns) -> Known:
    """The columns of every table and view, by schema and table, with sqlglot's words for their types."""
    found: Known = {}
    listed = link.rows(
        "SELECT CASE WHEN database_name = 'temp' THEN 'public' ELSE schema_name END, table_name, "
        "column_name, data_type FROM duckdb_columns() WHERE NOT internal "
        "ORDER BY database_name = 'temp', column_index"
    )
    for schema, table, column, kind in listed:
        found.setdefault(schema, {}).setdefault(table, {})[column] = kind.replace("HUGEINT", "DECIMAL(38, 0)")
    return found


def _check_tables(tree: exp.Expression, database: str, known: Known) -> None:
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    made = tree.find(exp.Table) if isinstance(tree, exp.Create) else None
    for node in tree.find_all(exp.Table):
        if not isinstance(node.this, exp.Identifier):
            raise refused(f"the table function {node.this.sql('redshift')[:60]}")
        name = node.name
        if name.startswith("#"):
            node.set("this", exp.to_identifier(name[1:], quoted=True))
        if node.catalog and node.catalog != database:
            raise refused(f"queries across databases ({node.catalog})")
        if name.startswith(SYSTEM_PREFIXES) and node.db in ("", "pg_catalog"):
            raise refused(f"queries of the system table {name}")
        if node.db in ("main", "temp", "system"):
            raise StatementFailed(f'schema "{node.db}" does not exist')
        if node is made or node.db == "information_schema" or (not node.db and node.name in named):
            continue
        if node.db in known and node.name not in known[node.db]:  # of another schema DuckDB says more
            raise StatementFailed(f'relation "{node.db}.{node.name}" does not exist')


def _qualify_tables(tree: exp.Expression, database: str) -> None:
    """Give schemas their database, for one of the same name would be ambiguous to DuckDB."""
    for node in tree.find_all(exp.Table):
        if node.db and node.db != "information_schema":
            node.set("catalog", exp.to_identifier(database, quoted=True))


def _name_columns(tree: exp.Query) -> None:
    """Name what has no name as Redshift does: by its function, its column, or ``?column?``."""
    select = tree
    while not isinstance(select, exp.Select):
        select = select.this
    for node in list(select.expressions):
        if not isinstance(node, exp.Column | exp.Alias | exp.Star):
            name = output_name(node)
            node.replace(exp.alias_(node.copy(), name, quoted=True))


def output_name(node: exp.Expression) -> str:
    """The name Redshift gives a column of a result."""
    if isinstance(node, exp.Column | exp.Alias):
        return str(node.alias_or_name)
    if NAME in node.meta:
        name = function_name(node)
        return OUTPUT_NAMES.get(name, name)
    if isinstance(node, exp.Case | exp.DecodeCase):
        return "case"
    if isinstance(node, exp.Cast | exp.Paren | exp.Window | exp.Filter | exp.WithinGroup | exp.IgnoreNulls):
        return output_name(node.this)
    if isinstance(node, exp.Anonymous):
        inner = node.expressions[0] if node.expressions else None
        return output_name(inner) if isinstance(inner, exp.Cast | exp.AggFunc | exp.Window) else node.name
    if isinstance(node, exp.Func) and not isinstance(node, exp.Connector | exp.Binary):
        return OUTPUT_NAMES.get(str(node.key), str(node.key))
    return "?column?"
