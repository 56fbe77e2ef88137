"""Glue's operations on connections: kept, never opened."""

from __future__ import annotations

import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document, not_found
from localaws.glue.paging import page
from localaws.glue.tags import Tags
from localaws.world import World

KIND = "glue.connection"
KEPT = ("Name", "Description", "ConnectionType", "MatchCriteria", "ConnectionProperties", "SparkProperties")
MORE_KEPT = ("AthenaProperties", "PythonProperties", "PhysicalConnectionRequirements")
SECRET = ("PASSWORD", "ENCRYPTED_PASSWORD")
UNSERVED = ("AuthenticationConfiguration", "ValidateCredentials")


class Connections:
    """CreateConnection and its like.

    Args:
        world: The services' common ground.
        tags: The tags of Glue's resources.
    """

    def __init__(self, world: World, tags: Tags) -> None:
        self.world = world
        self.store = world.store
        self.tags = tags

    def CreateConnection(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a connection."""
        body = _body(request["ConnectionInput"])
        now = time.time()
        if not self.store.create(KIND, body["Name"], body | {"CreationTime": now, "LastUpdatedTime": now}):
            raise AwsError("AlreadyExistsException", "Connection already exists.")
        if request.get("Tags"):
            self.tags.put(self._arn(body["Name"]), request["Tags"])
        return {"CreateConnectionStatus": "READY"}

    def GetConnection(self, request: dict[str, Any]) -> dict[str, Any]:
        """One connection; ``HidePassword`` leaves its password out."""
        return {"Connection": _shown(self._connection(request["Name"]), request)}

    def GetConnections(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the connections, by type and criteria."""
        wanted = request.get("Filter") or {}
        found = [
            _shown(body, request)
            for body in self.store.all(KIND)
            if wanted.get("ConnectionType", body["ConnectionType"]) == body["ConnectionType"]
            and set(wanted.get("MatchCriteria") or ()) <= set(body.get("MatchCriteria") or ())
        ]
        listed, token = page(found, request, limit=100, code="InvalidInputException")
        return {"ConnectionList": listed, "NextToken": token}

    def UpdateConnection(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a connection's definition; its name stays."""
        with self.store.transaction():
            old = self._connection(request["Name"])
            body = _body(request["ConnectionInput"]) | {"Name": old["Name"]}
            times = {"CreationTime": old["CreationTime"], "LastUpdatedTime": time.time()}
            self.store.put(KIND, old["Name"], body | times)
        return {}

    def DeleteConnection(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a connection."""
        name = self._connection(request["ConnectionName"])["Name"]
        self.store.delete(KIND, name)
        self.tags.forget(self._arn(name))
        return {}

    def BatchDeleteConnection(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget several connections; those that are not there are named in the answer."""
        gone: list[str] = []
        errors: Document = {}
        for name in request["ConnectionNameList"]:
            try:
                self.DeleteConnection({"ConnectionName": name})
                gone.append(name)
            except AwsError as error:
                errors[name] = {"ErrorCode": error.code, "ErrorMessage": error.message}
        return {"Succeeded": gone, "Errors": errors}

    def _connection(self, name: str) -> Document:
        found = self.store.get(KIND, name)
        if found is None:
            raise not_found(f"Connection {name}")
        return found

    def _arn(self, name: str) -> str:
        return self.world.arn("glue", f"connection/{name}")


def _body(given: Document) -> Document:
    for name in UNSERVED:
        if given.get(name):
            raise AwsError("NotImplemented", f"localaws does not implement a Glue connection's {name}", 501)
    return {key: given[key] for key in (*KEPT, *MORE_KEPT) if key in given}


def _shown(body: Document, request: Document) -> Document:
    if not request.get("HidePassword"):
        return body
    shown = {key: value for key, value in body["ConnectionProperties"].items() if key not in SECRET}
    return {**body, "ConnectionProperties": shown}
