"""Athena's view of the Glue catalogue: data catalogs, databases and tables as metadata."""

from __future__ import annotations

import re
from typing import Any

from localaws.athena.tags import Tags
from localaws.athena.workgroups import invalid
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import page
from localaws.store import Store

NAME, KIND = "AwsDataCatalog", "athena.datacatalog"


def is_catalog(store: Store, name: str) -> bool:
    """Whether a name is one of a data catalog, whatever its case."""
    return name.lower() in (NAME.lower(), *(body["Name"].lower() for body in store.all(KIND)))


class Catalogs:
    """CreateDataCatalog, GetDatabase, GetTableMetadata and their like.

    Every data catalog is Glue's: a further one of the account's own is another name of the same.

    Args:
        catalog: The Glue catalogue.
        tags: The tags of the catalogs that are made.
    """

    def __init__(self, catalog: Catalog, tags: Tags) -> None:
        self.catalog = catalog
        self.store = catalog.store
        self.tags = tags

    def CreateDataCatalog(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep another name of the account's Glue catalogue; other kinds are not served."""
        body = self._checked(request)
        if is_catalog(self.store, body["Name"]):
            raise invalid(f"DataCatalog {body['Name']} already exists")
        self.store.put(KIND, body["Name"], body)
        self.tags.put("datacatalog", body["Name"], request.get("Tags") or [])
        return {"DataCatalog": {**body, "Status": "CREATE_COMPLETE"}}

    def UpdateDataCatalog(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace what is kept of a catalogue."""
        with self.store.transaction():
            self._need(request["Name"])
            self.store.put(KIND, request["Name"], self._checked(request))
        return {}

    def DeleteDataCatalog(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a catalogue's name; databases and tables stay."""
        with self.store.transaction():
            body = self._need(request["Name"])
            self.store.delete(KIND, body["Name"])
            self.tags.forget("datacatalog", body["Name"])
        return {"DataCatalog": {**body, "Status": "DELETE_COMPLETE"}}

    def GetDataCatalog(self, request: dict[str, Any]) -> dict[str, Any]:
        """The catalogue by name."""
        self._check(request["Name"])
        if request["Name"].lower() != NAME.lower():
            return {"DataCatalog": self._need(request["Name"])}
        parameters = {"catalog-id": self.catalog.world.account}
        return {"DataCatalog": {"Name": NAME, "Type": "GLUE", "Parameters": parameters}}

    def ListDataCatalogs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the catalogues, Glue's first."""
        names = [NAME, *sorted(body["Name"] for body in self.store.all(KIND))]
        found, token = page(names, request, limit=50, code="InvalidRequestException")
        listed = [{"CatalogName": name, "Type": "GLUE"} for name in found]
        return {"DataCatalogsSummary": listed, "NextToken": token}

    def _checked(self, request: Document) -> Document:
        if request["Type"] != "GLUE":
            kind = request["Type"]
            raise AwsError("NotImplemented", f"localaws does not implement data catalogs of type {kind}", 501)
        parameters = request.get("Parameters") or {}
        account = parameters.get("catalog-id")
        if not account:
            raise invalid("The parameter catalog-id is required for a data catalog of type GLUE")
        if account != self.catalog.world.account:
            raise AwsError(
                "NotImplemented", "localaws does not implement data catalogs of another account", 501
            )
        return {
            "Name": request["Name"],
            "Description": request.get("Description"),
            "Type": "GLUE",
            "Parameters": parameters,
        }

    def _need(self, name: str) -> Document:
        body = self.store.get(KIND, name)
        if body is None:
            raise invalid(f"DataCatalog {name} was not found")
        return body

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
        if not is_catalog(self.store, name):
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
