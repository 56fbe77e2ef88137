"""Why a job failed, in the words of a FailureReason."""

from __future__ import annotations

import logging
from pathlib import Path

from localaws.errors import AwsError

log = logging.getLogger("localaws")
MAX_REASON = 1024  # characters SageMaker keeps of a FailureReason


class JobFailure(Exception):
    """A job failed; ``reason`` is the text for its description.

    Attributes:
        kind: ``AlgorithmError`` (the program), ``ClientError`` (its data or its request),
            ``InternalServerError`` (us).
        message: What happened.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message

    @property
    def reason(self) -> str:
        """The text, at most 1024 characters."""
        return bounded(str(self))


def bounded(text: str, ending: str = "") -> str:
    """A text with its ending, shortened before the ending to what a FailureReason holds."""
    room = MAX_REASON - len(ending)
    return (text if len(text) <= room else text[: room - 1] + "…") + ending


def beginning(file: Path) -> str:
    """The beginning of a text file a program left, as much as a FailureReason or an ExitMessage may need."""
    with file.open(encoding="utf-8", errors="replace") as text:
        return text.read(4 * MAX_REASON).strip()


def reason_of(error: BaseException) -> str:
    """The FailureReason an exception of a job's run stands for; a fault of ours is also logged."""
    if isinstance(error, JobFailure):
        return error.reason
    if isinstance(error, AwsError):
        return bounded(f"ClientError: {error.message} ({error.code})")
    log.error("a job failed inside", exc_info=error)
    return bounded(
        f"InternalServerError: the local endpoint could not run the job: {type(error).__name__}: {error}"
    )
