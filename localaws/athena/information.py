"""``information_schema`` and ``"table$partitions"``: the catalogue as tables."""

# ruff: noqa: S608  # makes SQL: its parts are quoted names and literals
from __future__ import annotations

from localaws.athena.failures import QueryFailed
from localaws.athena.hivetypes import duckdb_type, quoted, trino_type
from localaws.athena.relations import literal_rows
from localaws.glue.catalog import Catalog, Document
from localaws.glue.expressions import NULL_PARTITION

CATALOG = "awsdatacatalog"
PARTITIONS = "$partitions"


def information(catalog: Catalog, name: str, where: str) -> Document:
    """A table of ``information_schema``, with its rows as a SELECT under ``Rows``.

    Args:
        catalog: The catalogue it is about.
        name: ``schemata``, ``tables``, ``columns`` or ``views``.
        where: The mention's place in the query.

    Raises:
        QueryFailed: There is no such table.
    """
    if name == "schemata":
        return _document(["catalog_name", "schema_name"], [[CATALOG, d["Name"]] for d in catalog.databases()])
    if name in ("tables", "views"):
        return _tables(catalog, name)
    if name == "columns":
        return _columns(catalog)
    raise QueryFailed(f"TABLE_NOT_FOUND: {where}: Table '{CATALOG}.information_schema.{name}' does not exist")


def _tables(catalog: Catalog, name: str) -> Document:
    rows: list[list[str | None]] = []
    for table in _all(catalog):
        view = table.get("TableType") == "VIRTUAL_VIEW"
        if name == "tables" or view:
            last = ("VIEW" if view else "BASE TABLE") if name == "tables" else table.get("ViewOriginalText")
            rows.append([CATALOG, table["DatabaseName"], table["Name"], last])
    return _document(
        [
            "table_catalog",
            "table_schema",
            "table_name",
            "table_type" if name == "tables" else "view_definition",
        ],
        rows,
    )


def _columns(catalog: Catalog) -> Document:
    names = [
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "column_default",
    ]
    names += ["is_nullable", "data_type", "comment", "extra_info"]
    rows: list[list[str | None]] = []
    for table in _all(catalog):
        plain: list[tuple[Document, str | None]] = [
            (column, None) for column in table.get("StorageDescriptor", {}).get("Columns", [])
        ]
        keys: list[tuple[Document, str | None]] = [
            (column, "partition key") for column in table.get("PartitionKeys") or []
        ]
        for number, (column, extra) in enumerate(plain + keys, 1):
            kind = trino_type(duckdb_type(column.get("Type", "string")))
            place = [CATALOG, table["DatabaseName"], table["Name"], column["Name"].lower(), str(number)]
            rows.append([*place, None, "YES", kind, column.get("Comment"), extra])
    document = _document(names, rows)
    document["Rows"] = document["Rows"].replace(
        "SELECT *", "SELECT * REPLACE (CAST(ordinal_position AS BIGINT) AS ordinal_position)", 1
    )
    document["StorageDescriptor"]["Columns"][4]["Type"] = "bigint"
    return document


def partition_table(catalog: Catalog, database: str, name: str) -> Document | None:
    """The table ``name$partitions``: a row for each of a table's partitions; None where it is none.

    Args:
        catalog: The catalogue.
        database: The table's database.
        name: The name, ``$partitions`` at its end.
    """
    table = name.removesuffix(PARTITIONS)
    if table == name or not catalog.has_table(database, table):
        return None
    keys = catalog.table(database, table).get("PartitionKeys") or []
    if not keys:
        return None
    names = [key["Name"].lower() for key in keys]
    rows: list[list[str | None]] = [
        [None if value == NULL_PARTITION else value for value in partition["Values"]]
        for partition in catalog.partitions(database, table)
    ]
    document = _document(names, rows)
    casts = (
        f"CAST({quoted(key['Name'].lower())} AS {duckdb_type(key.get('Type', 'string'))}) AS "
        f"{quoted(key['Name'].lower())}"
        for key in keys
    )
    document["Rows"] = f"SELECT {', '.join(casts)} FROM ({document['Rows']})"
    document["StorageDescriptor"]["Columns"] = keys
    return document


def _all(catalog: Catalog) -> list[Document]:
    return [table for database in catalog.databases() for table in catalog.tables(database["Name"])]


def _document(names: list[str], rows: list[list[str | None]]) -> Document:
    columns = [{"Name": name, "Type": "string"} for name in names]
    sql = literal_rows(dict.fromkeys(names, "VARCHAR"), rows)
    return {"StorageDescriptor": {"Columns": columns}, "PartitionKeys": [], "Rows": sql}
