"""Ensure-once Athena queries: a ClientRequestToken made of the identity; a retry gets the same execution."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import DataError, JobError, JobFailed, JobStopped, JobTimedOut
from foldline.layout import S3Uri
from foldline.names import Identity, digest
from foldline.outcomes import age
from foldline.remote.calls import Backoff, Clock, call, find
from foldline.remote.dates import EPOCH, answered_at
from foldline.remote.latereads import found_again
from foldline.remote.memory import Memory
from foldline.remote.warehouse.submitting import Submissions
from foldline.remote.watched import WATCHED
from foldline.requests import merged
from foldline.waiting import Waits, Watch
from foldline.work import MAX_GENERATION

USER_MISTAKES = ("COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "SYNTAX_ERROR", "TYPE_MISMATCH")
SCAN_LIMIT = "bytes scanned limit"
"""Words with which Athena cancels a query at its workgroup's ``BytesScannedCutoffPerQuery``."""
MEGABYTE, TERABYTE = 2**20, 2**40
LEAST_MEGABYTES = 10
"""Athena bills a query for at least this much, and rounds up to the next megabyte."""


@dataclass(frozen=True)
class QueryOutcome:
    """A finished query.

    Attributes:
        execution: Athena's description of it.
        generation: How many times it was started again.
        read_at: When Athena gave that description, by AWS's clock.
    """

    execution: dict[str, Any]
    generation: int
    read_at: dt.datetime = EPOCH

    @property
    def query_id(self) -> str:
        """Athena's id of the execution."""
        return str(self.execution["QueryExecutionId"])

    @property
    def statistics(self) -> dict[str, Any]:
        """Athena's figures."""
        return dict(self.execution.get("Statistics", {}))

    @property
    def bytes_scanned(self) -> int:
        """Bytes Athena read, which is what it bills."""
        return int(self.statistics.get("DataScannedInBytes", 0))

    @property
    def seconds(self) -> float:
        """Seconds from submission to the end, as Athena counted them."""
        return float(self.statistics.get("TotalExecutionTimeInMillis", 0)) / 1000

    @property
    def output(self) -> str:
        """Where Athena left the result."""
        return str(self.execution.get("ResultConfiguration", {}).get("OutputLocation", ""))

    def cost(self, usd_per_tb: float) -> float:
        """US dollars, at a price per terabyte scanned; what only changes the catalogue is free.

        A CREATE TABLE AS is DDL to Athena, and is billed for what it reads.
        """
        catalogue_only = self.execution.get("StatementType") in ("DDL", "UTILITY")
        if catalogue_only and self.execution.get("SubstatementType") != "CREATE_TABLE_AS_SELECT":
            return 0.0
        return query_cost(self.bytes_scanned, usd_per_tb)


def query_cost(bytes_scanned: int, usd_per_tb: float) -> float:
    """US dollars of one query that ran: per terabyte, in whole megabytes, ten of them at least."""
    megabytes = max(LEAST_MEGABYTES, -(-bytes_scanned // MEGABYTE))
    return megabytes * MEGABYTE / TERABYTE * usd_per_tb


@dataclass(frozen=True)
class Queries:
    """Runs Athena statements, each exactly once for its identity.

    Attributes:
        client: boto3 Athena client without retries of its own.
        clock: Time.
        output: Prefix of Athena's result files.
        owner: Account that must own the output bucket.
        waits: How time passes between looks.
        memory: Keeps the ids: Athena does not say how long it knows a token.
        backoff: Waits between two looks.
        kms_key: Key of results, and of the files that UNLOAD and CREATE TABLE AS write.
    """

    client: Any
    clock: Clock
    output: S3Uri
    owner: str
    waits: Waits
    memory: Memory
    backoff: Backoff = field(default_factory=Backoff)
    kms_key: str | None = None

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
        extra: Mapping[str, Any] | None = None,
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
            extra: Raw fields of the request, merged last.

        Raises:
            DataError: The statement names a column, table or type that the data do not have.
            JobFailed: Athena failed for another reason that another try does not mend.
            JobStopped: Somebody, or the workgroup's scan limit, cancelled the query.
            JobTimedOut: The budget is spent.
        """
        submissions = Submissions("query", self.clock, self.waits, self.memory, self.backoff)
        for generation in range(MAX_GENERATION + 1):
            request = query_request(
                identity,
                generation,
                statement(generation),
                parameters,
                database=database,
                workgroup=workgroup,
                output=self.output,
                owner=self.owner,
                kms_key=self.kms_key,
                extra=extra,
            )
            token, start = request["ClientRequestToken"], self.client.start_query_execution
            query_id = submissions.submitted(
                token, start, request, "QueryExecutionId", budget=budget, tags=identity.tags(generation)
            )
            answer = self._wait(query_id, budget, where)
            execution = answer["QueryExecution"]
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                return QueryOutcome(execution, generation, answered_at(answer))
            if status["State"] == "CANCELLED":
                raise cancelled(execution, where)
            if not status.get("AthenaError", {}).get("Retryable") or generation == MAX_GENERATION:
                break
            self._let_recover(answer, generation)
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

    def first_rows(self, query_id: str, count: int) -> tuple[list[dict[str, Any]], list[list[str | None]]]:
        """The columns of a result, and its first rows without the header; no further page is read."""
        answer = call(
            self.client.get_query_results, self.clock, QueryExecutionId=query_id, MaxResults=count + 1
        )["ResultSet"]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"]]
        return answer["ResultSetMetadata"]["ColumnInfo"], rows[1:]

    def rows_written(self, query_id: str) -> int | None:
        """Rows that a CREATE TABLE AS or an UNLOAD wrote; None where Athena does not say."""
        answer = call(self.client.get_query_results, self.clock, QueryExecutionId=query_id, MaxResults=1)
        count = answer.get("UpdateCount")
        return None if count is None else int(count)

    def _wait(self, query_id: str, budget: float, where: str) -> dict[str, Any]:
        started, looks, query = self.clock.monotonic(), 0, WATCHED["query"]
        while True:
            answer = found_again(
                lambda: find(self.client.get_query_execution, self.clock, QueryExecutionId=query_id),
                self.clock,
                f"Athena query {query_id}",
                where,
            )
            if query.is_over(answer["QueryExecution"]["Status"]["State"]):
                return dict(answer)
            aged = status_age(answer, "SubmissionDateTime")
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

    def _let_recover(self, answer: dict[str, Any], generation: int) -> None:
        """Pause before the next generation, counted from the end of the last one."""
        wanted = self.backoff.longest * 2**generation
        aged = status_age(answer, "CompletionDateTime")
        left = wanted - (wanted if aged is None else aged)
        if left > 0:
            self.waits.pause(left, Watch("query", (), left))


def status_age(answer: dict[str, Any], member: str) -> float | None:
    """Seconds since a moment in an execution's status, by AWS's clock; None when it does not tell."""
    return age({**answer, member: answer["QueryExecution"]["Status"].get(member)}, member)


def query_request(
    identity: Identity,
    generation: int,
    text: str,
    parameters: Sequence[str],
    *,
    database: str,
    workgroup: str,
    output: S3Uri,
    owner: str,
    kms_key: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The StartQueryExecution request, with the token that makes it happen once.

    Args:
        identity: Who asks.
        generation: How many times the work was started again.
        text: The statement.
        parameters: SQL literals for the ``?``, in order.
        database: Glue database.
        workgroup: Athena workgroup.
        output: Prefix of Athena's result files.
        owner: Account that must own the output bucket.
        kms_key: Key of results and written files.
        extra: Raw fields of the request, merged last.
    """
    result: dict[str, Any] = {"OutputLocation": str(output), "ExpectedBucketOwner": owner}
    if kms_key:
        result["EncryptionConfiguration"] = {"EncryptionOption": "SSE_KMS", "KmsKey": kms_key}
    request: dict[str, Any] = {
        "QueryString": text,
        "QueryExecutionContext": {"Database": database},
        "ResultConfiguration": result,
        "WorkGroup": workgroup,
    }
    request |= {"ExecutionParameters": list(parameters)} if parameters else {}
    request = merged(request, dict(extra or {}))
    return {**request, "ClientRequestToken": query_token(identity, generation, request)}


def query_token(identity: Identity, generation: int, request: Mapping[str, Any]) -> str:
    """Athena's idempotency token: 52 characters that follow from who asks and what.

    The whole request is in it, query, values and database: Athena refuses a token that comes again with
    another request, and for one that comes again with the same it does not ask what the caller may read.
    """
    return digest({"key": identity.key, "generation": generation, "request": dict(request)}, 52)


def cancelled(execution: dict[str, Any], where: str) -> JobStopped:
    """The error of a cancelled execution: a person did it, or the workgroup's limit."""
    reason, query_id = str(execution["Status"].get("StateChangeReason") or ""), execution["QueryExecutionId"]
    if SCAN_LIMIT not in reason.lower():
        return JobStopped(
            f"Athena query {query_id} was cancelled",
            where=where,
            cause=reason,
            mend="clear the task to run it again",
        )
    workgroup = execution.get("WorkGroup", "")
    scanned = int(execution.get("Statistics", {}).get("DataScannedInBytes", 0))
    return JobStopped(
        f"Athena query {query_id} would scan more than workgroup {workgroup!r} allows, and was cancelled",
        where=where,
        cause=f"{reason} (after {scanned:,} bytes, which are billed)",
        mend="read fewer columns or partitions, or raise BytesScannedCutoffPerQuery of the workgroup",
    )


def failure(execution: dict[str, Any], where: str) -> JobError | DataError:
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
