"""Jobs of one kind from submission to end: queued before the slots, found again to be stopped."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Protocol

from localaws.jobs.slots import Slots

CLOSE_SECONDS = 5.0  # a killed program is gone at once; an upload takes a moment


class Work(Protocol):
    """A job that has its slots."""

    def __call__(self) -> None:
        """Run it to its last status, or to where the server goes down."""

    def stop(self) -> None:
        """Ask it to end; it goes on to write its results."""

    def abandon(self) -> None:
        """The server goes down: wait for nothing more, write nothing more."""


class JobQueue:
    """The jobs of one kind that are not finished. One that waits is a name and a number of slots, no more.

    Args:
        slots: The queue before the cores, which all kinds share.
        kind: What the kind is called there.
        make: Makes what runs a job, by its name, when it has its slots.
    """

    def __init__(self, slots: Slots, kind: str, make: Callable[[str], Work]) -> None:
        self._slots = slots
        self._kind = kind
        self._make = make
        self._changed = threading.Condition()
        self._known: set[str] = set()
        self._running: dict[str, Work] = {}
        self._stopped: set[str] = set()

    def submit(self, name: str, width: int, since: float) -> bool:
        """Queue a job that takes some slots, unless it is there already; True when it starts at once."""
        if not self._is_new(name):
            return False
        return self._slots.submit(self._ticket(name), width, functools.partial(self._work, name), since=since)

    def resume(self, name: str, width: int, *, stopped: bool) -> None:
        """Go on with a job whose programs an earlier server started, and perhaps was asked to stop."""
        if self._is_new(name):
            if stopped:
                self._stopped.add(name)
            self._slots.resume(self._ticket(name), width, functools.partial(self._work, name))

    def stop(self, name: str) -> bool:
        """Stop a job; True when it had not started and never will."""
        if self._slots.withdraw(self._ticket(name)):
            self._forget(name)
            return True
        with self._changed:
            work = self._running.get(name)
            if work is None and name in self._known:  # it is about to start
                self._stopped.add(name)
        if work is not None:
            work.stop()
        return False

    def close(self) -> None:
        """Abandon the jobs that run, and wait until they have let go of everything."""
        with self._changed:
            running = list(self._running.values())
        for work in running:
            work.abandon()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, CLOSE_SECONDS)

    def _work(self, name: str) -> None:
        try:
            work = self._make(name)
            with self._changed:
                self._running[name] = work
                stopped = name in self._stopped
            if stopped:
                work.stop()
            work()
        finally:
            self._forget(name)

    def _is_new(self, name: str) -> bool:
        with self._changed:
            new = name not in self._known
            self._known.add(name)
        return new

    def _forget(self, name: str) -> None:
        with self._changed:
            self._known.discard(name)
            self._stopped.discard(name)
            self._running.pop(name, None)
            self._changed.notify_all()

    def _ticket(self, name: str) -> str:
        return f"{self._kind}/{name}"
