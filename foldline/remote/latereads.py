"""Reads that come too late to show what was just made: services answer from copies of their state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from foldline.errors import JobFailed
from foldline.remote.calls import Backoff, Clock

STALE_READ_SECONDS = 30.0
"""What was just made may read as absent for so long."""
LOOKS = Backoff(0.3, 3.0)


def found_again(read: Callable[[], Any | None], clock: Clock, what: str, where: str) -> Any:
    """What ``read`` says of work that was started; a read that comes too late to show it is repeated.

    The worker stays for these seconds: one that let go would come back to count them anew, for ever.

    Args:
        read: Describes the work; None says that there is none.
        clock: Time.
        what: The work, for the error.
        where: Where to look, for the error.

    Raises:
        JobFailed: The service does not know it.
    """
    began, looks = clock.monotonic(), 0
    while (answer := read()) is None:
        if clock.monotonic() - began > STALE_READ_SECONDS:
            raise JobFailed(
                f"{what} was started, and the service does not know it",
                where=where,
                cause="services forget statements and runs after days or weeks",
                mend="clear the task to run it again",
            )
        clock.sleep(LOOKS.seconds(looks))
        looks += 1
    return answer
