"""The catalogue: databases, tables, one table with its columns, partitions and first file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import split_uri
from localaws.ui.objects import preview
from localaws.ui.view import PAGE, Asker, NotThere, View


def tables(asker: Asker, path: tuple[str, ...], query: Mapping[str, str]) -> View:
    """All databases with their tables; or one table."""
    if len(path) == 2:
        return _table(asker, *path)
    if path:
        raise NotThere("a table's page is tables/<database>/<table>")
    found, token = asker.listed("glue", "GetDatabases", "DatabaseList", **_after(query))
    databases = []
    for database in found:
        held, more = asker.listed(
            "glue", "GetTables", "TableList", DatabaseName=database["Name"], MaxResults=100
        )
        rows = [
            {
                "name": table["Name"],
                "type": table.get("TableType", ""),
                "columns": len((table.get("StorageDescriptor") or {}).get("Columns") or []),
                "location": (table.get("StorageDescriptor") or {}).get("Location", ""),
                "updated": table.get("UpdateTime") or table.get("CreateTime"),
            }
            for table in held
        ]
        databases.append({"name": database["Name"], "tables": rows, "more": more is not None})
    return View("Tables", "tables.html", {"databases": databases, "next": token})


def _after(query: Mapping[str, str]) -> dict[str, Any]:
    return {"NextToken": query["next"]} if query.get("next") else {}


def _table(asker: Asker, database: str, name: str) -> View:
    table = asker.named("table", "glue", "GetTable", DatabaseName=database, Name=name)["Table"]
    storage = table.get("StorageDescriptor") or {}
    partitions: list[dict[str, Any]] = []
    more = None
    if table.get("PartitionKeys"):
        partitions, more = asker.listed(
            "glue", "GetPartitions", "Partitions", DatabaseName=database, TableName=name, MaxResults=PAGE
        )
    data = {
        "database": database,
        "name": name,
        "columns": [_column(column) for column in storage.get("Columns") or []],
        "keys": [_column(column) for column in table.get("PartitionKeys") or []],
        "location": storage.get("Location", ""),
        "format": (storage.get("SerdeInfo") or {}).get("SerializationLibrary", ""),
        "parameters": table.get("Parameters") or {},
        "partitions": [part["Values"] for part in partitions],
        "more": more is not None,
        "sql": table.get("ViewOriginalText"),
        "preview": _preview(asker, storage.get("Location", "")),
    }
    return View(f"{database}.{name}", "table.html", data)


def _column(column: dict[str, Any]) -> dict[str, str]:
    return {"name": column["Name"], "type": column.get("Type", ""), "comment": column.get("Comment", "")}


def _preview(asker: Asker, location: str) -> dict[str, Any] | None:
    """The beginning of the table's first file."""
    if not location.startswith("s3"):
        return None
    try:
        bucket, prefix = split_uri(location)
        asker.world.objects.index.need_bucket(bucket)
    except AwsError:
        return None
    folder = prefix if not prefix or prefix.endswith("/") else prefix + "/"
    first = next((item for item in asker.world.objects.index.scan(bucket, folder) if item.size), None)
    return {"uri": f"s3://{bucket}/{first.key}", **preview(first)} if first else None
