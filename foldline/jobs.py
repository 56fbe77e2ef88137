"""Ensure-once remote jobs: describe → create → adopt → wait → outcome.

SageMaker's create calls know no idempotency token, so a job's deterministic name is its key: a lost answer,
a killed worker, a twin or a retry all come back to the same name and adopt what runs there. Client and clock
are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import FoldlineError, JobConflict, JobError, JobFailed, JobStopped, JobTimedOut
from foldline.names import NAME_LIMIT, TAG, Identity
from foldline.remote.calls import Backoff, Clock, call, error_code, find, is_absent

MAX_GENERATION = 2
"""A piece of work is started again at most this often after failures that are AWS's own."""
RETRYABLE_REASONS = ("CapacityError", "InternalServerError")
STALE_READ_SECONDS = 30.0
"""A name that was just created may read as absent for a while."""


@dataclass(frozen=True)
class Kind:
    """How one kind of SageMaker job is created, read and stopped: boto3 method names and response members."""

    name: str
    title: str
    name_limit: int = NAME_LIMIT

    @property
    def create(self) -> str:
        """boto3 method that starts a job."""
        return f"create_{self.name}_job"

    @property
    def describe(self) -> str:
        """boto3 method that reads a job."""
        return f"describe_{self.name}_job"

    @property
    def stop(self) -> str:
        """boto3 method that stops a job."""
        return f"stop_{self.name}_job"

    @property
    def operation(self) -> str:
        """AWS's name of the create operation."""
        return f"Create{self.title}Job"

    @property
    def log_group(self) -> str:
        """CloudWatch group that holds the job's log streams."""
        return f"/aws/sagemaker/{self.title}Jobs"

    @property
    def name_member(self) -> str:
        """Member that holds the name, in requests and answers."""
        return f"{self.title}JobName"

    @property
    def status_member(self) -> str:
        """Member that holds the status."""
        return f"{self.title}JobStatus"

    @property
    def arn_member(self) -> str:
        """Member that holds the ARN."""
        return f"{self.title}JobArn"


TRAINING = Kind("training", "Training")
PROCESSING = Kind("processing", "Processing")
TRANSFORM = Kind("transform", "Transform")


class Interrupted(FoldlineError):
    """This worker was told to end; the job runs on and the next try adopts it."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        name: Job name of the last generation.
        description: AWS's description of it.
        generation: How many times the work was started again.
        adopted: Whether the job was there before this process asked for it.
        error: Why it is no success, or None.
    """

    name: str
    description: dict[str, Any]
    generation: int = 0
    adopted: bool = False
    error: JobError | None = None


@dataclass
class Work:
    """One piece of work that is to run exactly once.

    Attributes:
        kind: Kind of job.
        identity: Who asks; gives the name.
        request: The create request without name and tags.
        budget: Seconds to wait for the end, from the first look.
    """

    kind: Kind
    identity: Identity
    request: dict[str, Any]
    budget: float = 86_400.0
    generation: int = field(default=0, init=False)
    created_at: float | None = field(default=None, init=False)
    owned: set[str] = field(default_factory=set, init=False)
    adopted: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """Name of the current generation's job."""
        return self.identity.name(self.generation, self.kind.name_limit)

    def create_request(self) -> dict[str, Any]:
        """The request as it is sent: with name and identity tags."""
        tags = [{"Key": key, "Value": value} for key, value in self.identity.tags(self.generation).items()]
        return {**self.request, self.kind.name_member: self.name, "Tags": tags + self.request.get("Tags", [])}


LogTail = Callable[[Kind, str], str]


@dataclass(frozen=True)
class Runner:
    """Brings pieces of work to their end.

    Attributes:
        client: boto3 SageMaker client without retries of its own.
        clock: Time.
        backoff: Waits between two looks at the same job.
        log_tail: Last log lines of a job, for its error.
        interrupted: Whether this worker was told to end.
    """

    client: Any
    clock: Clock
    backoff: Backoff = field(default_factory=Backoff)
    log_tail: LogTail = lambda kind, name: ""
    interrupted: Callable[[], bool] = lambda: False

    def run(self, work: Work) -> Outcome:
        """The outcome of one piece of work.

        Raises:
            JobError: It did not end well.
            Interrupted: This worker was told to end while it waited.
        """
        outcome = self.run_all([work])[0]
        if outcome.error is not None:
            raise outcome.error
        return outcome

    def run_all(
        self,
        works: Sequence[Work],
        *,
        max_parallel: int = 100,
        on_start: Callable[[int, str], None] = lambda index, name: None,
        on_end: Callable[[int, Outcome], None] = lambda index, outcome: None,
    ) -> list[Outcome]:
        """Outcomes of all pieces, at most ``max_parallel`` under way at once.

        After a first failure nothing new is started; what runs is waited for, so that a retry can adopt it.

        Args:
            works: The pieces.
            max_parallel: How many may run at once.
            on_start: Called with a piece's index and job name when it is first looked at.
            on_end: Called with a piece's index and outcome.
        """
        outcomes: dict[int, Outcome] = {}
        waiting, active = list(range(len(works))), dict[int, tuple[int, float, float]]()
        while active or (waiting and not any(outcome.error for outcome in outcomes.values())):
            while waiting and len(active) < max_parallel and not any(o.error for o in outcomes.values()):
                index, now = waiting.pop(0), self.clock.monotonic()
                active[index] = (0, now, now)  # looks so far, due, first look
                on_start(index, works[index].name)
            for index, (looks, due, since) in list(active.items()):
                if due > self.clock.monotonic():
                    continue
                outcome = self.look(works[index], since)
                if outcome is None:
                    active[index] = (looks + 1, self.clock.monotonic() + self.backoff.seconds(looks), since)
                else:
                    outcomes[index] = outcome
                    del active[index]
                    on_end(index, outcome)
            if active:
                self.clock.sleep(max(0.0, min(due for _, due, _ in active.values()) - self.clock.monotonic()))
            if self.interrupted():
                names = ", ".join(works[index].name for index in active) or "none"
                raise Interrupted(
                    "this worker was told to end while jobs run",
                    where=names,
                    mend="nothing to do: the next try adopts them by name",
                )
        return [outcomes[index] for index in sorted(outcomes)]

    def look(self, work: Work, since: float) -> Outcome | None:
        """One step of the loop for one piece: start it, adopt it or read it; None while it is under way."""
        description = find(
            getattr(self.client, work.kind.describe), self.clock, **{work.kind.name_member: work.name}
        )
        if description is None:
            self._create(work)
            return None
        if work.name not in work.owned:
            self._adopt(work, description)
        if not is_over(work.kind, description):
            if self.clock.monotonic() - since > work.budget:
                return self._give_up(work, description)
            return None
        error, again = verdict(work.kind, description)
        if again and work.generation < MAX_GENERATION:
            work.generation += 1
            work.created_at = None
            return None
        if error is not None:
            lines = self.log_tail(work.kind, work.name)
            error.cause = (error.cause + ("\n" + lines if lines else "")).strip()
        return Outcome(work.name, description, work.generation, work.adopted, error)

    def stop(self, kind: Kind, name: str) -> None:
        """Ask AWS to stop a job; a job that is over or gone is left alone."""
        try:
            call(getattr(self.client, kind.stop), self.clock, **{kind.name_member: name})
        except Exception as error:
            if error_code(error) != "ValidationException" and not is_absent(error):
                raise

    def _create(self, work: Work) -> None:
        now = self.clock.monotonic()
        if work.created_at is not None and now - work.created_at < STALE_READ_SECONDS:
            return
        try:
            call(getattr(self.client, work.kind.create), self.clock, **work.create_request())
            work.owned.add(work.name)
        except Exception as error:
            # ResourceInUse: a lost answer, a twin or a stale read. The next look reads the job and its tags.
            if error_code(error) != "ResourceInUse":
                raise
        work.created_at = now

    def _adopt(self, work: Work, description: dict[str, Any]) -> None:
        arn = description[work.kind.arn_member]
        tags = call(self.client.list_tags, self.clock, ResourceArn=arn).get("Tags", [])
        key = next((tag["Value"] for tag in tags if tag["Key"] == f"{TAG}key"), None)
        if key != work.identity.key:
            raise JobConflict(
                f"{work.kind.name} job {work.name} exists and is not this run's",
                where=arn,
                cause=f"its tag {TAG}key is {key!r}, this run's is {work.identity.key!r}",
                mend="delete or rename the foreign job; it is never adopted",
            )
        work.owned.add(work.name)
        work.adopted = True

    def _give_up(self, work: Work, description: dict[str, Any]) -> Outcome:
        self.stop(work.kind, work.name)
        error = JobTimedOut(
            f"{work.kind.name} job {work.name} did not end within {work.budget:.0f} s and was stopped",
            where=str(description.get(work.kind.arn_member, "")),
            mend="raise `max_runtime` of the step, or look at the job's log for what it waits for",
        )
        return Outcome(work.name, description, work.generation, work.adopted, error)


def is_over(kind: Kind, description: dict[str, Any]) -> bool:
    """Whether the status is final; a word we do not know is not."""
    return description[kind.status_member] in ("Completed", "Failed", "Stopped")


def verdict(kind: Kind, description: dict[str, Any]) -> tuple[JobError | None, bool]:
    """What a final description means.

    Only the exact success word is success.

    Returns:
        The error or None, and whether starting the work again may help.
    """
    status, name = description[kind.status_member], description[kind.name_member]
    where = str(description.get(kind.arn_member, ""))
    if status == "Completed":
        return None, False
    secondary = str(description.get("SecondaryStatus", ""))
    if status == "Stopped":
        why = secondary if secondary not in ("", "Stopped") else "a person or another program stopped it"
        stopped = JobStopped(
            f"{kind.name} job {name} was stopped: {why}",
            where=where,
            mend="raise `max_runtime` of the step" if secondary == "MaxRuntimeExceeded" else "clear the task",
        )
        return stopped, secondary == "MaxWaitTimeExceeded"
    reason = str(description.get("FailureReason") or description.get("ExitMessage") or "no reason given")
    message = str(description.get("ExitMessage") or "")
    cause = reason if not message or message in reason else f"{reason}\n{message}"
    failed = JobFailed(
        f"{kind.name} job {name} failed",
        where=where,
        cause=cause,
        mend="mend what the reason names, then clear the task",
    )
    return failed, reason.startswith(RETRYABLE_REASONS)
