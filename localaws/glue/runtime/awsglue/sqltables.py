"""Catalogue tables in ``spark.sql`` and ``spark.table``, where the job has ``--enable-glue-datacatalog``.

A table that a statement reads is made a temporary view of its own name when the statement is run, and
``database.table`` in the statement becomes that name. Statements that write to the catalogue are refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from awsglue import catalog, sources
from awsglue.refusal import refused

_views: dict[str, tuple[str, str]] = {}  # view: the database and table it shows
_database = ["default"]


def install() -> None:
    """Make pyspark's sessions look for tables in the Glue catalogue."""
    from pyspark.sql import SparkSession
    from pyspark.sql.readwriter import DataFrameReader

    SparkSession.sql = _sql(SparkSession.sql)
    SparkSession.table = _table(SparkSession.table, lambda session: session)
    DataFrameReader.table = _table(DataFrameReader.table, lambda reader: reader._spark)


def _sql(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def sql(self: Any, sqlQuery: str, *args: Any, **options: Any) -> Any:
        from sqlglot import exp, parse_one
        from sqlglot.errors import ParseError

        try:
            statement = parse_one(sqlQuery, read="spark")
        except ParseError:
            return method(self, sqlQuery, *args, **options)  # Spark says what is wrong with it
        if isinstance(statement, exp.Use):
            _database[0] = statement.this.name
            return self.createDataFrame([], "result string")
        if isinstance(statement, exp.Insert | exp.Merge | exp.Drop | exp.Alter) or (
            isinstance(statement, exp.Create) and not statement.find(exp.TemporaryProperty)
        ):
            raise refused(f"{statement.key.upper()} in spark.sql with --enable-glue-datacatalog")
        query, inner = sqlQuery, {part.alias for part in statement.find_all(exp.CTE)}
        for found in statement.find_all(exp.Table):
            if found.db or found.name not in inner:
                view = _view(self, found.db, found.name)
                query = _renamed(query, found.db, found.name, view) if found.db else query
        return method(self, query, *args, **options)

    return sql


def _table(method: Callable[..., Any], session: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def table(self: Any, tableName: str) -> Any:
        database, _, name = tableName.replace("`", "").rpartition(".")
        return method(self, _view(session(self), database, name))

    return table


def _view(spark: Any, database: str, name: str) -> str:
    """The view that shows a table, made now; the name itself where it is no table of the catalogue."""
    place = database or _database[0]
    known = _views.get(name)
    if known is None and spark.catalog.tableExists(name):
        return name  # a view of the script's own
    if not catalog.has_table(place, name):
        return name
    view = name if known in (None, (place, name)) else f"{place}__{name}"
    sources.from_catalog(spark, place, name).createOrReplaceTempView(view)
    _views[view] = place, name
    return view


def _renamed(query: str, database: str, name: str, view: str) -> str:
    """A statement with ``database.name`` replaced, in its text and nowhere inside strings."""
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.tokens import TokenType

    tokens = Dialect.get_or_raise("spark").tokenize(query)
    for first, dot, last in reversed(list(zip(tokens, tokens[1:], tokens[2:], strict=False))):
        if (first.text, dot.token_type, last.text) == (database, TokenType.DOT, name):
            query = f"{query[: first.start]}`{view}`{query[last.end + 1 :]}"
    return query
