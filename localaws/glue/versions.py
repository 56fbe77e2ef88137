"""Glue's operations on the versions of tables: each update leaves the former definition behind."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document, table_versions
from localaws.glue.paging import page

INVALID = "InvalidInputException"


class TableVersions:
    """GetTableVersion and its like.

    Args:
        catalog: The catalogue.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def GetTableVersion(self, request: dict[str, Any]) -> dict[str, Any]:
        """One version of a table; without ``VersionId`` the one there is."""
        found = self._versions(request)
        name = request.get("VersionId") or found[0]["VersionId"]
        for version in found:
            if version["VersionId"] == name:
                return {"TableVersion": version}
        raise _not_found(request["TableName"], name)

    def GetTableVersions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a table's versions, the newest first."""
        found, token = page(self._versions(request), request, limit=100, code=INVALID)
        return {"TableVersions": found, "NextToken": token}

    def DeleteTableVersion(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a former version; the one there is stays."""
        self._delete(request, request["VersionId"])
        return {}

    def BatchDeleteTableVersion(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget several former versions; those that could not be are named in the answer."""
        errors = []
        self.catalog.table(request["DatabaseName"], request["TableName"])
        for version in request["VersionIds"]:
            try:
                self._delete(request, version)
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append(
                    {"TableName": request["TableName"], "VersionId": version, "ErrorDetail": detail}
                )
        return {"Errors": errors}

    def _versions(self, request: Document) -> list[Document]:
        database, name = request["DatabaseName"], request["TableName"]
        with self.catalog.store.transaction():
            current = self.catalog.table(database, name)
            former = self.catalog.store.all(table_versions(database, name))
        tables = [current, *sorted(former, key=lambda body: -int(body["VersionId"]))]
        return [{"Table": table, "VersionId": table["VersionId"]} for table in tables]

    def _delete(self, request: Document, version: str) -> None:
        database, name = request["DatabaseName"], request["TableName"]
        if self.catalog.table(database, name)["VersionId"] == version:
            raise AwsError(INVALID, "Cannot delete the current version of the table.")
        if not self.catalog.store.delete(table_versions(database, name), version):
            raise _not_found(name, version)


def _not_found(table: str, version: str) -> AwsError:
    return AwsError("EntityNotFoundException", f"Version {version} of table {table.lower()} not found.")
