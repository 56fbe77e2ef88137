"""Jobs of one kind from submission to end: queued before the slots, found again to be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from localaws.jobs.slots import Slots

ABANDON_SECONDS = 5.0  # a killed program is gone at once; its work folder takes a moment


class Stoppable(Protocol):
    """What a job's run leaves in the queue's hands."""

    def stop(self) -> None:
        """Ask the run to end; it goes on to write its results."""

    def abandon(self) -> None:
        """End the run's programs at once and write nothing: the server is going down."""


class JobQueue:
    """The jobs of one kind that are not finished."""

    def __init__(self, slots: Slots, kind: str) -> None:
        self._slots = slots
        self._kind = kind
        self._changed = threading.Condition()
        self._live: dict[str, Stoppable] = {}
        self._running: set[str] = set()

    def submit(self, name: str, width: int, job: Stoppable, run: Callable[[], None]) -> bool:
        """Queue a job that takes some slots; True when it starts at once."""

        def work() -> None:
            with self._changed:
                self._running.add(name)
            try:
                run()
            finally:
                self._forget(name)

        with self._changed:
            self._live[name] = job
        return self._slots.submit(f"{self._kind}/{name}", width, work)

    def stop(self, name: str) -> bool:
        """Stop a job; True when it had not started and never will."""
        if self._slots.withdraw(f"{self._kind}/{name}"):
            self._forget(name)
            return True
        with self._changed:
            job = self._live.get(name)
        if job is not None:
            job.stop()
        return False

    def close(self) -> None:
        """Let no more jobs start, and abandon those that run."""
        self._slots.close()
        with self._changed:
            live = list(self._live.values())
        for job in live:
            job.abandon()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, ABANDON_SECONDS)

    def _forget(self, name: str) -> None:
        with self._changed:
            self._live.pop(name, None)
            self._running.discard(name)
            self._changed.notify_all()
