"""Prepared statements: kept by workgroup, made by the API and by PREPARE, run by EXECUTE."""

from __future__ import annotations

import time
from typing import Any

from localaws.athena.failures import QueryFailed
from localaws.athena.statements import Statement, statement_of
from localaws.athena.workgroups import WorkGroups, invalid
from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.glue.paging import page
from localaws.store import Store

KIND = "athena.prepared"


class PreparedStatements:
    """CreatePreparedStatement and its like.

    Args:
        store: Where they are kept.
        workgroups: The workgroups they belong to.
    """

    def __init__(self, store: Store, workgroups: WorkGroups) -> None:
        self.store = store
        self.workgroups = workgroups

    def CreatePreparedStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a statement; one that cannot be read is refused at once."""
        self.workgroups.workgroup(request["WorkGroup"])
        statement_of(request["QueryStatement"])
        if not self.store.create(KIND, _key(request), _body(request)):
            message = f"PreparedStatement {request['StatementName']} already exists"
            raise invalid(f"{message} in workGroup {request['WorkGroup']}")
        return {}

    def GetPreparedStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """One statement."""
        return {"PreparedStatement": self._need(request)}

    def BatchGetPreparedStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several statements; those that are not there are named."""
        self.workgroups.workgroup(request["WorkGroup"])
        found, missing = [], []
        for name in request["PreparedStatementNames"]:
            body = self.store.get(KIND, f"{request['WorkGroup']}/{name}")
            if body is not None:
                found.append(body)
                continue
            error = {"ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": _missing(name, request["WorkGroup"])}
            missing.append({"StatementName": name, **error})
        return {"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing}

    def ListPreparedStatements(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a workgroup's statements, by name."""
        self.workgroups.workgroup(request["WorkGroup"])
        mine = [body for body in self.store.all(KIND) if body["WorkGroupName"] == request["WorkGroup"]]
        mine.sort(key=lambda body: str(body["StatementName"]))
        message = f"Malformed nextPageToken {request.get('NextToken')}"
        found, token = page(mine, request, limit=50, code="InvalidRequestException", message=message)
        shown = [{name: body[name] for name in ("StatementName", "LastModifiedTime")} for body in found]
        return {"PreparedStatements": shown, "NextToken": token}

    def UpdatePreparedStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a statement's query."""
        statement_of(request["QueryStatement"])
        with self.store.transaction():
            self._need(request)
            self.store.put(KIND, _key(request), _body(request))
        return {}

    def DeletePreparedStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a statement."""
        with self.store.transaction():
            self._need(request)
            self.store.delete(KIND, _key(request))
        return {}

    def _need(self, request: Document) -> Document:
        self.workgroups.workgroup(request["WorkGroup"])
        body = self.store.get(KIND, _key(request))
        if body is None:
            message = _missing(request["StatementName"], request["WorkGroup"])
            raise AwsError("ResourceNotFoundException", message, ResourceName=request["StatementName"])
        return body


def _key(request: Document) -> str:
    return f"{request['WorkGroup']}/{request['StatementName']}"


def _missing(name: str, workgroup: str) -> str:
    return f"PreparedStatement {name} was not found in workGroup {workgroup}"


def _body(request: Document) -> Document:
    return {
        "StatementName": request["StatementName"],
        "QueryStatement": request["QueryStatement"],
        "WorkGroupName": request["WorkGroup"],
        "Description": request.get("Description"),
        "LastModifiedTime": time.time(),
    }


def resolved(statement: Statement, store: Store, workgroup: str) -> tuple[Statement, str | None]:
    """The statement an EXECUTE stands for, and its text; any other statement, and one not found, is itself.

    Args:
        statement: What was asked.
        store: Where prepared statements are kept.
        workgroup: The workgroup it was asked in.
    """
    if statement.name != "EXECUTE":
        return statement, None
    body = store.get(KIND, f"{workgroup}/{statement.target[1]}")
    if body is None:
        return statement, None
    return statement_of(body["QueryStatement"]), body["QueryStatement"]


def carry_out(statement: Statement, store: Store, workgroup: str) -> None:
    """PREPARE, DEALLOCATE PREPARE, and the EXECUTE of a statement that is not there.

    Raises:
        QueryFailed: The statement is there already, or is not.
    """
    name = statement.target[1]
    key = f"{workgroup}/{name}"
    if statement.name == "PREPARE":
        body = {"StatementName": name, "QueryStatement": statement.prepared, "WorkGroup": workgroup}
        if not store.create(KIND, key, _body(body)):
            raise QueryFailed(f"PreparedStatement {name} already exists in workGroup {workgroup}")
    elif statement.name == "EXECUTE" or not store.delete(KIND, key):
        raise QueryFailed(_missing(name, workgroup))
