"""Ensure-once Athena queries: a ClientRequestToken made of the identity; a retry gets the same execution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import DataError, JobFailed, JobStopped, JobTimedOut
from foldline.jobs import MAX_GENERATION
from foldline.layout import S3Uri
from foldline.names import Identity, digest
from foldline.outcomes import age
from foldline.remote.calls import Backoff, Clock, call
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch

USER_MISTAKES = ("COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "SYNTAX_ERROR", "TYPE_MISMATCH")


@dataclass(frozen=True)
class QueryOutcome:
    """A finished query.

    Attributes:
        execution: Athena's description of it.
        generation: How many times it was started again.
    """

    execution: dict[str, Any]
    generation: int

    @property
    def query_id(self) -> str:
        """Athena's id of the execution."""
        return str(self.execution["QueryExecutionId"])

    @property
    def bytes_scanned(self) -> int:
        """Bytes Athena read, which is what it bills."""
        return int(self.execution.get("Statistics", {}).get("DataScannedInBytes", 0))

    @property
    def seconds(self) -> float:
        """Seconds from submission to the end, as Athena counted them."""
        return float(self.execution.get("Statistics", {}).get("TotalExecutionTimeInMillis", 0)) / 1000


@dataclass(frozen=True)
class Queries:
    """Runs Athena statements, each exactly once for its identity.

    Attributes:
        client: boto3 Athena client without retries of its own.
        clock: Time.
        output: Prefix of Athena's result files.
        owner: Account that must own the output bucket.
        waits: How time passes between looks.
        backoff: Waits between two looks.
    """

    client: Any
    clock: Clock
    output: S3Uri
    owner: str
    waits: Waits
    backoff: Backoff = field(default_factory=Backoff)

    def run(
        self,
        identity: Identity,
        statement: Callable[[int], str],
        *,
        database: str,
        workgroup: str,
        parameters: Sequence[str] = (),
        budget: float,
        where: str,
    ) -> QueryOutcome:
        """The outcome of the statement.

        Args:
            identity: Who asks; gives the token.
            statement: The text for a generation; an UNLOAD names another folder in each.
            database: Glue database the statement's tables are looked up in.
            workgroup: Athena workgroup.
            parameters: SQL literals for the ``?`` of the statement, in order.
            budget: Seconds to wait; then the query is stopped.
            where: The file to mend, for errors.

        Raises:
            DataError: The statement names a column, table or type that the data do not have.
            JobFailed: Athena failed for another reason that another try does not mend.
            JobStopped: Somebody cancelled the query.
            JobTimedOut: The budget is spent.
        """
        for generation in range(MAX_GENERATION + 1):
            text = statement(generation)
            request = query_request(
                text,
                query_token(identity, generation, text),
                parameters,
                database=database,
                workgroup=workgroup,
                output=self.output,
                owner=self.owner,
            )
            query_id = call(self.client.start_query_execution, self.clock, **request)["QueryExecutionId"]
            execution = self._wait(query_id, budget, where)
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                return QueryOutcome(execution, generation)
            if status["State"] == "CANCELLED":
                raise JobStopped(
                    f"Athena query {query_id} was cancelled",
                    where=where,
                    mend="clear the task to run it again",
                )
            if not status.get("AthenaError", {}).get("Retryable"):
                break
        raise failure(execution, where)

    def rows(self, query_id: str) -> list[list[str | None]]:
        """The rows of a small result, without its header."""
        rows: list[list[str | None]] = []
        token: dict[str, str] = {}
        while True:
            answer = call(self.client.get_query_results, self.clock, QueryExecutionId=query_id, **token)
            page = answer["ResultSet"]["Rows"]
            rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page]
            if "NextToken" not in answer:
                return rows[1:]
            token = {"NextToken": answer["NextToken"]}

    def _wait(self, query_id: str, budget: float, where: str) -> dict[str, Any]:
        started, looks, query = self.clock.monotonic(), 0, WATCHED["query"]
        while True:
            answer = call(self.client.get_query_execution, self.clock, QueryExecutionId=query_id)
            execution: dict[str, Any] = answer["QueryExecution"]
            if query.is_over(execution["Status"]["State"]):
                return execution
            submitted = {**answer, "SubmissionDateTime": execution["Status"].get("SubmissionDateTime")}
            aged = age(submitted, "SubmissionDateTime")
            waited = self.clock.monotonic() - started if aged is None else aged
            if waited > budget:
                query.end(self.client, self.clock, query_id)
                raise JobTimedOut(
                    f"Athena query {query_id} did not end within {budget:.0f} s and was stopped",
                    where=where,
                    mend="raise `max_runtime` of the step, or read less",
                )
            watch = Watch("query", (query_id,), max(budget - waited, self.backoff.longest))
            self.waits.pause(self.backoff.seconds(looks), watch)
            looks += 1


def query_request(
    text: str,
    token: str,
    parameters: Sequence[str],
    *,
    database: str,
    workgroup: str,
    output: S3Uri,
    owner: str,
) -> dict[str, Any]:
    """The StartQueryExecution request.

    Args:
        text: The statement.
        token: See :func:`query_token`.
        parameters: SQL literals for the ``?``, in order.
        database: Glue database.
        workgroup: Athena workgroup.
        output: Prefix of Athena's result files.
        owner: Account that must own the output bucket.
    """
    request: dict[str, Any] = {
        "QueryString": text,
        "ClientRequestToken": token,
        "QueryExecutionContext": {"Database": database},
        "ResultConfiguration": {"OutputLocation": str(output), "ExpectedBucketOwner": owner},
        "WorkGroup": workgroup,
    }
    return {**request, "ExecutionParameters": list(parameters)} if parameters else request


def query_token(identity: Identity, generation: int, text: str) -> str:
    """Athena's idempotency token: 52 characters that follow from who asks and what."""
    return digest({"key": identity.key, "generation": generation, "text": text}, 52)


def failure(execution: dict[str, Any], where: str) -> JobFailed | DataError:
    """The error of a failed execution."""
    reason = str(execution["Status"].get("StateChangeReason") or "no reason given")
    query_id = execution["QueryExecutionId"]
    if any(word in reason for word in USER_MISTAKES):
        return DataError(
            f"Athena query {query_id} does not fit the data",
            where=where,
            cause=reason,
            mend="correct the query, or `columns` and `rules` of the step; `foldline validate` checks them",
        )
    return JobFailed(f"Athena query {query_id} failed", where=where, cause=reason)
