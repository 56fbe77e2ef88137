"""One AWS call, retried in one layer: throttles, 5xx, lost connections and expired credentials.

botocore's own retries are switched off for these clients (`foldline.aws`), so nothing is retried twice.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

THROTTLES = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
    }
)
TRANSIENT = frozenset(
    {
        "InternalServerError",
        "InternalFailure",
        "InternalServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
    }
)
ABSENT_CODES = frozenset({"ResourceNotFound", "ResourceNotFoundException", "EntityNotFoundException"})
ABSENT_WORDS = ("not found", "could not find", "can't find", "cannot find", "does not exist")
INVALID_CODES = frozenset({"ValidationException", "InvalidRequestException"})
"""With these words SageMaker's and Athena's code for many things says that something is not there."""
STAYING_GROWTH = 1.02
"""With it a worker that stays sees an end within about a fiftieth of the time it took."""
PATIENCE_SECONDS = 1800.0
"""How long one call is tried before its error is raised: throttling passes, the job runs on meanwhile."""


class Clock(Protocol):
    """Time, handed in so that tests own it."""

    @property
    def patience(self) -> float:
        """Seconds for which one call is tried."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock.

    Attributes:
        patience: Seconds for which one call is tried.
    """

    patience: float = PATIENCE_SECONDS

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Backoff:
    """Waits that start short and grow: ``first`` × ``growth``ⁿ, at most ``longest``, a fifth of it jitter.

    Attributes:
        first: Seconds before the second look.
        longest: Seconds between two looks at most.
        growth: Each wait by the one before; a wait is then about ``growth - 1`` of the time waited so far.
    """

    first: float = 0.3
    longest: float = 30.0
    growth: float = 1.5

    def seconds(self, looks: int) -> float:
        """The wait after the ``looks``-th look, from 0."""
        wait = min(self.first * self.growth ** min(looks, 400), self.longest)
        return wait * random.uniform(0.8, 1.0)  # noqa: S311  # jitter, no secret


def error_code(error: Exception) -> str:
    """AWS's code in a botocore ClientError, or the empty string."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def error_message(error: Exception) -> str:
    """AWS's message in a botocore ClientError, or the error's text."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Message") or error)


def is_absent(error: Exception) -> bool:
    """Whether AWS says that the named thing does not exist; services use several codes for it."""
    if error_code(error) in ABSENT_CODES:
        return True
    words = error_message(error).lower()
    return error_code(error) in INVALID_CODES and any(word in words for word in ABSENT_WORDS)


def is_retryable(error: Exception) -> bool:
    """Whether the same call may well succeed a moment later."""
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError, ParamValidationError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in THROTTLES | TRANSIENT or status in (429, 500, 502, 503, 504)
    if isinstance(error, ParamValidationError | NoRegionError) or "Credentials" in type(error).__name__:
        return False
    return isinstance(error, BotoCoreError)


def call(function: Callable[..., Any], clock: Clock, seconds: float | None = None, /, **request: Any) -> Any:
    """The answer of ``function(**request)``, tried again with full jitter while the fault may pass.

    Args:
        function: A bound boto3 client method.
        clock: Time.
        seconds: Budget, the clock's patience when left out; the last error is raised when it is spent.
        **request: The request's members.
    """
    deadline, attempt = clock.monotonic() + (clock.patience if seconds is None else seconds), 0
    while True:
        try:
            return function(**request)
        except Exception as error:
            if not is_retryable(error) or clock.monotonic() > deadline:
                raise
            clock.sleep(random.uniform(0.02, min(0.2 * 2**attempt, 10.0)))  # noqa: S311  # jitter, no secret
            attempt += 1


def find(function: Callable[..., Any], clock: Clock, **request: Any) -> Any | None:
    """Like :func:`call`, but None when AWS says that the named thing does not exist."""
    try:
        return call(function, clock, **request)
    except Exception as error:
        if is_absent(error):
            return None
        raise
