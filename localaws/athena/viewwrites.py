"""Views, stored in the catalogue as Athena stores them: the query as text in base64, behind a comment."""

from __future__ import annotations

import base64
import json

from localaws.athena.columns import ResultColumn
from localaws.athena.compiler import VIEW_PREFIX
from localaws.athena.failures import QueryFailed
from localaws.athena.hivetypes import hive_type, trino_type
from localaws.athena.outcomes import Outcome
from localaws.athena.statements import Statement
from localaws.glue.catalog import Catalog


def create_view(
    statement: Statement, columns: list[ResultColumn], catalog: Catalog, database: str
) -> Outcome:
    """Store a view; its query has been compiled, so its columns are known.

    Raises:
        QueryFailed: A table or another view has the name.
    """
    target, name = statement.target[0] or database, statement.target[1]
    if catalog.store.get("glue.database", target) is None:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: line 1:1: Schema '{target}' does not exist")
    names = [*statement.columns, *(column.name.lower() for column in columns[len(statement.columns) :])]
    named = list(zip(names, columns, strict=True))
    body = {
        "originalSql": statement.query.strip(),
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": label, "type": trino_type(column.type)} for label, column in named],
    }
    listed = [{"Name": label, "Type": _hive_word(column.type)} for label, column in named]
    table = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {"Columns": listed, "Location": "", "SerdeInfo": {}},
        "ViewOriginalText": f"{VIEW_PREFIX}{base64.b64encode(json.dumps(body).encode()).decode()} */",
        "ViewExpandedText": "/* Presto View */",
    }

    def commit() -> None:
        if not catalog.has_table(target, name):
            catalog.create_table(target, table)
            return
        view = catalog.table(target, name).get("TableType") == "VIRTUAL_VIEW"
        if not view or not statement.replace:
            kind = "View" if view else "Table"
            raise QueryFailed(f"TABLE_ALREADY_EXISTS: {kind} already exists: '{target}.{name}'")
        catalog.update_table(target, table)

    return Outcome(body="", metadata=False, commit=commit)


def _hive_word(kind: str) -> str:
    """Hive's word for a view's column; one whose type Hive has not is called a string: it is never read."""
    try:
        return hive_type(kind)
    except QueryFailed:
        return "string"
