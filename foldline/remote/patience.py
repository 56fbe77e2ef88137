"""S3's calls, tried again inside the client: by the rules of `foldline.remote.calls`, and for as long.

S3 is called from many places, by boto3's own paginators and transfers too, so its calls cannot all go through
`call`. botocore's own retries end after seconds; a throttled prefix stays throttled for minutes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from foldline.remote.calls import Clock, is_retryable

DEADLINE = "foldline_deadline"
"""Where a call's own deadline stands in botocore's context of it, which lasts from try to try."""


@dataclass(frozen=True)
class Patience:
    """Answers botocore's question whether a call is to be sent again.

    Attributes:
        clock: Time; its patience is how long one call is tried.
    """

    clock: Clock

    def watch_over(self, client: Any) -> None:
        """Let all calls of a boto3 client be tried again; it must have no retries of its own."""
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"needs-retry.{service}", self.needs_retry)

    def needs_retry(
        self,
        response: Any,
        caught_exception: Exception | None,
        request_dict: dict[str, Any],
        attempts: int,
        operation: Any,
        **event: Any,
    ) -> float | None:
        """0 to send the call again, after the wait has been slept; None to let it end as it did.

        Args:
            response: HTTP answer and parsed answer, or None.
            caught_exception: Why there is no answer, or None.
            request_dict: The call; lasts from try to try.
            attempts: Tries so far.
            operation: botocore's model of the operation.
            **event: What else botocore tells.
        """
        now = self.clock.monotonic()
        deadline = request_dict["context"].setdefault(DEADLINE, now + self.clock.patience)
        error = caught_exception or failure(response, operation.name)
        if error is None or not is_retryable(error) or now > deadline:
            return None
        longest = min(0.2 * 2 ** min(attempts - 1, 10), 10.0)
        self.clock.sleep(random.uniform(0.02, longest))  # noqa: S311  # jitter, no secret
        return 0.0


def failure(response: Any, operation: str) -> Exception | None:
    """The error that boto3 would raise for an answer; None when it is none."""
    from botocore.exceptions import ClientError

    http, parsed = response
    return ClientError(parsed, operation) if http.status_code >= 300 else None
