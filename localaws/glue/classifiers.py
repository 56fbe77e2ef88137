"""Custom classifiers: the CSV kind, which tells a crawler of headers and delimiters it cannot guess."""

from __future__ import annotations

import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.csv_schema import CsvRules
from localaws.glue.paging import page
from localaws.store import Store
from localaws.world import World

KIND = "glue.classifier"
OTHER_KINDS = ("GrokClassifier", "XMLClassifier", "JsonClassifier")


def csv_rules(store: Store, names: list[str]) -> list[CsvRules]:
    """The rules of the named classifiers, in order.

    Raises:
        AwsError: EntityNotFoundException.
    """
    return [CsvRules.of(_stored(store, name)["CsvClassifier"]) for name in names]


class Classifiers:
    """CreateClassifier and its like."""

    def __init__(self, world: World) -> None:
        self.store = world.store

    def CreateClassifier(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a CSV classifier."""
        body = _csv(request, "CreateClassifier")
        now = time.time()
        document = {"CsvClassifier": {**body, "CreationTime": now, "LastUpdated": now, "Version": 1}}
        if not self.store.create(KIND, body["Name"], document):
            raise AwsError("AlreadyExistsException", f"Classifier {body['Name']} already exists")
        return {}

    def GetClassifier(self, request: dict[str, Any]) -> dict[str, Any]:
        """One classifier."""
        return {"Classifier": _stored(self.store, request["Name"])}

    def GetClassifiers(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the classifiers."""
        found, token = page(self.store.all(KIND), request, limit=100, code="OperationTimeoutException")
        return {"Classifiers": found, "NextToken": token}

    def UpdateClassifier(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what is given of a CSV classifier."""
        body = _csv(request, "UpdateClassifier")
        with self.store.transaction():
            old = _stored(self.store, body["Name"])["CsvClassifier"]
            new = {**old, **body, "LastUpdated": time.time(), "Version": old["Version"] + 1}
            self.store.put(KIND, body["Name"], {"CsvClassifier": new})
        return {}

    def DeleteClassifier(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a classifier."""
        _stored(self.store, request["Name"])
        self.store.delete(KIND, request["Name"])
        return {}


def _stored(store: Store, name: str) -> dict[str, Any]:
    found = store.get(KIND, name)
    if found is None:
        raise AwsError("EntityNotFoundException", f"Classifier {name} not found")
    return found


def _csv(request: dict[str, Any], operation: str) -> dict[str, Any]:
    for kind in OTHER_KINDS:
        if kind in request:
            raise AwsError("NotImplemented", f"localaws does not implement glue.{operation}'s {kind}", 501)
    body = request.get("CsvClassifier")
    if body is None:
        raise AwsError("InvalidInputException", "One classifier must be given: CsvClassifier")
    if body.get("CustomDatatypeConfigured"):
        raise AwsError(
            "NotImplemented", f"localaws does not implement glue.{operation}'s CustomDatatypes", 501
        )
    return dict(body)
