"""Ensure-once Glue jobs: one definition per task, one run at a time, found again by an argument.

StartJobRun takes no token. Each run carries ``--foldline_key``; a definition admits one run at a time, so a
start whose answer was lost is refused or found, never doubled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from foldline.errors import JobTimedOut
from foldline.layout import S3Uri
from foldline.names import Identity
from foldline.remote.asks import Asks
from foldline.remote.calls import Backoff, Clock, call, error_code, find
from foldline.remote.dates import answered_at, seconds_since
from foldline.remote.glue.runs import GlueOutcome, run_verdict
from foldline.remote.latereads import found_again
from foldline.remote.memory import Memory
from foldline.remote.untagged import recall, remember
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch
from foldline.work import MAX_GENERATION

KEY = "--foldline_key"
OUTPUT = "--foldline_output"
JOB = WATCHED["glue-job"]
PAGE = 200
MARGIN_SECONDS = 300.0
"""Runs are looked for as far back as this before the task first looked."""
BUSY = frozenset({"ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"})
"""Refusals of a start that pass: another run is under way, or the account's limit is met."""
TWIN = frozenset({"AlreadyExistsException", "IdempotentParameterMismatchException"})


@dataclass(frozen=True)
class GlueWork:
    """One piece of work that is to run exactly once.

    Attributes:
        definition: CreateJob request.
        request: StartJobRun request without what tells one run from another.
        identity: Who asks.
        output: Where the run of a generation leaves its files; another one never meets them.
        budget: Seconds to wait for the start, and from the start to the end.
        on_timeout: What a spent budget does to our own run.
    """

    definition: dict[str, Any]
    request: dict[str, Any]
    identity: Identity
    output: Callable[[int], S3Uri]
    budget: float
    on_timeout: Literal["stop_then_fail", "keep_waiting"] = "stop_then_fail"

    @property
    def name(self) -> str:
        """Name of the definition."""
        return str(self.definition["Name"])

    def key(self, generation: int) -> str:
        """What tells our run from all others."""
        return f"{self.identity.key}-g{generation}"

    def start_request(self, generation: int) -> dict[str, Any]:
        """The StartJobRun request of a generation."""
        own = {KEY: self.key(generation), OUTPUT: str(self.output(generation))}
        return {**self.request, "Arguments": {**self.request.get("Arguments", {}), **own}}


@dataclass(frozen=True)
class GlueJobs:
    """Brings pieces of work to their end.

    Attributes:
        client: boto3 Glue client without retries of its own.
        clock: Time.
        waits: How time passes between looks.
        memory: What the task remembers between its attempts.
        backoff: Waits between two looks.
        log_tail: Last log lines of a run, for its error.
    """

    client: Any
    clock: Clock
    waits: Waits
    memory: Memory
    backoff: Backoff = field(default_factory=Backoff)
    log_tail: Callable[[dict[str, Any]], str] = lambda run: ""

    def run(self, work: GlueWork) -> GlueOutcome:
        """The outcome of one piece of work; run again from its start, this goes on where it was.

        Raises:
            JobFailed: It failed, for a reason that another start does not mend, or three times.
            JobStopped: Somebody stopped it.
            JobTimedOut: It could not be started, or did not end, in time; our own run was stopped.
        """
        self._define(work.definition)
        generation = 0
        while True:
            answer = self._end_of(work, self._begun(work, generation))
            run = answer["JobRun"]
            found = run_verdict(run)
            if found.error is None:
                return GlueOutcome(run, generation)
            if not found.again or generation == MAX_GENERATION:
                found.error.cause = f"{found.error.cause}\n{self.log_tail(run)}".strip()
                raise found.error
            rest = self.backoff.longest * 2**generation
            left = rest - seconds_since(run.get("CompletedOn") or answered_at(answer), answer)
            if left > 0:
                self.waits.pause(left, Watch("glue-job", (), left))
            generation += 1

    def _define(self, wanted: dict[str, Any]) -> None:
        """Bring the job's definition to what is wanted."""
        name = wanted["Name"]
        there = find(self.client.get_job, self.clock, JobName=name)
        if there is None:
            try:
                call(self.client.create_job, self.clock, **wanted)
                return
            except Exception as error:  # ours, whose answer was lost, or a twin's, which may want another
                if error_code(error) not in TWIN:
                    raise
            there = call(self.client.get_job, self.clock, JobName=name)
        members = {key: value for key, value in wanted.items() if key not in ("Name", "Tags")}
        if any(there["Job"].get(key) != value for key, value in members.items()):
            call(self.client.update_job, self.clock, JobName=name, JobUpdate=members)

    def _begun(self, work: GlueWork, generation: int) -> str:
        """Id of the generation's run, started when there is none."""
        known = recall(self.memory, "glue-job", work.key(generation))
        if known is not None:
            return known.rpartition("/")[2]
        asks, looks = Asks(self.clock), 0
        while True:
            found, answer, busy = self._look(work, generation)
            if found is None and not busy:
                found, busy = self._start(work, generation, asks)
            if found is not None:
                tags = work.identity.tags(generation)
                remember(self.memory, "glue-job", work.key(generation), f"{work.name}/{found}", tags)
                return found
            if busy:
                self._wait_for_turn(work, generation, answer, looks)
                looks += 1

    def _start(self, work: GlueWork, generation: int, asks: Asks) -> tuple[str | None, bool]:
        """Id of a run that was started, and whether a start is refused for now."""
        try:
            started = asks.answer(self.client.start_job_run, **work.start_request(generation))
        except Exception as error:
            if error_code(error) not in BUSY:
                raise
            return None, True
        return (str(started["JobRunId"]) if started is not None else None), False

    def _look(self, work: GlueWork, generation: int) -> tuple[str | None, dict[str, Any], bool]:
        """Our run's id, the first page of runs, and whether another run is under way.

        What started before anybody of this task first looked is not ours, so older pages are not read.
        """
        request = {"JobName": work.name, "MaxResults": PAGE}
        page = first = call(self.client.get_job_runs, self.clock, **request)
        since = self._arrived(generation, first) - dt.timedelta(seconds=MARGIN_SECONDS)
        busy = False
        while True:
            for run in page["JobRuns"]:
                if run.get("Arguments", {}).get(KEY) == work.key(generation):
                    return str(run["Id"]), first, False
                busy = busy or not JOB.is_over(run["JobRunState"])
            started = [run["StartedOn"] for run in page["JobRuns"] if "StartedOn" in run]
            if not page.get("NextToken") or (started and started[-1] < since):
                return None, first, busy
            page = call(self.client.get_job_runs, self.clock, **request, NextToken=page["NextToken"])

    def _arrived(self, generation: int, answer: dict[str, Any]) -> dt.datetime:
        """When this task first looked for the generation's run, by AWS's clock."""
        note = self.memory.once(
            f"glue-arrived-g{generation}", lambda: {"at": answered_at(answer).isoformat()}
        )
        return dt.datetime.fromisoformat(note["at"])

    def _wait_for_turn(self, work: GlueWork, generation: int, answer: dict[str, Any], looks: int) -> None:
        """Let another run of this job end.

        Raises:
            JobTimedOut: It does not; it is let be.
        """
        left = work.budget - seconds_since(self._arrived(generation, answer), answer)
        others = [run["Id"] for run in answer["JobRuns"] if not JOB.is_over(run["JobRunState"])]
        if left < 0 and work.on_timeout == "stop_then_fail":
            raise JobTimedOut(
                f"Glue job {work.name} could not be started within {work.budget:.0f} s",
                where=", ".join(others) or "the account's limit of concurrent runs",
                mend="find out who runs it, or raise `max_runtime` of the step; then clear the task",
            )
        # What is watched may be stopped by who waits, so the run of somebody else is not named.
        self.waits.pause(self.backoff.seconds(looks), Watch("glue-job", (), self.backoff.longest))

    def _end_of(self, work: GlueWork, run_id: str) -> dict[str, Any]:
        """The answer of GetJobRun that says that a run is over.

        Raises:
            JobTimedOut: The budget is spent; the run was stopped.
        """
        looks, began, name = 0, self.clock.monotonic(), f"{work.name}/{run_id}"
        while True:
            answer = found_again(
                lambda: find(self.client.get_job_run, self.clock, JobName=work.name, RunId=run_id),
                self.clock,
                f"Glue job run {name}",
                f"glue job {work.name}",
            )
            if JOB.is_over(answer["JobRun"]["JobRunState"]):
                return dict(answer)
            waited = self.clock.monotonic() - began
            if "StartedOn" in answer["JobRun"]:
                waited = seconds_since(answer["JobRun"]["StartedOn"], answer)
            if waited > work.budget and work.on_timeout == "stop_then_fail":
                JOB.end(self.client, self.clock, name)
                raise JobTimedOut(
                    f"Glue job run {name} did not end within {work.budget:.0f} s and was stopped",
                    where=f"glue job run {name}",
                    mend="raise `max_runtime` of the step, or look at the run's log for what it waits for",
                )
            watch = Watch("glue-job", (name,), max(work.budget - waited, self.backoff.longest))
            self.waits.pause(self.backoff.seconds(looks), watch)
            looks += 1
