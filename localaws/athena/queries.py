"""Athena's operations on query executions, and the threads they run in."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localaws.athena.engine import Engine, Session
from localaws.athena.executions import Execution, ScanLimitExceeded
from localaws.athena.failures import SYSTEM, QueryCancelled, QueryFailed
from localaws.athena.publishing import output_location, publish, results_folder, withdraw
from localaws.athena.results import PAGE, csv_page, text_page
from localaws.athena.statements import Statement, statement_of
from localaws.athena.workgroups import PRIMARY, WorkGroups, invalid
from localaws.errors import AwsError
from localaws.glue.catalog import Catalog, Document
from localaws.glue.paging import offset_of, page, token_of
from localaws.s3.blobs import split_uri
from localaws.world import World

KIND, TOKENS = "athena.query", "athena.token"
AT_ONCE = 2  # queries that run at the same time; the others wait, QUEUED
UNDER_WAY = ("QUEUED", "RUNNING")
DATABASE = "default"
log = logging.getLogger("localaws")


class Queries:
    """StartQueryExecution and its like: a query is QUEUED, RUNNING, then SUCCEEDED, FAILED or CANCELLED."""

    def __init__(self, world: World, catalog: Catalog, workgroups: WorkGroups) -> None:
        self.world = world
        self.store = world.store
        self.catalog = catalog
        self.workgroups = workgroups
        self.engine = Engine(world.state / "blobs", world.state / "athena")
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="athena")
        self._sessions: dict[str, Session] = {}

    def start(self) -> None:
        """Settle what an earlier server left under way, and open DuckDB in the background."""
        for query in self.store.all(KIND):
            if query["Status"]["State"] in UNDER_WAY:
                reason = "GENERIC_INTERNAL_ERROR: The local endpoint was stopped while the query ran"
                self._fail(query["QueryExecutionId"], QueryFailed(reason, SYSTEM, 200, retryable=True))
        self._pool.submit(self.engine.warm)

    def stop(self) -> None:
        """Cancel what runs and let go of DuckDB."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for session in list(self._sessions.values()):
            session.cancel()
        self._pool.shutdown(wait=True)
        self.engine.close()

    def StartQueryExecution(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a query on; a statement that cannot be read is refused at once."""
        token = request.get("ClientRequestToken")
        if not token:
            raise invalid("clientRequestToken is null or empty")
        workgroup = self._usable(request.get("WorkGroup", PRIMARY))
        folder = results_folder(request, workgroup, self.world)
        statement = statement_of(request["QueryString"])
        query_id = str(uuid.uuid4())
        with self.store.transaction():
            known = self.store.get(TOKENS, token)
            mark = _fingerprint(request)
            if known is not None:
                if known["Fingerprint"] != mark:
                    raise invalid("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
                return {"QueryExecutionId": known["QueryExecutionId"]}
            self.store.put(TOKENS, token, {"Fingerprint": mark, "QueryExecutionId": query_id})
            self.store.put(KIND, query_id, _document(query_id, request, statement, workgroup, folder))
        self._pool.submit(self._run, query_id, statement)
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
        if self._end(name, "CANCELLED", reason="Query cancelled by user"):
            session = self._sessions.get(name)
            if session is not None:
                session.cancel()
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

    def _run(self, name: str, statement: Statement) -> None:
        """A query from its start to its end; the body of its thread's work."""
        query = self._begin(name)
        if query is None:
            return
        try:
            with self.engine.session() as session:
                self._sessions[name] = session
                self._carry_out(query, statement, session)
        except QueryCancelled:
            pass  # StopQueryExecution has told its end already; a stopping server leaves it to the next start
        except QueryFailed as error:
            self._fail(name, error)
        except ScanLimitExceeded:
            self._end(name, "CANCELLED", reason="Bytes scanned limit was exceeded")
        except Exception as error:
            log.exception("Athena query %s", name)
            self._fail(name, QueryFailed(f"GENERIC_INTERNAL_ERROR: {error!r}", SYSTEM, 200))
        finally:
            self._sessions.pop(name, None)

    def _carry_out(self, query: Document, statement: Statement, session: Session) -> None:
        name = query["QueryExecutionId"]
        workgroup = self.store.get("athena.workgroup", query["WorkGroup"]) or {"Configuration": {}}
        execution = Execution(
            statement,
            tuple(query.get("ExecutionParameters") or ()),
            (query["QueryExecutionContext"].get("Database") or DATABASE).lower(),
            session,
            self.catalog,
            name,
            query["Folder"],
            workgroup["Configuration"].get("BytesScannedCutoffPerQuery"),
        )
        planned = time.time()
        outcome = execution.run()
        session.check()
        published = publish(outcome, query, session, self.world)

        def commit() -> None:
            if outcome.commit is not None:
                outcome.commit()

        try:
            ended = self._end(name, "SUCCEEDED", outcome=published, started=planned, commit=commit)
        except BaseException:
            withdraw(outcome, self.world)
            raise
        if not ended:
            withdraw(outcome, self.world)

    def _begin(self, name: str) -> Document | None:
        """Move a query from QUEUED to RUNNING; None when it was stopped before."""
        with self.store.transaction():
            query = self.store.get(KIND, name)
            if query is None or query["Status"]["State"] != "QUEUED":
                return None
            status = {**query["Status"], "State": "RUNNING"}
            waited = int((time.time() - status["SubmissionDateTime"]) * 1000)
            statistics = {**query["Statistics"], "QueryQueueTimeInMillis": max(1, waited)}
            return self.store.update(KIND, name, Status=status, Statistics=statistics)

    def _end(
        self,
        name: str,
        state: str,
        *,
        reason: str | None = None,
        error: Document | None = None,
        outcome: Document | None = None,
        started: float | None = None,
        commit: Any = None,
    ) -> bool:
        """Move a query under way to its end; False when it has come to one already."""
        with self.store.transaction():
            query = self.store.get(KIND, name)
            if query is None or query["Status"]["State"] not in UNDER_WAY:
                return False
            if commit is not None:
                commit()
            now = time.time()
            status = {**query["Status"], "State": state, "CompletionDateTime": now}
            status |= {"StateChangeReason": reason} if reason else {}
            status |= {"AthenaError": error} if error else {}
            changes = {**(outcome or {}), "Status": status}
            changes["Statistics"] = _statistics(query, changes.pop("Statistics", {}), started or now, now)
            self.store.update(KIND, name, **changes)
            return True

    def _fail(self, name: str, error: QueryFailed) -> None:
        query = self._query(name)

        def tell() -> None:
            """What Hive fails at is in the text object before anybody sees the query as failed."""
            bucket, key = split_uri(query["ResultConfiguration"]["OutputLocation"])
            if error.hive and key.endswith(".txt") and self.world.objects.bucket_exists(bucket):
                self.world.objects.put_bytes(bucket, key, error.reason.encode())

        self._end(name, "FAILED", reason=error.reason, error=error.athena_error(), commit=tell)

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


TIMES = (
    "QueryQueueTimeInMillis",
    "ServicePreProcessingTimeInMillis",
    "QueryPlanningTimeInMillis",
    "EngineExecutionTimeInMillis",
    "ServiceProcessingTimeInMillis",
    "TotalExecutionTimeInMillis",
)


def _fingerprint(request: Document) -> str:
    """What must be the same for a token to stand for the same query."""
    parts = [request.get(name) for name in ("QueryString", "QueryExecutionContext", "ResultConfiguration")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _document(
    name: str, request: Document, statement: Statement, workgroup: Document, folder: str
) -> Document:
    context = dict(request.get("QueryExecutionContext") or {})
    if "Catalog" in context:
        context["Catalog"] = context["Catalog"].lower()
    given = request.get("ResultConfiguration") or {}
    results = {key: value for key, value in given.items() if key != "OutputLocation"}
    return {
        "QueryExecutionId": name,
        "Query": re.sub(r";\s*$", "", request["QueryString"]),
        "StatementType": statement.type,
        "SubstatementType": statement.name,
        "ResultConfiguration": {"OutputLocation": output_location(statement, folder, name), **results},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": context,
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"ResultReuseInformation": {"ReusedPreviousResult": False}},
        "WorkGroup": workgroup["Name"],
        "EngineVersion": workgroup["Configuration"]["EngineVersion"],
        "ExecutionParameters": request.get("ExecutionParameters"),
        "Folder": folder,
    }


def _statistics(query: Document, more: Document, started: float, now: float) -> Document:
    submitted = query["Status"]["SubmissionDateTime"]
    total = max(1, int((now - submitted) * 1000))
    return {
        "EngineExecutionTimeInMillis": max(0, int((now - started) * 1000)),
        "DataScannedInBytes": 0,
        "ServicePreProcessingTimeInMillis": 0,
        "QueryPlanningTimeInMillis": 0,
        "ServiceProcessingTimeInMillis": 0,
        **query["Statistics"],
        **more,
        "TotalExecutionTimeInMillis": total,
    }


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
