"""What the last word of a Glue job run means: success, or which failure, and whether to start again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from foldline.errors import JobError, JobFailed, JobStopped, JobTimedOut
from foldline.outcomes import Again, Verdict

CAPACITY = (
    "Resource unavailable",
    "Max concurrent compute",
    "Max concurrent runs per account",
    "Insufficient capacity",
)
INTERNAL = ("InternalServiceException", "Internal service error", "Internal service exception")
NOT_AGAIN = "invalid input"
"""Glue calls some mistakes of the job's own an internal error, and says so behind it."""
_CATEGORY = re.compile(r"Error Category: [A-Z_ ]+;\s*")


@dataclass(frozen=True)
class GlueOutcome:
    """A run that succeeded.

    Attributes:
        run: Glue's description of it.
        generation: How many earlier runs of this work were given up.
    """

    run: dict[str, Any]
    generation: int = 0

    @property
    def dpu_seconds(self) -> float:
        """What Glue bills: as it says itself, else the run's seconds times its capacity."""
        told = self.run.get("DPUSeconds")
        seconds = self.run.get("ExecutionTime", 0) * self.run.get("MaxCapacity", 0.0)
        return float(seconds if told is None else told)


def run_verdict(run: dict[str, Any]) -> Verdict:
    """What a final description of a run means; only SUCCEEDED is success."""
    state, name = run["JobRunState"], f"{run['JobName']}/{run['Id']}"
    if state == "SUCCEEDED":
        return Verdict()
    message = str(run.get("ErrorMessage") or run.get("StateDetail") or "no reason given")
    where = f"glue job run {name}"
    if state == "STOPPED":
        stopped = JobStopped(f"Glue job run {name} was stopped", where=where, mend="clear the task")
        return Verdict(stopped)
    if state == "TIMEOUT":
        late = JobTimedOut(
            f"Glue job run {name} ran out of time and was stopped by Glue",
            where=where,
            cause=message,
            mend="raise `max_runtime` of the step",
        )
        return Verdict(late)
    error: JobError = JobFailed(
        f"Glue job run {name} failed: {state}",
        where=where,
        cause=message,
        mend="mend what the reason names, then clear the task",
    )
    # An expired run waited for machines until Glue gave it up: the script never began.
    return Verdict(error, "capacity" if state == "EXPIRED" else failure_class(message))


def failure_class(message: str) -> Again:
    """Whether an ErrorMessage names a fault of AWS that may pass; what a script raised does not."""
    text = _CATEGORY.sub("", message).lower()
    if text.startswith(tuple(word.lower() for word in CAPACITY)):
        return "capacity"
    if text.startswith(tuple(word.lower() for word in INTERNAL)) and NOT_AGAIN not in text:
        return "internal"
    return ""
