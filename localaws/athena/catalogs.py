"""Athena's view of the Glue catalogue: data catalogs, databases and tables as metadata."""

from __future__ import annotations

import re
from typing import Any

from localaws.athena.workgroups import invalid
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import page

NAME = "AwsDataCatalog"


class Catalogs:
    """GetDataCatalog, GetDatabase, GetTableMetadata and their lists; Glue's is the one catalogue there is."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def GetDataCatalog(self, request: dict[str, Any]) -> dict[str, Any]:
        """The catalogue by name."""
        self._check(request["Name"])
        parameters = {"catalog-id": self.catalog.world.account}
        return {"DataCatalog": {"Name": NAME, "Type": "GLUE", "Parameters": parameters}}

    def ListDataCatalogs(self, request: dict[str, Any]) -> dict[str, Any]:
        """The one catalogue."""
        return {"DataCatalogsSummary": [{"CatalogName": NAME, "Type": "GLUE"}]}

    def GetDatabase(self, request: dict[str, Any]) -> dict[str, Any]:
        """One database."""
        self._check(request["CatalogName"])
        with _metadata_errors():
            return {"Database": _database(self.catalog.database(request["DatabaseName"]))}

    def ListDatabases(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the databases."""
        self._check(request["CatalogName"])
        found, token = page(self.catalog.databases(), request, limit=50, code="InvalidRequestException")
        return {"DatabaseList": [_database(body) for body in found], "NextToken": token}

    def GetTableMetadata(self, request: dict[str, Any]) -> dict[str, Any]:
        """One table."""
        self._check(request["CatalogName"])
        with _metadata_errors():
            return {
                "TableMetadata": _table(self.catalog.table(request["DatabaseName"], request["TableName"]))
            }

    def ListTableMetadata(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a database's tables; ``Expression`` is a regular expression on their names."""
        self._check(request["CatalogName"])
        with _metadata_errors():
            tables = self.catalog.tables(request["DatabaseName"])
        if request.get("Expression"):
            try:
                pattern = re.compile(re.sub(r"(?<!\.)\*", ".*", request["Expression"]), re.IGNORECASE)
            except re.error as error:
                raise invalid(f"Expression is not a pattern: {error}") from error
            tables = [table for table in tables if pattern.fullmatch(table["Name"])]
        found, token = page(tables, request, limit=50, code="InvalidRequestException")
        return {"TableMetadataList": [_table(body) for body in found], "NextToken": token}

    def _check(self, name: str) -> None:
        if name.lower() != NAME.lower():
            raise invalid(f"Data catalog {name} was not found")


class _metadata_errors:  # noqa: N801  # used as a word: with _metadata_errors()
    """Glue's errors become Athena's MetadataException."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AwsError) and error.code == "EntityNotFoundException":
            raise AwsError("MetadataException", f"EntityNotFoundException: {error.message}") from error


def _database(body: Document) -> Document:
    return {key: body.get(key) for key in ("Name", "Description", "Parameters")}


def _table(body: Document) -> Document:
    descriptor = body.get("StorageDescriptor", {})
    serde = descriptor.get("SerdeInfo", {})
    parameters = {
        "inputformat": descriptor.get("InputFormat", ""),
        "location": descriptor.get("Location", ""),
        "outputformat": descriptor.get("OutputFormat", ""),
        "serde.serialization.lib": serde.get("SerializationLibrary", ""),
        **{f"serde.param.{name}": value for name, value in serde.get("Parameters", {}).items()},
    }
    return {
        "Name": body["Name"],
        "CreateTime": body["CreateTime"],
        "LastAccessTime": body.get("LastAccessTime"),
        "TableType": body.get("TableType", ""),
        "Columns": [_column(column) for column in descriptor.get("Columns", [])],
        "PartitionKeys": [_column(column) for column in body.get("PartitionKeys") or []],
        "Parameters": {name: value for name, value in parameters.items() if value}
        | body.get("Parameters", {}),
    }


def _column(column: Document) -> Document:
    return {key: column.get(key) for key in ("Name", "Type", "Comment")}
