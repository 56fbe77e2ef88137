"""Glue's search of tables over all databases."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import page

INVALID = "InvalidInputException"
MEMBERS = ("Name", "DatabaseName", "Description", "Owner", "TableType")
SORTED = ("Name", "DatabaseName", "CreateTime", "UpdateTime")


class Search:
    """SearchTables.

    Args:
        catalog: The catalogue.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def SearchTables(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the tables that mention a text and have the properties asked for.

        A filter's key is a member of the table or one of its parameters; a quoted text matches whole words.
        """
        found = [
            table
            for database in self.catalog.databases()
            for table in self.catalog.tables(database["Name"])
            if _mentions(table, request.get("SearchText", ""))
            and all(_has(table, wanted) for wanted in request.get("Filters") or ())
        ]
        for criterion in reversed(request.get("SortCriteria") or []):
            name = criterion.get("FieldName")
            if name not in SORTED:
                raise AwsError(INVALID, f"Tables are not sorted by {name}, but by {', '.join(SORTED)}")
            found.sort(key=lambda table: table[name], reverse=criterion.get("Sort") == "DESC")
        listed, token = page(found, request, limit=100, code=INVALID)
        return {"TableList": listed, "NextToken": token}


def _mentions(table: Document, text: str) -> bool:
    columns = [*table.get("StorageDescriptor", {}).get("Columns", []), *table.get("PartitionKeys", [])]
    texts = [str(table.get(name, "")) for name in MEMBERS]
    texts += [f"{column['Name']} {column.get('Comment', '')}" for column in columns]
    texts += [str(value) for value in table.get("Parameters", {}).values()]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return any(text[1:-1].lower() in one.lower().split() for one in texts)
    return any(text.lower() in one.lower() for one in texts)


def _has(table: Document, wanted: Document) -> bool:
    if wanted.get("Comparator", "EQUALS") != "EQUALS":
        message = f"localaws does not implement SearchTables with the comparator {wanted['Comparator']}"
        raise AwsError("NotImplemented", message, 501)
    name = wanted.get("Key", "")
    given = table.get(name) if name in MEMBERS else table.get("Parameters", {}).get(name)
    return given is not None and str(given).lower() == str(wanted.get("Value", "")).lower()
