"""Glue's operations on databases."""

from __future__ import annotations

from typing import Any

from localaws.glue.catalog import Catalog
from localaws.glue.paging import page

INVALID = "InvalidInputException"


class Databases:
    """CreateDatabase and its like."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def CreateDatabase(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a database."""
        self.catalog.create_database(request["DatabaseInput"])
        return {}

    def GetDatabase(self, request: dict[str, Any]) -> dict[str, Any]:
        """One database."""
        return {"Database": self.catalog.database(request["Name"])}

    def GetDatabases(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the databases."""
        found, token = page(self.catalog.databases(), request, limit=100, code=INVALID)
        return {"DatabaseList": found, "NextToken": token}

    def UpdateDatabase(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a database's description."""
        self.catalog.update_database(request["Name"], request["DatabaseInput"])
        return {}

    def DeleteDatabase(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a database with its tables; the data stays."""
        self.catalog.delete_database(request["Name"])
        return {}
