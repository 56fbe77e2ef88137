"""Ensure-once Redshift statements through the Data API: a ClientToken made of the identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import DataError, JobFailed, JobStopped, JobTimedOut
from foldline.names import Identity, digest
from foldline.outcomes import age
from foldline.remote.calls import Backoff, Clock, call, find
from foldline.remote.latereads import found_again
from foldline.remote.memory import Memory
from foldline.remote.warehouse.submitting import Submissions
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch
from foldline.work import MAX_GENERATION

PASSING = (
    "slowdown",
    "status 503",
    "status 500",
    "serializable isolation violation",
    "restart",
    "shutting down",
    "connection",
)
"""Words of an error that another try may not meet; a query's own mistakes have none of them."""
USER_MISTAKES = ("does not exist", "syntax error", "invalid input syntax", "type mismatch")


@dataclass(frozen=True)
class Ended:
    """Statements that have finished.

    Attributes:
        description: The Data API's answer of DescribeStatement.
        generation: How many times they were started again.
    """

    description: dict[str, Any]
    generation: int

    @property
    def statement_id(self) -> str:
        """The Data API's id of the batch."""
        return str(self.description["Id"])

    @property
    def seconds(self) -> float:
        """Seconds they ran, as Redshift counted them."""
        return max(0, int(self.description.get("Duration", 0))) / 1e9


@dataclass(frozen=True)
class Warehouse:
    """Runs batches of statements, each batch one transaction and exactly once for its identity.

    Attributes:
        client: boto3 client of the Data API without retries of its own.
        clock: Time.
        waits: How time passes between looks.
        memory: Keeps the ids: the Data API forgets a token after hours.
        backoff: Waits between two looks.
    """

    client: Any
    clock: Clock
    waits: Waits
    memory: Memory
    backoff: Backoff = field(default_factory=Backoff)

    def run(
        self, identity: Identity, request: Callable[[int], dict[str, Any]], *, budget: float, where: str
    ) -> Ended:
        """The end of the statements.

        Args:
            identity: Who asks; gives the token.
            request: BatchExecuteStatement's members for a generation, without the token.
            budget: Seconds to wait, by AWS's clock; then the statements are cancelled.
            where: The file to mend, for errors.

        Raises:
            DataError: They name what the database does not have.
            JobFailed: Redshift failed for another reason that another try does not mend.
            JobStopped: Somebody cancelled them.
            JobTimedOut: The budget is spent.
        """
        submissions = Submissions("statement", self.clock, self.waits, self.memory, self.backoff)
        for generation in range(MAX_GENERATION + 1):
            asked = batch_request(identity, generation, request(generation))
            start = self.client.batch_execute_statement
            token, tags = asked["ClientToken"], identity.tags(generation)
            name = submissions.submitted(token, start, asked, "Id", budget=budget, tags=tags)
            description = self._wait(name, budget, where)
            if description["Status"] == "FINISHED":
                return Ended(description, generation)
            if description["Status"] == "ABORTED":
                raise JobStopped(
                    f"Redshift statement {name} was cancelled",
                    where=where,
                    cause=reason_of(description),
                    mend="clear the task to run it again",
                )
            if not is_passing(reason_of(description)) or generation == MAX_GENERATION:
                break
            self._let_recover(description, generation)
        raise failure(description, where)

    def scalar(self, statement_id: str) -> int:
        """The only number of a statement's result."""
        records = call(self.client.get_statement_result, self.clock, Id=statement_id)["Records"]
        return int(records[0][0]["longValue"])

    def _wait(self, name: str, budget: float, where: str) -> dict[str, Any]:
        started, looks, statement = self.clock.monotonic(), 0, WATCHED["statement"]
        while True:
            description = found_again(
                lambda: find(self.client.describe_statement, self.clock, Id=name),
                self.clock,
                f"Redshift statement {name}",
                where,
            )
            if statement.is_over(description["Status"]):
                return dict(description)
            aged = age(description, "CreatedAt")
            waited = self.clock.monotonic() - started if aged is None else aged
            if waited > budget:
                statement.end(self.client, self.clock, name)
                raise JobTimedOut(
                    f"Redshift statement {name} did not end within {budget:.0f} s and was cancelled",
                    where=where,
                    mend="raise `max_runtime` of the step, or unload less",
                )
            watch = Watch("statement", (name,), max(budget - waited, self.backoff.longest))
            self.waits.pause(self.backoff.seconds(looks), watch)
            looks += 1

    def _let_recover(self, description: dict[str, Any], generation: int) -> None:
        """Pause before the next generation, counted from the end of the last one."""
        wanted = self.backoff.longest * 2**generation
        aged = age(description, "UpdatedAt")
        left = wanted - (wanted if aged is None else aged)
        if left > 0:
            self.waits.pause(left, Watch("statement", (), left))


def batch_request(identity: Identity, generation: int, request: dict[str, Any]) -> dict[str, Any]:
    """The BatchExecuteStatement request with its token, which follows from who asks and what."""
    token = digest({"key": identity.key, "generation": generation, "request": request}, 52)
    return {**request, "StatementName": identity.name(generation), "ClientToken": token}


def reason_of(description: dict[str, Any]) -> str:
    """Why statements failed: the batch's error, or that of the first statement with one."""
    parts = [part.get("Error") for part in description.get("SubStatements") or []]
    return str(description.get("Error") or next(filter(None, parts), "no reason given"))


def is_passing(reason: str) -> bool:
    """Whether an error is one that another try may not meet."""
    return any(word in reason.lower() for word in PASSING)


def failure(description: dict[str, Any], where: str) -> JobFailed | DataError:
    """The error of statements that failed."""
    name, reason = description["Id"], reason_of(description)
    if any(word in reason.lower() for word in USER_MISTAKES):
        return DataError(
            f"Redshift statement {name} does not fit the data",
            where=where,
            cause=reason,
            mend="correct the query, or `database` of the step",
        )
    return JobFailed(f"Redshift statement {name} failed", where=where, cause=reason)
