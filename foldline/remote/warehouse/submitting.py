"""Asking a service to start a statement, once for its token, and waiting where the service is too busy to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foldline.errors import JobTimedOut
from foldline.remote.calls import Backoff, Clock, call, error_code, error_message, is_retryable
from foldline.remote.dates import EPOCH, answered_at, seconds_since
from foldline.remote.memory import Memory
from foldline.remote.untagged import recall, remember
from foldline.waiting import Waits, Watch

AT_ONCE_SECONDS = 5.0
"""How long one submission is tried before the worker may let go: a full queue stays full for minutes."""
FULL = frozenset({"ActiveStatementsExceededException"})
"""Codes that say that the service runs as many statements as it may; Athena's is a throttle."""


@dataclass(frozen=True)
class Submissions:
    """Starts statements by token, and remembers the ids: no service says how long it knows a token.

    Attributes:
        kind: Key of `foldline.remote.watched.WATCHED`.
        clock: Time.
        waits: How time passes between tries.
        memory: What the task keeps between its attempts.
        backoff: Waits between two tries.
    """

    kind: str
    clock: Clock
    waits: Waits
    memory: Memory
    backoff: Backoff = field(default_factory=Backoff)

    def submitted(
        self,
        token: str,
        start: Callable[..., Any],
        request: dict[str, Any],
        member: str,
        *,
        budget: float,
        tags: Mapping[str, str],
    ) -> str:
        """The id of the statement with this token, started when it is not there yet.

        Args:
            token: The request's idempotency token.
            start: boto3 method.
            request: Its request, the token included.
            member: Member of the answer that holds the id.
            budget: Seconds to be refused for, by AWS's clock: a queue that is full, a service that is away.
            tags: Identity tags of who asks.

        Raises:
            JobTimedOut: It is refused for longer.
        """
        key = token[:20]
        known = recall(self.memory, self.kind, key)
        if known is not None:
            return known
        looks, began = 0, self.clock.monotonic()
        while True:
            try:
                identifier = str(call(start, self.clock, AT_ONCE_SECONDS, **request)[member])
                break
            except Exception as error:
                if not is_retryable(error) and error_code(error) not in FULL:
                    raise
                left = max(budget, self.clock.patience) - self._refused_for(key, error, began)
                if left <= 0:
                    raise JobTimedOut(
                        f"a {self.kind} could not be started within {budget:.0f} s",
                        where=f"{self.kind} {key}",
                        cause=error_message(error),
                        mend="run less at once, ask AWS for a higher quota, or raise `max_runtime`",
                    ) from error
            seconds = self.backoff.seconds(looks)
            self.waits.pause(seconds, Watch(self.kind, (), max(seconds, self.backoff.longest)))
            looks += 1
        remember(self.memory, self.kind, key, identifier, tags)
        return identifier

    def _refused_for(self, key: str, error: Exception, began: float) -> float:
        """Seconds since the first refusal, whichever attempt met it."""
        answer = getattr(error, "response", None) or {}
        here, moment = self.clock.monotonic() - began, answered_at(answer)
        if moment == EPOCH:
            return here
        first = self.memory.once(f"refused-{self.kind}-{key}", lambda: {"at": moment.isoformat()})
        return max(here, seconds_since(dt.datetime.fromisoformat(first["at"]), answer))
