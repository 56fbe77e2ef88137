"""News of many jobs for a worker that stays with them: one list in place of a reading of each.

The triggerer has the same by `foldline.remote.polling.poller`, for all of its tasks together.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from foldline.remote.calls import Backoff, Clock, is_retryable
from foldline.remote.polling.lister import LISTINGS, Lister

MANY = 10
"""More jobs than this are listed; so few are read one by one."""
NEWS_SECONDS = 2.0
"""Between two lists; the end of a job is seen half of this later, in the median."""
RECONCILE_SECONDS = 30.0
"""A listed job is read by itself this often."""
TROUBLE = Backoff(2.0, 60.0)
log = logging.getLogger(__name__)


@dataclass
class News:
    """Which jobs ended lately.

    Attributes:
        client: boto3 SageMaker client.
        clock: Time.
        interval: Seconds between two lists.
    """

    client: Any
    clock: Clock
    interval: float = NEWS_SECONDS
    _listers: dict[str, Lister] = field(default_factory=dict, init=False)
    _refused: bool = field(default=False, init=False)
    _trouble: int = field(default=0, init=False)

    def serves(self, kind: str, jobs: int) -> bool:
        """Whether ``jobs`` of a kind are better listed than read one by one; once they are, to the last."""
        return (jobs > MANY or kind in self._listers) and kind in LISTINGS and not self._refused

    def wait(self, kind: str) -> float:
        """Seconds until the next list may be asked for."""
        return max(0.0, self._lister(kind).due - self.clock.monotonic())

    def ended(self, kind: str) -> set[str]:
        """Names that ended lately; none when it is too soon to ask, or when AWS does not say."""
        if self.wait(kind) > 0 or self._refused:
            return set()
        lister, now = self._lister(kind), self.clock.monotonic()
        try:
            found = lister.ended(self.client, now, kind)
        except Exception as error:
            if not is_retryable(error):
                self._refused = True
                log.warning("changes of %s jobs are not listed, each is read by itself: %s", kind, error)
            lister.due = now + TROUBLE.seconds(self._trouble)
            self._trouble += 1
            return set()
        self._trouble = 0
        return found

    def _lister(self, kind: str) -> Lister:
        return self._listers.setdefault(kind, Lister(kind, self.interval))
