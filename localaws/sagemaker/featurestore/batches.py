"""The runtime's operations on many records; what fails of a batch is told in its answer."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.featurestore.records import Records


class Batches:
    """Reads and writes records of several groups at a time."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def BatchGetRecord(self, request: dict[str, Any]) -> dict[str, Any]:
        """The records that are there; those that are not are left out."""
        found, errors = [], []
        for wanted in request["Identifiers"]:
            for identifier in wanted["RecordIdentifiersValueAsString"]:
                place = {
                    "FeatureGroupName": wanted["FeatureGroupName"],
                    "RecordIdentifierValueAsString": identifier,
                }
                try:
                    group = self._records.readable(wanted["FeatureGroupName"])
                    answer = self._records.read(group, identifier, {**request, **wanted})
                except AwsError as error:
                    errors.append({**place, "ErrorCode": error.code, "ErrorMessage": error.message})
                    continue
                if answer.get("Record"):
                    found.append({**place, **answer})
        return {"Records": found, "Errors": errors, "UnprocessedIdentifiers": []}

    def BatchWriteRecord(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write records one by one; each is written or among the errors."""
        errors = []
        for entry in request["Entries"]:
            whole = {name: request[name] for name in ("TtlDuration",) if name in request} | entry
            try:
                self._records.PutRecord(whole)
            except AwsError as error:
                errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"Errors": errors, "UnprocessedEntries": []}
