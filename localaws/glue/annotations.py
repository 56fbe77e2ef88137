"""Glue's operations on what is kept beside a table: statistics of columns, and indexes of partitions."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document, not_found

MOST_INDEXES = 3
KIND = "glue.annotation"


class Annotations:
    """UpdateColumnStatisticsForTable, CreatePartitionIndex and their like; nothing here reads either.

    A table that is made anew has none: they belong to a table of one time of creation.

    Args:
        catalog: The catalogue.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.store = catalog.store

    def UpdateColumnStatisticsForTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep statistics of columns; those of columns that are not there are named in the answer."""
        table, errors = self._table(request), []
        columns = {column["Name"].lower() for column in table.get("StorageDescriptor", {}).get("Columns", [])}
        with self.store.transaction():
            body = self._body(table)
            for given in request["ColumnStatisticsList"]:
                if given["ColumnName"].lower() not in columns:
                    detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Column not found."}
                    errors.append({"ColumnStatistics": given, "Error": detail})
                    continue
                body["Statistics"][given["ColumnName"].lower()] = given
            self.store.put(KIND, _key(table), body)
        return {"Errors": errors}

    def GetColumnStatisticsForTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Statistics of columns; those that have none are named in the answer."""
        known = self._body(self._table(request))["Statistics"]
        names = request["ColumnNames"]
        error = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Statistics do not exist."}
        return {
            "ColumnStatisticsList": [known[name.lower()] for name in names if name.lower() in known],
            "Errors": [{"ColumnName": name, "Error": error} for name in names if name.lower() not in known],
        }

    def DeleteColumnStatisticsForTable(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a column's statistics."""
        table = self._table(request)
        with self.store.transaction():
            body = self._body(table)
            if body["Statistics"].pop(request["ColumnName"].lower(), None) is None:
                raise not_found(f"Column statistics of {request['ColumnName']}")
            self.store.put(KIND, _key(table), body)
        return {}

    def CreatePartitionIndex(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep an index over partition keys; it is ACTIVE at once."""
        table, given = self._table(request), request["PartitionIndex"]
        types = {key["Name"].lower(): key.get("Type", "string") for key in table.get("PartitionKeys") or []}
        if unknown := [key for key in given["Keys"] if key.lower() not in types]:
            raise AwsError("InvalidInputException", f"{unknown[0]} is no partition key of the table.")
        with self.store.transaction():
            body = self._body(table)
            if given["IndexName"] in body["Indexes"]:
                raise AwsError("AlreadyExistsException", "Index already exists.")
            if len(body["Indexes"]) == MOST_INDEXES:
                message = "Number of partition indexes exceeds the limit of 3."
                raise AwsError("ResourceNumberLimitExceededException", message)
            keys = [{"Name": key.lower(), "Type": types[key.lower()]} for key in given["Keys"]]
            index = {"IndexName": given["IndexName"], "Keys": keys, "IndexStatus": "ACTIVE"}
            body["Indexes"][given["IndexName"]] = index
            self.store.put(KIND, _key(table), body)
        return {}

    def GetPartitionIndexes(self, request: dict[str, Any]) -> dict[str, Any]:
        """A table's indexes."""
        return {"PartitionIndexDescriptorList": list(self._body(self._table(request))["Indexes"].values())}

    def DeletePartitionIndex(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget an index."""
        table = self._table(request)
        with self.store.transaction():
            body = self._body(table)
            if body["Indexes"].pop(request["IndexName"], None) is None:
                raise not_found(f"Index {request['IndexName']}")
            self.store.put(KIND, _key(table), body)
        return {}

    def _table(self, request: Document) -> Document:
        return self.catalog.table(request["DatabaseName"], request["TableName"])

    def _body(self, table: Document) -> Document:
        return self.store.get(KIND, _key(table)) or {"Statistics": {}, "Indexes": {}}


def _key(table: Document) -> str:
    return f"{table['DatabaseName']}:{table['Name']}:{table['CreateTime']}"
