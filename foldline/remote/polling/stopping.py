"""Stopping what somebody waited for, within a bound: whoever asks for it is about to be killed itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from foldline.remote.calls import SystemClock
from foldline.remote.watched import WATCHED
from foldline.waiting import Watch

AT_ONCE = 8


def stop_all(client: Any, watch: Watch, seconds: float) -> tuple[list[str], list[str]]:
    """Ask AWS to stop everything in ``watch``.

    Args:
        client: boto3 client of the kind's service.
        watch: What is to end.
        seconds: Bound for all of it.

    Returns:
        Names of what was stopped or had ended, and a line for each of what was not.
    """
    kind, clock = WATCHED[watch.kind], SystemClock(patience=seconds / 2)
    pool = ThreadPoolExecutor(AT_ONCE)
    asked = {name: pool.submit(kind.end, client, clock, name) for name in watch.names}
    done, _ = wait(asked.values(), seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    stopped, left = [], []
    for name, future in asked.items():
        if future not in done:
            left.append(f"{name}: no answer within {seconds:.0f} s")
        elif error := future.exception():
            left.append(f"{name}: {error}")
        else:
            stopped.append(name)
    return stopped, left
