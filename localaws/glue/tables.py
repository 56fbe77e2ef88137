"""Glue's operations on tables."""

from __future__ import annotations

import re
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog
from localaws.glue.paging import page

INVALID = "InvalidInputException"


class Tables:
    """CreateTable and its like. Optimizers and Iceberg inputs are not served."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def CreateTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a table, with its partition keys and no partitions."""
        if "OpenTableFormatInput" in request:
            raise AwsError(
                "NotImplemented", "localaws does not implement glue.CreateTable's OpenTableFormatInput", 501
            )
        if "TableInput" not in request:
            raise AwsError(INVALID, "TableInput must be given")
        self.catalog.create_table(request["DatabaseName"], request["TableInput"])
        return {}

    def GetTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """One table."""
        return {"Table": self.catalog.table(request["DatabaseName"], request["Name"])}

    def GetTables(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a database's tables; ``Expression`` is a regular expression on the whole name."""
        tables = self.catalog.tables(request["DatabaseName"])
        if request.get("Expression"):
            try:
                pattern = re.compile(
                    request["Expression"].replace("*", ".*").replace("..*", ".*"), re.IGNORECASE
                )
            except re.error as error:
                raise AwsError(
                    INVALID, f"Expression {request['Expression']!r} is not a pattern: {error}"
                ) from error
            tables = [table for table in tables if pattern.fullmatch(table["Name"])]
        found, token = page(tables, request, limit=100, code=INVALID)
        return {"TableList": found, "NextToken": token}

    def UpdateTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a table's definition."""
        if "TableInput" not in request:
            raise AwsError(INVALID, "TableInput must be given")
        archive = not request.get("SkipArchive", False)
        version = request.get("VersionId")
        self.catalog.update_table(
            request["DatabaseName"], request["TableInput"], archive=archive, version=version
        )
        return {}

    def DeleteTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a table with its partitions; the data stays."""
        self.catalog.delete_table(request["DatabaseName"], request["Name"])
        return {}

    def BatchDeleteTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove several tables; those that could not be are named in the answer."""
        self.catalog.database(request["DatabaseName"])
        errors = []
        for name in request["TablesToDelete"]:
            try:
                self.catalog.delete_table(request["DatabaseName"], name)
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"TableName": name, "ErrorDetail": detail})
        return {"Errors": errors}
