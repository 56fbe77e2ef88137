"""Ensure-once remote jobs: describe → create → adopt → wait → outcome.

SageMaker's create calls know no idempotency token, so a job's deterministic name is its key: a lost answer,
a killed worker, a twin or a retry all come back to the same name and adopt what runs there. Client, clock and
the way of waiting are handed in.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from foldline.errors import JobConflict, JobError, JobFailed, JobTimedOut
from foldline.names import TAG
from foldline.outcomes import Again, Kind, Outcome, age, is_over, verdict
from foldline.remote.calls import Backoff, Clock, call, error_code, error_message, find, is_retryable
from foldline.remote.dates import EPOCH, answered_at, seconds_since
from foldline.remote.latereads import STALE_READ_SECONDS
from foldline.remote.polling.news import NEWS_SECONDS, RECONCILE_SECONDS, News
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch
from foldline.work import MAX_GENERATION, Work

log = logging.getLogger(__name__)
QUOTA_SECONDS = 3600.0
"""How long a create that meets a quota is tried again."""
UNLIMITED_SECONDS = 21_600.0
"""A wait that no budget ends is looked at anew this often."""


@dataclass
class _Piece:
    """A work under way: when its next look is due, its first was, and whether it waits for no job."""

    index: int
    work: Work
    due: float
    since: float
    looks: int = 0
    rests: bool = False


@dataclass(frozen=True)
class Pause:
    """A look's answer when there is a reason not to look again before ``seconds`` have passed."""

    seconds: float


LogTail = Callable[[Kind, str], str]


@dataclass(frozen=True)
class Runner:
    """Brings pieces of work to their end.

    Attributes:
        client: boto3 SageMaker client without retries of its own.
        clock: Time.
        waits: How time passes between looks: in this process, or handed over.
        backoff: Waits between two looks at the same job.
        log_tail: Last log lines of a job, for its error.
        finished: Descriptions of jobs known to have ended well, by name: they are not read again.
        refused: When a quota first refused a job, by name, as AWS's clock told it.
    """

    client: Any
    clock: Clock
    waits: Waits
    backoff: Backoff = field(default_factory=Backoff)
    log_tail: LogTail = lambda kind, name: ""
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @cached_property
    def news(self) -> News:
        """Which of many jobs ended lately."""
        return News(self.client, self.clock, min(NEWS_SECONDS, self.backoff.longest))

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
        waiting, active = list(enumerate(works)), list[_Piece]()
        while True:
            failed = any(outcome.error for outcome in outcomes.values())
            while waiting and len(active) < max_parallel and not failed:
                index, work = waiting.pop(0)
                now = self.clock.monotonic()
                active.append(_Piece(index, work, due=now, since=now))
                on_start(index, work.name)
            listed = self._listed(active)
            for piece in [piece for piece in active if piece.due <= self.clock.monotonic()]:
                outcome = self._look_again(piece, len(active), listed=listed)
                if outcome is not None:
                    outcomes[piece.index] = outcome
                    active.remove(piece)
                    on_end(piece.index, outcome)
            failed = any(outcome.error for outcome in outcomes.values())
            if not active and (failed or not waiting):
                return [outcomes[index] for index in sorted(outcomes)]
            if active and (len(active) >= max_parallel or not waiting or failed):
                self._pause(active, more=bool(waiting) and not failed)

    def look(self, work: Work, since: float) -> Outcome | Pause | None:
        """One step of the loop for one piece: start it, adopt it or read it; None while it is under way.

        Args:
            work: The piece.
            since: When, on the runner's clock, it was first looked at.
        """
        if (known := self.finished.get(work.name)) is not None:
            return Outcome(work.name, known, work.generation, adopted=True)
        description = find(
            getattr(self.client, work.kind.describe), self.clock, **{work.kind.name_member: work.name}
        )
        if description is None:
            return self._create(work, since)
        if work.name not in work.owned:
            self._adopt(work, description)
        if not is_over(work.kind, description):
            return self._judge_wait(work, description, since)
        found = verdict(work.kind, description)
        error, again = found.error, found.again
        if error is None and (problem := work.verify(description)):
            again = "artifact" if "artifact" not in work.reasons else ""
            error = JobFailed(
                f"{work.kind.name} job {work.name} completed without what it was to leave",
                where=str(description.get(work.kind.arn_member, "")),
                cause=problem,
                mend="look at the job's log: its program must write the output before it ends",
            )
        if again and work.generation < MAX_GENERATION:
            pause = self._pause_before_next(work, again, description)
            if pause is None:
                work.start_again(again)
            return pause
        if error is not None:
            lines = self.log_tail(work.kind, work.name)
            error.cause = (error.cause + ("\n" + lines if lines else "")).strip()
        else:
            self.finished[work.name] = description
        return Outcome(work.name, description, work.generation, work.adopted, error)

    def _listed(self, active: Sequence[_Piece]) -> bool:
        """Whether a list tells what ended, so that each piece is read seldom."""
        return bool(active) and self.news.serves(active[0].work.kind.name, len(active))

    def _look_again(self, piece: _Piece, jobs: int, *, listed: bool) -> Outcome | None:
        generation = piece.work.generation
        try:
            found = self.look(piece.work, piece.since)
        except JobError as error:  # its siblings run on, and are waited for
            return Outcome(piece.work.name, {}, piece.work.generation, error=error)
        if isinstance(found, Outcome):
            return found
        if piece.work.generation != generation:
            piece.looks = 0
        piece.rests = isinstance(found, Pause)
        # As many calls for several jobs as for one.
        apart = min(self.backoff.seconds(piece.looks * jobs) * jobs, self.backoff.longest)
        seconds = found.seconds if isinstance(found, Pause) else apart
        if listed and piece.looks and not piece.rests:
            seconds = max(seconds, RECONCILE_SECONDS)
        piece.due = self.clock.monotonic() + seconds
        piece.looks += 1
        return None

    def _pause(self, active: Sequence[_Piece], *, more: bool) -> None:
        pieces, now = sorted(active, key=lambda piece: piece.due), self.clock.monotonic()
        names = tuple(piece.work.name for piece in pieces if not piece.rests)
        resting = [max(0.0, piece.due - now) for piece in pieces if piece.rests]
        budgets = [self._left(piece, now) for piece in pieces if not piece.rests]
        seconds = min([max(left, self.backoff.longest) for left in budgets] + resting)
        kind = pieces[0].work.kind.name
        watch = Watch(kind, names, seconds, "any" if more else "all")
        soonest = max(0.0, pieces[0].due - now)
        if not self._listed(active):
            self.waits.pause(soonest, watch)
            return
        self.waits.pause(min(soonest, self.news.wait(kind)), watch)
        ended = self.news.ended(kind)
        for piece in active:
            if piece.work.name in ended:
                piece.due = self.clock.monotonic()

    def _left(self, piece: _Piece, now: float) -> float:
        """Seconds until a piece's budget is spent, as far as its last look told."""
        work = piece.work
        if work.on_timeout == "keep_waiting":
            return UNLIMITED_SECONDS
        return (piece.since + work.budget if work.spent_at is None else work.spent_at) - now

    def _create(self, work: Work, since: float) -> Pause | None:
        now = self.clock.monotonic()
        if work.created_at is not None and now - work.created_at < STALE_READ_SECONDS:
            return None
        try:
            call(getattr(self.client, work.kind.create), self.clock, **work.create_request())
            work.owned.add(work.name)
            log.info("started %s job %s", work.kind.name, work.name)
        except Exception as error:
            # ResourceInUse: a lost answer, a twin or a stale read. The next look reads the job and its tags.
            if error_code(error) == "ResourceLimitExceeded":
                return self._wait_for_quota(work, error, since)
            if error_code(error) != "ResourceInUse":
                if is_retryable(error) or not error_code(error):
                    raise  # AWS was not to be reached for as long as one call is tried
                raise refusal(work, error) from error
        work.created_at = now
        return None

    def _wait_for_quota(self, work: Work, error: Exception, since: float) -> Pause:
        answer = getattr(error, "response", None) or {}
        moment, refused_for = answered_at(answer), self.clock.monotonic() - since
        if moment != EPOCH:
            first = self.refused.setdefault(work.name, moment.isoformat())
            refused_for = seconds_since(dt.datetime.fromisoformat(first), answer)
        if refused_for > QUOTA_SECONDS:
            raise JobFailed(
                f"{work.kind.name} job {work.name} could not be started for {QUOTA_SECONDS:.0f} s",
                where=f"sagemaker:{work.kind.operation}",
                cause=error_message(error),
                mend="ask AWS for a higher quota, run fewer jobs at once, or list more types in `instance`",
            ) from error
        return Pause(self.backoff.longest)

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
        log.info("adopted %s job %s, begun before", work.kind.name, work.name)

    def _pause_before_next(self, work: Work, again: Again, description: dict[str, Any]) -> Pause | None:
        """How long to let AWS recover before the next generation; another instance type needs no wait."""
        another = again == "capacity" and work.reasons.count(again) + 1 < len(work.instances)
        if again == "artifact" or another:
            return None
        wanted = self.backoff.longest * 2**work.generation
        aged = age(description, "LastModifiedTime")
        left = wanted - (wanted if aged is None else aged)
        return Pause(left) if left > 0 else None

    def _judge_wait(self, work: Work, description: dict[str, Any], since: float) -> Outcome | None:
        """None while the budget lasts: counted from the job's creation, whoever has waited for it so far."""
        aged, now = age(description), self.clock.monotonic()
        waited = now - since if aged is None else aged
        work.spent_at = now + work.budget - waited
        if waited <= work.budget or work.on_timeout == "keep_waiting":
            return None
        WATCHED[work.kind.name].end(self.client, self.clock, work.name)
        error = JobTimedOut(
            f"{work.kind.name} job {work.name} did not end within {work.budget:.0f} s and was stopped",
            where=str(description.get(work.kind.arn_member, "")),
            mend="raise `max_runtime` of the step, or look at the job's log for what it waits for",
        )
        return Outcome(work.name, description, work.generation, work.adopted, error)


def refusal(work: Work, error: Exception) -> JobFailed:
    """The error of a job that AWS refuses to start."""
    return JobFailed(
        f"{work.kind.name} job {work.name} was refused: {error_code(error)}",
        where=f"sagemaker:{work.kind.operation}",
        cause=error_message(error),
        mend="mend what AWS names: a value of the step file, or a permission of the role that starts jobs",
    )
