"""Named queries: SQL kept by a name for later; nothing runs them but who reads them."""

from __future__ import annotations

import uuid
from typing import Any

from localaws.athena.workgroups import PRIMARY, WorkGroups, invalid
from localaws.glue.catalog import Document
from localaws.glue.paging import page
from localaws.store import Store

KIND, TOKENS = "athena.namedquery", "athena.namedquery.token"
COMPARED = ("Name", "Description", "Database", "QueryString", "WorkGroup")


class NamedQueries:
    """CreateNamedQuery and its like.

    Args:
        store: Where they are kept.
        workgroups: The workgroups they belong to.
    """

    def __init__(self, store: Store, workgroups: WorkGroups) -> None:
        self.store = store
        self.workgroups = workgroups

    def CreateNamedQuery(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a query; the same token gives the same query again."""
        workgroup = request.get("WorkGroup", PRIMARY)
        self.workgroups.workgroup(workgroup)
        body = {
            "NamedQueryId": str(uuid.uuid4()),
            **{name: request.get(name) for name in COMPARED},
            "WorkGroup": workgroup,
        }
        token = request.get("ClientRequestToken")
        with self.store.transaction():
            known = self.store.get(TOKENS, token) if token else None
            if known is not None:
                if any(known[name] != body[name] for name in COMPARED):
                    raise invalid("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
                return {"NamedQueryId": known["NamedQueryId"]}
            if token:
                self.store.put(TOKENS, token, body)
            self.store.put(KIND, body["NamedQueryId"], body)
        return {"NamedQueryId": body["NamedQueryId"]}

    def GetNamedQuery(self, request: dict[str, Any]) -> dict[str, Any]:
        """One query."""
        return {"NamedQuery": self._need(request["NamedQueryId"])}

    def BatchGetNamedQuery(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several queries; those that are not there are named."""
        found = {name: self.store.get(KIND, name) for name in request["NamedQueryIds"]}
        missing = [
            {"NamedQueryId": name, "ErrorCode": "INVALID_INPUT", "ErrorMessage": _missing(name)}
            for name, body in found.items()
            if body is None
        ]
        return {
            "NamedQueries": [body for body in found.values() if body is not None],
            "UnprocessedNamedQueryIds": missing,
        }

    def ListNamedQueries(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the ids of a workgroup's queries, the newest first."""
        workgroup = request.get("WorkGroup", PRIMARY)
        self.workgroups.workgroup(workgroup)
        mine = [
            body["NamedQueryId"] for body in reversed(self.store.all(KIND)) if body["WorkGroup"] == workgroup
        ]
        message = f"Malformed nextPageToken {request.get('NextToken')}"
        found, token = page(mine, request, limit=50, code="InvalidRequestException", message=message)
        return {"NamedQueryIds": found, "NextToken": token}

    def UpdateNamedQuery(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a query's name, description and text."""
        with self.store.transaction():
            body = self._need(request["NamedQueryId"])
            for name in ("Name", "Description", "QueryString"):
                if name in request:
                    body[name] = request[name]
            self.store.put(KIND, body["NamedQueryId"], body)
        return {}

    def DeleteNamedQuery(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a query."""
        self._need(request["NamedQueryId"])
        self.store.delete(KIND, request["NamedQueryId"])
        return {}

    def _need(self, name: str) -> Document:
        body = self.store.get(KIND, name)
        if body is None:
            raise invalid(_missing(name))
        return body


def _missing(name: str) -> str:
    return f"NamedQuery {name} was not found"
