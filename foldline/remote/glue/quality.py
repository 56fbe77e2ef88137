"""Ensure-once evaluations of Glue Data Quality: rulesets by their content, runs by token and memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from foldline.errors import JobFailed, JobStopped, JobTimedOut
from foldline.names import Identity, digest
from foldline.remote.calls import Backoff, Clock, call, error_code, find
from foldline.remote.dates import answered_at, seconds_since
from foldline.remote.glue.runs import failure_class
from foldline.remote.latereads import found_again
from foldline.remote.memory import Memory
from foldline.remote.warehouse.submitting import Submissions
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch
from foldline.work import MAX_GENERATION

RUN = WATCHED["quality-run"]


@dataclass(frozen=True)
class RuleOutcome:
    """What became of one rule.

    Attributes:
        rule: The rule as it was written.
        result: ``PASS``, ``FAIL`` or ``ERROR``.
        message: What Glue observed, when it did not pass.
        severity: Whether it fails the task.
    """

    rule: str
    result: str
    message: str
    severity: Literal["fail", "warn"]

    @property
    def passed(self) -> bool:
        """Whether it passed; only Glue's own word for it counts."""
        return self.result == "PASS"


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        run_id: Glue's id of it.
        score: Share of the rules that passed.
        rules: What became of each.
        seconds: How long it ran.
        started: When it started, ISO 8601.
        generation: How many earlier runs were given up.
    """

    run_id: str
    score: float
    rules: tuple[RuleOutcome, ...]
    seconds: float
    started: str
    generation: int

    @property
    def warnings(self) -> list[str]:
        """Rules that only warn and did not pass."""
        return [rule.rule for rule in self.rules if not rule.passed and rule.severity == "warn"]

    def offenders(self, min_share: float | None) -> list[RuleOutcome]:
        """Rules for which the table is refused; none when it is not.

        Args:
            min_share: Share of the rules that do not only warn from which failed ones are let pass. One that
                could not be evaluated is never let pass.
        """
        binding = [rule for rule in self.rules if rule.severity == "fail"]
        failed = [rule for rule in binding if not rule.passed]
        if min_share is None or len(binding) - len(failed) < min_share * len(binding):
            return failed
        return [rule for rule in failed if rule.result != "FAIL"]


@dataclass(frozen=True)
class QualityRuns:
    """Evaluates rulesets, each exactly once for its identity.

    Attributes:
        client: boto3 Glue client without retries of its own.
        clock: Time.
        waits: How time passes between looks.
        memory: What the task remembers between its attempts.
        backoff: Waits between two looks.
    """

    client: Any
    clock: Clock
    waits: Waits
    memory: Memory
    backoff: Backoff = field(default_factory=Backoff)

    def ensure_ruleset(self, request: dict[str, Any]) -> None:
        """Make the ruleset when it is not there; its name is its content, so it is never changed."""
        if find(self.client.get_data_quality_ruleset, self.clock, Name=request["Name"]) is not None:
            return
        try:
            call(self.client.create_data_quality_ruleset, self.clock, **request)
        except Exception as error:
            if error_code(error) != "AlreadyExistsException":
                raise

    def run(
        self, identity: Identity, request: dict[str, Any], *, budget: float, warn: Sequence[int] = ()
    ) -> Evaluation:
        """The evaluation of a ruleset; run again from its start, this goes on where it was.

        Args:
            identity: Who asks; gives the token.
            request: Start request without its token.
            budget: Seconds from the run's start to its end; then it is cancelled.
            warn: Numbers of the rules, from 0, that only warn.

        Raises:
            JobFailed: Glue could not evaluate, for a reason that another start does not mend.
            JobStopped: Somebody cancelled it.
            JobTimedOut: It did not end in time and was cancelled.
        """
        submissions = Submissions("quality-run", self.clock, self.waits, self.memory, self.backoff)
        generation = 0
        while True:
            asked = start_request(identity, generation, request)
            start = self.client.start_data_quality_ruleset_evaluation_run
            token, tags = asked["ClientToken"], identity.tags(generation)
            run_id = submissions.submitted(token, start, asked, "RunId", budget=budget, tags=tags)
            run = self._end_of(run_id, budget)
            if run["Status"] == "SUCCEEDED":
                return self._evaluation(run_id, run, generation, frozenset(warn))
            again = run["Status"] == "FAILED" and failure_class(str(run.get("ErrorString", "")))
            if not again or generation == MAX_GENERATION:
                raise _failure(run_id, run)
            rest = self.backoff.longest * 2**generation
            left = rest - seconds_since(run.get("CompletedOn") or answered_at(run), run)
            if left > 0:
                self.waits.pause(left, Watch("quality-run", (), left))
            generation += 1

    def _end_of(self, run_id: str, budget: float) -> dict[str, Any]:
        """The answer that says that a run is over."""
        looks, began = 0, self.clock.monotonic()
        while True:
            run = found_again(
                lambda: find(self.client.get_data_quality_ruleset_evaluation_run, self.clock, RunId=run_id),
                self.clock,
                f"Glue data quality run {run_id}",
                "glue",
            )
            if RUN.is_over(run["Status"]):
                return dict(run)
            waited = self.clock.monotonic() - began
            if "StartedOn" in run:
                waited = seconds_since(run["StartedOn"], run)
            if waited > budget:
                RUN.end(self.client, self.clock, run_id)
                raise JobTimedOut(
                    f"Glue data quality run {run_id} did not end within {budget:.0f} s and was cancelled",
                    mend="raise `max_runtime` or `workers` of the step",
                )
            watch = Watch("quality-run", (run_id,), max(budget - waited, self.backoff.longest))
            self.waits.pause(self.backoff.seconds(looks), watch)
            looks += 1

    def _evaluation(
        self, run_id: str, run: dict[str, Any], generation: int, warn: frozenset[int]
    ) -> Evaluation:
        results = call(self.client.batch_get_data_quality_result, self.clock, ResultIds=run["ResultIds"])
        result: dict[str, Any] = next(iter(results.get("Results", ())), {})
        if not result.get("RuleResults"):
            raise JobFailed(
                f"Glue data quality run {run_id} succeeded and has no results", mend="clear the task"
            )
        names = {f"Rule_{number + 1}" for number in warn}
        rules = tuple(
            RuleOutcome(
                rule=str(told.get("EvaluatedRule") or told.get("Description") or told.get("Name")),
                result=str(told.get("Result")),
                message=str(told.get("EvaluationMessage") or ""),
                severity="warn" if told.get("Name") in names else "fail",
            )
            for told in result["RuleResults"]
        )
        started = run.get("StartedOn")
        return Evaluation(
            run_id,
            float(result.get("Score", 0.0)),
            rules,
            float(run.get("ExecutionTime", 0)),
            started.isoformat() if started else "",
            generation,
        )


def start_request(identity: Identity, generation: int, request: dict[str, Any]) -> dict[str, Any]:
    """The start request with its token: the same for the same identity and generation."""
    token = digest({"key": identity.key, "generation": generation, "request": request}, 52)
    return {**request, "ClientToken": token}


def _failure(run_id: str, run: dict[str, Any]) -> JobFailed | JobStopped | JobTimedOut:
    """The error of a run that is over and did not succeed."""
    where, status = f"glue data quality run {run_id}", run["Status"]
    if status == "STOPPED":
        return JobStopped(f"Glue data quality run {run_id} was cancelled", where=where, mend="clear the task")
    cause = str(run.get("ErrorString") or "no reason given")
    if status == "TIMEOUT":
        mend = "raise `max_runtime` or `workers` of the step"
        return JobTimedOut(
            f"Glue data quality run {run_id} ran out of time", where=where, cause=cause, mend=mend
        )
    return JobFailed(
        f"Glue data quality run {run_id} failed",
        where=where,
        cause=cause,
        mend="mend what the reason names, then clear the task",
    )
