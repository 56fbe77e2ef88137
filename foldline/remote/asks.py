"""Requests that start something and take no token: never repeated blindly, because an answer may be lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from foldline.remote.calls import Clock, is_retryable


@dataclass
class Asks:
    """Asks once at a time; whoever asks looks for the effect before asking again.

    Attributes:
        clock: Time; its patience is how long asking again is allowed.
    """

    clock: Clock
    _attempts: int = field(default=0, init=False)
    _deadline: float | None = field(default=None, init=False)

    def answer(self, function: Callable[..., Any], **request: Any) -> Any | None:
        """The answer of ``function(**request)``.

        Returns:
            None when it may have been lost: the effect may be there, so look for it before asking again.
        """
        try:
            return function(**request)
        except Exception as error:
            now = self.clock.monotonic()
            if self._deadline is None:
                self._deadline = now + self.clock.patience
            if not is_retryable(error) or now > self._deadline:
                raise
        self.clock.sleep(random.uniform(0.02, min(0.2 * 2**self._attempts, 10.0)))  # noqa: S311  # jitter
        self._attempts += 1
        return None
