"""What an update is watched for while it is under way: its alarms, its time limit, the server's end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from localaws.sagemaker.hosting.rollout_plan import Plan

LOOK_SECONDS = 0.1


class RolledBack(Exception):
    """The update may not go on; the message says why."""


class Closing(Exception):
    """This server goes down; the next one restores the endpoint."""


class Watch:
    """Watches one update from its beginning.

    Args:
        plan: Its alarms and limit.
        tripped: Whether an alarm is in ALARM now, or was at any time after a moment (epoch seconds).
        closing: Set when this server goes down.
        clock: Seconds, for the limit.
    """

    def __init__(
        self,
        plan: Plan,
        tripped: Callable[[str, float], bool],
        closing: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._tripped = tripped
        self._closing = closing
        self._clock = clock
        self._since = time.time()
        self._deadline = None if plan.limit is None else clock() + plan.limit

    def look(self) -> None:
        """Look once.

        Raises:
            RolledBack: An alarm went off, or the time is up.
            Closing: The server goes down.
        """
        if self._closing.is_set():
            raise Closing
        for name in self._plan.alarms:
            if self._tripped(name, self._since):
                raise RolledBack(
                    f'The deployment was rolled back: the CloudWatch alarm "{name}" is in the ALARM state'
                )
        if self._deadline is not None and self._clock() > self._deadline:
            raise RolledBack(
                "The deployment was rolled back: it took longer than MaximumExecutionTimeoutInSeconds "
                f"({self._plan.limit})"
            )

    def wait(self, seconds: float) -> None:
        """Look until some seconds have gone by, and once more.

        Raises:
            RolledBack: An alarm went off, or the time is up.
            Closing: The server goes down.
        """
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0:
            self.look()
            self._closing.wait(min(left, LOOK_SECONDS))
        self.look()
