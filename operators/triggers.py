"""Waiting in Airflow's triggerer: boto3 in threads, no aiobotocore; many waits share one poller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from foldline.aws import Clients, Door
from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.watched import WATCHED
from foldline.waiting import Watch


class WaitTrigger(BaseTrigger):
    """Fires when what a task waits for is over, or when it is time to look again anyway.

    Args:
        watch: `foldline.waiting.Watch` as a document.
        door: `foldline.aws.Door` as a document.
        polling: ``first`` and ``longest`` seconds between looks, ``patience`` for one call.
        waited: Seconds the task has waited before.
    """

    def __init__(
        self, watch: dict[str, Any], door: dict[str, Any], polling: dict[str, float], waited: float = 0.0
    ) -> None:
        super().__init__()
        self.watch, self.door, self.polling, self.waited = watch, door, polling, waited

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What Airflow stores; holds no secret."""
        arguments = {
            "watch": self.watch,
            "door": self.door,
            "polling": self.polling,
            "waited": self.waited,
        }
        return "operators.triggers.WaitTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait."""
        began = time.monotonic()
        await asyncio.to_thread(self._wait)
        yield TriggerEvent({"waited": self.waited + time.monotonic() - began})

    def _wait(self) -> None:
        watch = Watch.parse(self.watch)
        clock = SystemClock(self.polling["patience"])
        backoff = Backoff(self.polling["first"], self.polling["longest"])
        client = Clients(Door(**self.door)).client(WATCHED[watch.kind].service)
        kind, left, looks = WATCHED[watch.kind], set(watch.names), 0
        end = clock.monotonic() + watch.seconds
        while clock.monotonic() < end:
            left = {name for name in left if not kind.is_over(kind.status(client, clock, name))}
            if watch.names and (not left or (watch.until == "any" and len(left) < len(watch.names))):
                return
            clock.sleep(min(backoff.seconds(looks), max(0.0, end - clock.monotonic())))
            looks += 1
