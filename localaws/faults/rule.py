"""One fault rule: which calls or jobs it matches, and which of them it strikes."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from localaws.faults.effects import CREATIONS, EFFECTS, NO_CREATIONS, READS
from localaws.faults.target import Call


@dataclass(frozen=True)
class Rule:
    """One rule. Of the calls (or jobs) it matches it strikes some.

    Attributes:
        id: Its name, ``f1``.
        effect: A key of `EFFECTS`.
        service: Glob of the service.
        operation: Glob of the operation.
        resource: Glob of a name in the request, or of the job's name.
        job: Glob of the kind of job, for effects that strike jobs.
        count: How often it strikes at most; None is always.
        skip: How many matches it lets pass first.
        every: Of the matches then it strikes the first and every so many-th.
        probability: The chance that it strikes then.
        seed: Of the chances; the same seed strikes the same matches.
        code: Error code (``error``).
        message: Error text.
        status: HTTP status (``error``).
        seconds: Of the delay; how far a stale read looks back; when into its program a job is interrupted.
        writes: How many changes of a resource a stale read does not see.
        matched: How many calls or jobs it has matched.
        hits: How often it has struck.
    """

    id: str
    effect: str
    service: str = "*"
    operation: str = "*"
    resource: str = "*"
    job: str = "*"
    count: int | None = None
    skip: int = 0
    every: int = 1
    probability: float = 1.0
    seed: int = 0
    code: str | None = None
    message: str | None = None
    status: int = 400
    seconds: float | None = None
    writes: int | None = None
    matched: int = 0
    hits: int = 0

    @property
    def of_job(self) -> bool:
        """Whether it strikes jobs; if not, API calls."""
        return EFFECTS[self.effect].job

    def document(self) -> dict[str, Any]:
        """The rule as JSON: what was given, and its counts."""
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        return {
            name: value
            for name, value in dataclasses.asdict(self).items()
            if name in ("matched", "hits") or value != defaults[name]
        }

    def matches(self, call: Call) -> bool:
        """Whether it is about a call."""
        if not fnmatchcase(call.service, self.service) or not fnmatchcase(call.operation, self.operation):
            return False
        if self.effect == "stale" and not _fits(call.operation, READS):
            return False
        if self.effect == "limit" and self.operation == "*" and not _creates(call.operation):
            return False
        return self.resource == "*" or any(fnmatchcase(name, self.resource) for name in call.names)

    def matches_job(self, kind: str, name: str) -> bool:
        """Whether it is about a job."""
        return fnmatchcase(kind, self.job) and fnmatchcase(name, self.resource)

    def after_a_match(self) -> tuple[Rule, bool]:
        """The rule with one match more in its counts; and whether it strikes now."""
        number = self.matched + 1
        strikes = (
            number > self.skip
            and (number - self.skip - 1) % self.every == 0
            and (self.count is None or self.hits < self.count)
            and random.Random(f"{self.seed}:{number}").random() < self.probability  # noqa: S311  # reproducible
        )
        return dataclasses.replace(self, matched=number, hits=self.hits + strikes), strikes


def _creates(operation: str) -> bool:
    return _fits(operation, CREATIONS) and operation not in NO_CREATIONS


def _fits(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
