"""The Data API's operations on databases, schemas and tables."""

# ruff: noqa: S608  # makes SQL: its parts are literals
from __future__ import annotations

from typing import Any

import duckdb

from localaws.athena.hivetypes import literal
from localaws.glue.catalog import Document
from localaws.glue.paging import page
from localaws.redshift.columns import column_metadata
from localaws.redshift.failures import StatementFailed
from localaws.redshift.requests import INVALID, invalid, place_of
from localaws.redshift.runs import Runs

TOKEN_REFUSED = "The next token is not valid."  # noqa: S105  # a page's token


class Listings:
    """ListDatabases, ListSchemas, ListTables and DescribeTable.

    Args:
        runs: Who has the databases.
    """

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    def ListDatabases(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the databases."""
        return _paged("Databases", self.runs.engine.databases(place_of(request)), request)

    def ListSchemas(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a database's schemas; ``SchemaPattern`` is one of LIKE."""
        sql = "SELECT DISTINCT schema_name FROM duckdb_schemas() WHERE database_name = current_database() "
        sql += "AND schema_name <> 'main'" + _like("schema_name", request.get("SchemaPattern"))
        return _paged("Schemas", [row[0] for row in self._rows(request, sql + " ORDER BY 1")], request)

    def ListTables(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a database's tables and views, by schema and name."""
        found = self._rows(request, _tables(request.get("SchemaPattern"), request.get("TablePattern")))
        listed = [{"schema": schema, "name": name, "type": kind} for schema, name, kind in found]
        return _paged("Tables", listed, request)

    def DescribeTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a table's columns; none of a table that is not there."""
        if not request.get("Table"):
            raise invalid("Table must be given")
        schema, table = (str(request.get(key) or "public").lower() for key in ("Schema", "Table"))
        rows = self._rows(
            request,
            "SELECT column_name, data_type, is_nullable, coalesce(comment, ''), column_default "
            "FROM duckdb_columns() WHERE NOT internal AND database_name = current_database() "
            f"AND schema_name = {literal(schema)} AND table_name = {literal(table)} ORDER BY column_index",
        )
        columns = [
            column_metadata(
                name,
                kind,
                declared=declared,
                nullable=int(nullable),
                columnDefault=default,
                schemaName=schema,
                tableName=table,
                length=0,
            )
            for name, kind, nullable, declared, default in rows
        ]
        for column in columns:
            column["length"] = column["precision"] if column["typeName"] in ("varchar", "bpchar") else 0
        return {**_paged("ColumnList", columns, request), "TableName": table}

    def _rows(self, request: Document, sql: str) -> list[tuple[Any, ...]]:
        place = place_of(request)
        connected = request.get("ConnectedDatabase") or request["Database"]
        if connected not in self.runs.engine.databases(place):
            raise invalid(f'FATAL: database "{connected}" does not exist')
        try:
            link = self.runs.engine.link(place, request["Database"])
        except StatementFailed as error:
            raise invalid(error.reason) from error
        try:
            return link.rows(sql)
        except duckdb.Error as error:
            raise invalid(f"ERROR: {error}") from error
        finally:
            link.close()


def _tables(schema: str | None, table: str | None) -> str:
    """A SELECT of schema, name and type of every table and view."""
    selects = []
    for source, name, kind in (("tables", "table_name", "TABLE"), ("views", "view_name", "VIEW")):
        selects.append(
            f"SELECT schema_name, {name}, '{kind}' FROM duckdb_{source}() WHERE NOT internal "
            f"AND database_name = current_database(){_like('schema_name', schema)}{_like(name, table)}"
        )
    return " UNION ALL ".join(selects) + " ORDER BY 1, 2"


def _like(name: str, pattern: str | None) -> str:
    return f" AND {name} ILIKE {literal(pattern)} ESCAPE '\\'" if pattern else ""


def _paged(member: str, items: list[Any], request: Document) -> dict[str, Any]:
    found, token = page(items, request, limit=1000, code=INVALID, message=TOKEN_REFUSED)
    return {member: found, "NextToken": token}
