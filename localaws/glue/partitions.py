"""Glue's operations on partitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.expressions import partition_filter
from localaws.glue.paging import page

INVALID = "InvalidInputException"


class Partitions:
    """CreatePartition and its like."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def CreatePartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add one partition."""
        self.catalog.create_partition(*_table(request), request["PartitionInput"])
        return {}

    def BatchCreatePartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add several partitions; those that could not be are named in the answer."""
        database, table = _table(request)
        self.catalog.table(database, table)
        with self.catalog.store.transaction():
            return _batch(
                request["PartitionInputList"],
                lambda body: self.catalog.create_partition(database, table, body),
            )

    def GetPartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """One partition."""
        return {"Partition": self.catalog.partition(*_table(request), request["PartitionValues"])}

    def BatchGetPartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several partitions; those that are not there are left out."""
        known = {tuple(body["Values"]): body for body in self.catalog.partitions(*_table(request))}
        wanted = [tuple(item["Values"]) for item in request["PartitionsToGet"]]
        return {"Partitions": [known[values] for values in wanted if values in known], "UnprocessedKeys": []}

    def GetPartitions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the partitions an expression picks."""
        keys = self.catalog.table(*_table(request)).get("PartitionKeys", [])
        found = self.catalog.partitions(*_table(request))
        if request.get("Expression"):
            keep = partition_filter(request["Expression"], keys)
            found = [body for body in found if keep(body["Values"])]
        segment = request.get("Segment")
        if segment:
            found = found[segment["SegmentNumber"] :: segment["TotalSegments"]]
        shown, token = page(found, request, limit=1000, code=INVALID)
        if request.get("ExcludeColumnSchema"):
            shown = [_without_columns(body) for body in shown]
        return {"Partitions": shown, "NextToken": token}

    def UpdatePartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace one partition."""
        self.catalog.update_partition(
            *_table(request), request["PartitionValueList"], request["PartitionInput"]
        )
        return {}

    def BatchUpdatePartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace several partitions; those that could not be are named in the answer."""
        database, table = _table(request)
        self.catalog.table(database, table)
        errors = []
        with self.catalog.store.transaction():
            for entry in request["Entries"]:
                values = entry["PartitionValueList"]
                try:
                    self.catalog.update_partition(database, table, values, entry["PartitionInput"])
                except AwsError as error:
                    detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                    errors.append({"PartitionValueList": values, "ErrorDetail": detail})
        return {"Errors": errors}

    def DeletePartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove one partition; the data stays."""
        self.catalog.delete_partition(*_table(request), request["PartitionValues"])
        return {}

    def BatchDeletePartition(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove several partitions; those that could not be are named in the answer."""
        database, table = _table(request)
        self.catalog.table(database, table)
        with self.catalog.store.transaction():
            return _batch(
                request["PartitionsToDelete"],
                lambda body: self.catalog.delete_partition(database, table, body["Values"]),
            )


def _table(request: dict[str, Any]) -> tuple[str, str]:
    return request["DatabaseName"], request["TableName"]


def _batch(bodies: list[Document], act: Callable[[Document], None]) -> dict[str, Any]:
    errors = []
    for body in bodies:
        try:
            act(body)
        except AwsError as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            errors.append({"PartitionValues": body.get("Values", []), "ErrorDetail": detail})
    return {"Errors": errors}


def _without_columns(body: Document) -> Document:
    descriptor = {key: value for key, value in body.get("StorageDescriptor", {}).items() if key != "Columns"}
    return {**body, "StorageDescriptor": descriptor}
