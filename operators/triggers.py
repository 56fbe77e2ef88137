"""Waiting in Airflow's triggerer: boto3 in threads, no aiobotocore; all waits of a kind share one poller."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from foldline.aws import Clients, Door
from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.logs.tailing import LOOK_SECONDS, Tails
from foldline.remote.polling.pollers import SHARED
from foldline.remote.polling.stopping import stop_all
from foldline.remote.watched import WATCHED
from foldline.waiting import Watch
from operators.sessions import airflow_session

CONNECTION_SECONDS = 60.0
"""How long Airflow may take to hand out a connection."""
STOP_SECONDS = 25.0
"""Airflow gives a killed trigger 30 s."""
SEAT_SECONDS = 30.0
"""Between two questions whether a log may be followed by now, when too many others are."""
log = logging.getLogger(__name__)


class Waited(NamedTuple):
    """What a trigger tells the worker that goes on.

    Attributes:
        waited: Seconds this task has waited so far.
        positions: Where in the jobs' log streams to read on.
    """

    waited: float = 0.0
    positions: Mapping[str, str] = {}

    @classmethod
    def parse(cls, event: Mapping[str, Any] | None) -> Waited:
        """From a trigger's event, which may be another version's."""
        event = event or {}
        return cls(float(event.get("waited", 0.0)), dict(event.get("positions") or {}))


NOT_WAITED = Waited()
"""What the first worker knows."""


class WaitTrigger(BaseTrigger):
    """Fires when what a task waits for is over, or when it is time to look again anyway.

    Its event is a hint: the worker looks for itself. So it may run twice, or be rebuilt anywhere.

    Args:
        watch: `foldline.waiting.Watch` as a document.
        door: `foldline.aws.Door` as a document.
        polling: ``first`` and ``longest`` seconds between looks, ``patience`` for one call.
        waited: Seconds the task has waited before.
        positions: Where in the jobs' log streams to read on.
    """

    def __init__(
        self,
        watch: dict[str, Any],
        door: dict[str, Any],
        polling: dict[str, float],
        waited: float = 0.0,
        positions: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.watch, self.door, self.polling, self.waited = watch, door, polling, waited
        self.positions = positions or {}
        self._fired = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What Airflow stores; holds no secret."""
        arguments = {
            "watch": self.watch,
            "door": self.door,
            "polling": self.polling,
            "waited": self.waited,
            "positions": self.positions,
        }
        return "operators.triggers.WaitTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and meanwhile show what the jobs log; the end of a log holds up no task."""
        began = time.monotonic()
        watch = Watch.parse(self.watch)
        lines: list[str] = []
        clock, longest = SystemClock(self.polling["patience"]), self.polling["longest"]
        door, connect = Door(**self.door), self._connect("logs")
        tails = Tails(
            lambda: SHARED.client(door, "logs", connect), clock, lines.append, self.positions, longest
        )
        over = asyncio.ensure_future(self._over(watch))
        look: asyncio.Future[None] = asyncio.ensure_future(asyncio.sleep(0))
        try:
            while WATCHED[watch.kind].log_groups and not over.done():
                look = asyncio.ensure_future(self._show(lines, lambda: tails.follow(watch)))
                await asyncio.wait({over, look}, return_when=asyncio.FIRST_COMPLETED)
                again = min(LOOK_SECONDS, longest) if tails.names else SEAT_SECONDS
                await asyncio.wait({over}, timeout=again)
            if not (await over and watch.until == "all"):
                # Some of these jobs are waited for again, by whoever goes on reading at these positions.
                await look
                if tails.names:
                    await self._show(lines, tails.close)
            waited = Waited(self.waited + time.monotonic() - began, tails.positions_of(watch))
            self._fired = True
            try:
                yield TriggerEvent(waited._asdict())
            finally:
                await to_its_end(self._rest(look, lines, tails))
        finally:
            over.cancel()
            tails.leave()

    async def on_kill(self) -> None:
        """Stop what is waited for: Airflow (from 3.3) calls this when a user ended or cleared the task."""
        if self._fired:
            return  # only the rest of a log is read; Airflow ends that as if a user had ended the task
        watch = Watch.parse(self.watch)
        connect = self._connect(WATCHED[watch.kind].service)
        stopped, left = await asyncio.to_thread(lambda: stop_all(connect(), watch, STOP_SECONDS))
        log.info("a user ended this task: stopped %s", ", ".join(stopped) or "nothing")
        if left:
            log.warning("not stopped, left to the reaper: %s", "; ".join(left))

    async def _over(self, watch: Watch) -> bool:
        """Return when the watch is over, or its time is: whether it was the watch."""
        over, loop = asyncio.Event(), asyncio.get_running_loop()

        def fire() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(over.set)

        door = Door(**self.door)
        backoff = Backoff(self.polling["first"], self.polling["longest"])
        poller = SHARED.of(door, watch.kind, backoff, self._connect(WATCHED[watch.kind].service))
        waiting = poller.add(watch.names, watch.until, fire)
        try:
            await asyncio.wait_for(over.wait(), watch.seconds)
            return True
        except TimeoutError:
            return False
        finally:
            poller.drop(waiting)

    def _connect(self, service: str) -> Callable[[], Any]:
        """Makes a client of ``service``, in any thread; an Airflow connection is asked for in this loop."""
        door, loop = Door(**self.door), asyncio.get_running_loop()

        def session() -> Any:
            if door.aws_conn_id is None:
                return None
            # Airflow's channel to its supervisor belongs to this loop; other threads reach it by way of it.
            ask = sync_to_async(airflow_session)(door.aws_conn_id, door.region)
            asked = asyncio.run_coroutine_threadsafe(ask, loop)
            return asked.result(CONNECTION_SECONDS)

        return lambda: Clients(door, session()).client(service)

    async def _rest(self, look: asyncio.Future[None], lines: list[str], tails: Tails) -> None:
        """Show what is left of the logs; nothing when it has been shown."""
        await look
        if tails.names:
            await self._show(lines, tails.close)

    async def _show(self, lines: list[str], read: Callable[[], None]) -> None:
        """Run ``read`` in a thread and log what it found here: Airflow knows by the task whose log it is."""
        try:
            await asyncio.to_thread(read)
        except Exception as error:
            log.warning("the log is not followed: %s", error)
        for line in lines:
            self.log.info("%s", line)
        lines.clear()


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` even when the caller is cancelled meanwhile, as Airflow does once a trigger has fired."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
