"""The Data API's operations on statements, their results and their sessions."""

from __future__ import annotations

from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document
from localaws.glue.paging import offset_of, page, token_of
from localaws.redshift import sessions
from localaws.redshift.failures import StatementFailed
from localaws.redshift.requests import (
    INVALID,
    PLACED,
    UNDER_WAY,
    check_statements,
    fingerprint,
    invalid,
    not_found,
    place_of,
    statement_document,
)
from localaws.redshift.results import as_csv, page_of
from localaws.redshift.runs import KIND, Runs
from localaws.world import World

TOKENS = "redshift.token"
MOST_ACTIVE = 500
NO_RESULT = "Query does not have result. Please check query status with DescribeStatement."
TOKEN_REFUSED = "The next token is not valid."  # noqa: S105  # a page's token
ANSWERED = ("Id", "CreatedAt", "Status", "RedshiftPid", "HasResultSet", "SessionId", *PLACED)


class Statements:
    """ExecuteStatement and its like.

    Args:
        world: The services' common ground.
        runs: Who runs them.
    """

    def __init__(self, world: World, runs: Runs) -> None:
        self.store = world.store
        self.runs = runs

    def start(self) -> None:
        """Go on with what an earlier server had taken on."""
        self.runs.recover()

    def stop(self) -> None:
        """Interrupt what runs and let go of the databases."""
        self.runs.close()

    def ExecuteStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take one statement on; with ``WaitTimeSeconds`` its end is waited for."""
        return self._submit(request, [request["Sql"]], batch=False)

    def BatchExecuteStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take several statements on, to be run in one transaction."""
        return self._submit(request, list(request["Sqls"]), batch=True)

    def _submit(self, request: Document, texts: list[str], *, batch: bool) -> Document:
        token, mark = request.get("ClientToken"), fingerprint(request)
        known = self.store.get(TOKENS, token) if token else None
        if known is not None:
            if known["Fingerprint"] != mark:
                raise invalid("The client token was used before, with other parameters")
            return self._answer(known["Id"], request)
        name = self._kept(request, texts, token, mark, batch=batch)
        self.runs.submit(name)
        return self._answer(name, request)

    def _kept(self, request: Document, texts: list[str], token: str | None, mark: str, *, batch: bool) -> str:
        """Keep a statement and its token, its session made or taken; its id."""
        held = request.get("SessionId")
        if held:
            if any(key in request for key in PLACED):
                raise invalid("A request with SessionId names no cluster, workgroup, database or user")
            body = self.runs.sessions.known(held)
            request = {**request, **{key: body[key] for key in PLACED if key in body}}
        elif not request.get("Database"):
            raise invalid("Database name must be given")
        place = place_of(request)
        check_statements(request, texts)
        if self.runs.active() >= MOST_ACTIVE:
            message = "Active statements exceeded the allowed quota (500)."
            raise AwsError("ActiveStatementsExceededException", message)
        document = statement_document(request, place, texts, batch=batch)
        name = str(document["Id"])
        with self.store.transaction():
            if held:
                self.runs.sessions.take(held, name, request.get("SessionKeepAliveSeconds"))
                document["SessionId"] = held
            elif request.get("SessionKeepAliveSeconds"):
                try:
                    document["SessionId"] = self.runs.sessions.open(request, place, name)
                except StatementFailed as error:
                    raise invalid(error.reason) from error
            if token:
                self.store.put(TOKENS, token, {"Fingerprint": mark, "Id": name})
            self.store.put(KIND, name, document)
        return name

    def _answer(self, name: str, request: Document) -> Document:
        body = self.runs.wait(name, request.get("WaitTimeSeconds"))
        given = {key: body[key] for key in ANSWERED if key in body}
        return given if request.get("WaitTimeSeconds") else given | {"HasResultSet": None, "Status": None}

    def DescribeStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """One statement with its state; of a batch with those of its statements."""
        body, part = self._found(request["Id"], request.get("WaitTimeSeconds"))
        return {**body, **part, "SubStatements": None} if part else body

    def CancelStatement(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop a statement; one that has ended cannot be."""
        body, part = self._found(request["Id"])
        if part:
            raise invalid("A statement of a batch cannot be cancelled by itself")
        if body["Status"] not in UNDER_WAY:
            state = body["Status"]
            raise invalid(f"Could not cancel a query that is already in {state} state with ID: {body['Id']}")
        self.runs.cancel(body["Id"])
        return {"Status": True}

    def ListStatements(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the statements, the newest first; without ``Status`` those that finished."""
        wanted = request.get("Status", "FINISHED")
        found = [
            body
            for body in reversed(self.store.all(KIND))
            if wanted in ("ALL", body["Status"])
            and str(body.get("StatementName", "")).startswith(request.get("StatementName", ""))
            and all(
                body.get(key) == request[key]
                for key in ("Database", "ClusterIdentifier", "WorkgroupName")
                if request.get(key)
            )
        ]
        listed, token = page(found, request, limit=100, code=INVALID, message=TOKEN_REFUSED)
        return {"Statements": listed, "NextToken": token}

    def ListSessions(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the sessions, the newest first."""
        self.runs.sessions.sweep()
        if request.get("SessionId"):
            return {"Sessions": [self.runs.sessions.described(request["SessionId"])]}
        found = [
            body
            for body in reversed(self.store.all(sessions.KIND))
            if all(
                body.get(key) == request[key]
                for key in ("Status", "Database", "ClusterIdentifier", "WorkgroupName")
                if request.get(key)
            )
        ]
        listed, token = page(found, request, limit=100, code=INVALID, message=TOKEN_REFUSED)
        return {"Sessions": listed, "NextToken": token}

    def GetStatementResult(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a result as typed records."""
        records, answer = self._result(request, "JSON")
        return {**answer, "Records": records}

    def GetStatementResultV2(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a result as CSV."""
        records, answer = self._result(request, "CSV")
        return {**answer, "Records": [{"CSVRecords": as_csv(records)}], "ResultFormat": "CSV"}

    def _result(self, request: Document, form: str) -> tuple[list[list[Document]], Document]:
        body, part = self._found(request["Id"], request.get("WaitTimeSeconds"))
        if body["IsBatchStatement"] and not part:
            part = body["SubStatements"][-1]
        told = part or body
        if body["Status"] != "FINISHED" or not told["HasResultSet"]:
            raise not_found(NO_RESULT, request["Id"])
        if body["ResultFormat"] != form:
            other = {"JSON": "GetStatementResultV2", "CSV": "GetStatementResult"}[form]
            raise invalid(f"The result has the format {body['ResultFormat']}; ask for it with {other}")
        token = request.get("NextToken")
        offset = offset_of(token, INVALID, TOKEN_REFUSED) if token else 0
        records, following = page_of(self.runs.result(told["Id"]), offset)
        return records, {
            "ColumnMetadata": told["Columns"],
            "TotalNumRows": told["ResultRows"],
            "NextToken": token_of(following) if following is not None else None,
        }

    def _found(self, name: str, seconds: int | None = None) -> tuple[Document, Document]:
        """A statement, and that of its statements which an id with a colon names."""
        whole, _, number = name.partition(":")
        body = self.runs.wait(whole, seconds)
        if not body:
            raise not_found("Query does not exist.", name)
        if not number:
            return body, {}
        parts = [part for part in body.get("SubStatements") or [] if part["Id"] == name]
        if not parts:
            raise not_found("Query does not exist.", name)
        return body, parts[0]
