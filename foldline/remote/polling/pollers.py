"""The pollers of this process: one thread for each kind that is waited for, ended when nobody waits.

A triggerer with 500 waiting tasks has a handful of these threads and no other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Literal

from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.pace import Bucket
from foldline.remote.polling.news import NEWS_SECONDS
from foldline.remote.polling.poller import Poller, Waiting
from foldline.remote.watched import WATCHED

CLIENT_SECONDS = 900.0
"""How long a shared client is used; making one costs a third of a second."""
BURST = 20.0
"""Reads of one service that may follow one another at once."""


class PollerThread:
    """A poller that steps by itself in a thread while somebody waits.

    Args:
        poller: What is stepped.
    """

    def __init__(self, poller: Poller) -> None:
        self.poller = poller
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, names: tuple[str, ...], until: Literal["all", "any"], fire: Callable[[], None]) -> Waiting:
        """See :meth:`foldline.remote.polling.poller.Poller.add`."""
        with self._lock:
            waiting = self.poller.add(names, until, fire)
            if self._thread is None or not self._thread.is_alive():
                name = f"poller-{self.poller.kind}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
        self._wake.set()
        return waiting

    def drop(self, waiting: Waiting) -> None:
        """See :meth:`foldline.remote.polling.poller.Poller.drop`."""
        self.poller.drop(waiting)
        self._wake.set()

    def _run(self) -> None:
        try:
            self._step_while_somebody_waits()
        except BaseException:
            self.poller.fire_all()  # a fault of ours must not leave a wait without anybody who looks
            raise

    def _step_while_somebody_waits(self) -> None:
        while True:
            self._wake.clear()
            with self._lock:
                if self.poller.idle:
                    self._thread = None
                    return
            seconds = self.poller.step()
            if seconds > 0:
                self._wake.wait(seconds)


class Pollers:
    """Pollers by what they look at and through which door, and clients that many share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connecting = threading.Lock()
        self._clients: dict[Hashable, tuple[float, Any]] = {}
        self._threads: dict[Hashable, PollerThread] = {}
        self._buckets: dict[Hashable, Bucket] = {}

    def of(self, door: Hashable, kind: str, backoff: Backoff, connect: Callable[[], Any]) -> PollerThread:
        """The poller of ``kind`` behind ``door``; made, with ``connect``, for the first who asks.

        Args:
            door: Account, region and credentials; equal doors share a poller.
            kind: Key of `foldline.remote.watched.WATCHED`.
            backoff: Waits between looks.
            connect: Makes a boto3 client of the kind's service.
        """
        service = WATCHED[kind].service
        with self._lock:
            rate = 1 / min(NEWS_SECONDS, backoff.longest)
            bucket = self._buckets.setdefault((door, service, rate), Bucket(rate, BURST))
            key = (door, kind, backoff)
            if key not in self._threads:
                self._threads[key] = PollerThread(Poller(kind, connect, SystemClock(), backoff, bucket))
            return self._threads[key]

    def client(self, door: Hashable, service: str, connect: Callable[[], Any]) -> Any:
        """A client of ``service`` behind ``door``; a new one now and then, as credentials expire."""
        with self._connecting:
            now = time.monotonic()
            made, client = self._clients.get((door, service), (-CLIENT_SECONDS, None))
            if now - made >= CLIENT_SECONDS:
                client = connect()
                self._clients[door, service] = (now, client)
            return client


SHARED = Pollers()
"""Of this process."""
