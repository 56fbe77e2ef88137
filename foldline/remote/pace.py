"""A token bucket: how many calls a second all callers of one API may make together."""

from __future__ import annotations

import threading


class Bucket:
    """Lets ``burst`` calls through at once and ``rate`` a second in the long run; threads may share it.

    Args:
        rate: Calls a second.
        burst: Calls that may follow one another without a wait.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._tokens, self._at = burst, 0.0
        self._lock = threading.Lock()

    def take(self, now: float) -> float:
        """0 when a call may be made now, and it is counted; else the seconds after which to ask again.

        Args:
            now: Seconds on a clock that never goes back.
        """
        with self._lock:
            self._tokens = min(self.burst, self._tokens + max(0.0, now - self._at) * self.rate)
            self._at = max(self._at, now)
            if self._tokens >= 1.0 - 1e-9:
                self._tokens -= 1.0
                return 0.0
            return (1.0 - self._tokens) / self.rate
