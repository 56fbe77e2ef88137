"""Athena's operations on query executions."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from localaws.athena.prepared import resolved
from localaws.athena.publishing import results_folder
from localaws.athena.records import KIND, TIMES, TOKENS, UNDER_WAY, fingerprint, query_document
from localaws.athena.results import PAGE, csv_page, text_page
from localaws.athena.runs import Runs
from localaws.athena.statements import statement_of
from localaws.athena.workgroups import PRIMARY, WorkGroups, invalid
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import offset_of, page, token_of
from localaws.s3.blobs import split_uri
from localaws.world import World


class Queries:
    """StartQueryExecution and its like: a query is QUEUED, RUNNING, then SUCCEEDED, FAILED or CANCELLED.

    Args:
        world: The services' common ground.
        catalog: The Glue catalogue.
        workgroups: The workgroups queries belong to.
    """

    def __init__(self, world: World, catalog: Catalog, workgroups: WorkGroups) -> None:
        self.world = world
        self.store = world.store
        self.workgroups = workgroups
        self.runs = Runs(world, catalog)

    def start(self) -> None:
        """Go on with what an earlier server left under way, and open DuckDB in the background."""
        self.runs.recover()

    def stop(self) -> None:
        """Interrupt what runs and let go of DuckDB; the next start goes on."""
        self.runs.close()

    def StartQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a query on; a statement that cannot be read is refused at once."""
        token = request.get("ClientRequestToken")
        if not token:
            raise invalid("clientRequestToken is null or empty")
        workgroup = self._usable(request.get("WorkGroup", PRIMARY))
        folder = results_folder(request, workgroup, self.world)
        asked = statement_of(request["QueryString"])
        statement, text = resolved(asked, self.store, workgroup["Name"])
        query_id = str(uuid.uuid4())
        with self.store.transaction():
            known = self.store.get(TOKENS, token)
            mark = fingerprint(request)
            if known is not None:
                if known["Fingerprint"] != mark:
                    raise invalid("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
                return {"QueryExecutionId": known["QueryExecutionId"]}
            document = query_document(query_id, request, statement, workgroup, folder)
            document |= {"Prepared": text, "Values": list(asked.values)} if text else {}
            self.store.put(TOKENS, token, {"Fingerprint": mark, "QueryExecutionId": query_id})
            self.store.put(KIND, query_id, document)
        self.runs.submit(query_id, statement)
        return {"QueryExecutionId": query_id}

    def GetQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """One query with its state and statistics."""
        return {"QueryExecution": self._query(request["QueryExecutionId"])}

    def BatchGetQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several queries; those that are not there are named."""
        found = {name: self.store.get(KIND, name) for name in request["QueryExecutionIds"]}
        missing = [
            {
                "QueryExecutionId": name,
                "ErrorCode": "INVALID_INPUT",
                "ErrorMessage": f"QueryExecution {name} was not found",
            }
            for name, body in found.items()
            if body is None
        ]
        return {
            "QueryExecutions": [body for body in found.values() if body],
            "UnprocessedQueryExecutionIds": missing,
        }

    def ListQueryExecutions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a workgroup's queries, the newest first."""
        workgroup = request.get("WorkGroup", PRIMARY)
        self.workgroups.workgroup(workgroup)
        names = [
            body["QueryExecutionId"]
            for body in reversed(self.store.all(KIND))
            if body["WorkGroup"] == workgroup
        ]
        message = f"Malformed nextPageToken {request.get('NextToken')}"
        found, token = page(names, request, limit=50, code="InvalidRequestException", message=message)
        return {"QueryExecutionIds": found, "NextToken": token}

    def StopQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop a query; one that has ended stays as it is."""
        name = request["QueryExecutionId"]
        self._query(name)
        self.runs.cancel(name)
        return {}

    def GetQueryRuntimeStatistics(self, request: dict[str, Any]) -> dict[str, Any]:
        """The times and bytes of a query; its stages are not told."""
        query = self._query(request["QueryExecutionId"])
        given = query["Statistics"]
        timeline = {name: given.get(name) for name in TIMES}
        rows = {"InputBytes": given.get("DataScannedInBytes"), "OutputRows": query.get("Written")}
        return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}

    def GetQueryResults(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a query's rows; the first of a SELECT begins with the columns' names."""
        query = self._query(request["QueryExecutionId"])
        count = request.get("MaxResults") or PAGE
        if count > PAGE:
            raise invalid(f"MaxResults is more than maximum allowed length {PAGE}")
        _see_results(query)
        token = request.get("NextToken")
        offset = _offset(token) if token else 0
        rows, following = self._rows(query, offset, count)
        shown = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
        metadata = {"ColumnInfo": query.get("Columns", [])}
        return {
            "ResultSet": {"Rows": shown, "ResultSetMetadata": metadata},
            "UpdateCount": query.get("Written") if query.get("Written") is not None else _update_count(query),
            "NextToken": token_of(following) if following is not None else None,
        }

    def _rows(self, query: Document, offset: int, count: int) -> tuple[list[list[str | None]], int | None]:
        location = query["ResultConfiguration"]["OutputLocation"]
        if query["Status"]["State"] != "SUCCEEDED" or not query.get("HasBody"):
            return [], None
        try:
            path = self.world.objects.get(*split_uri(location)).path
        except AwsError as error:
            raise invalid("Could not find results", "RESULT_NOT_FOUND") from error
        if location.endswith(".csv"):
            return csv_page(path, offset, count)
        return text_page(Path(path).read_text(encoding="utf-8"), offset, count)

    def _query(self, name: str) -> Document:
        found = self.store.get(KIND, name)
        if found is None:
            raise invalid(f"QueryExecution {name} was not found", "QUERY_EXECUTION_NOT_FOUND")
        return found

    def _usable(self, name: str) -> Document:
        workgroup = self.workgroups.workgroup(name)
        if workgroup["State"] != "ENABLED":
            raise invalid("WorkGroup is disabled.")
        return workgroup


def _see_results(query: Document) -> None:
    """See that a query has results to show.

    Raises:
        AwsError: It runs yet, failed or was stopped.
    """
    state = query["Status"]["State"]
    if state in UNDER_WAY:
        message = f"Query has not yet finished. Current state: {state}"
        raise invalid(message, "INVALID_QUERY_EXECUTION_STATE")
    if state == "CANCELLED":
        raise invalid("Could not find results", "RESULT_NOT_FOUND")
    hive = str(query["Status"].get("StateChangeReason", "")).startswith("FAILED:")
    if state == "FAILED" and not hive:
        message = f"Query did not finish successfully. Final query state: {state}"
        raise invalid(message, "INVALID_QUERY_EXECUTION_STATE")


def _update_count(query: Document) -> int | None:
    return (
        0 if query["SubstatementType"] == "SELECT" or query["SubstatementType"].startswith("SHOW") else None
    )


def _offset(token: str) -> int:
    try:
        return offset_of(token, "InvalidRequestException", f"Malformed nextPageToken {token}")
    except AwsError as error:
        raise invalid(error.message) from error
