"""The queue of jobs before this computer's cores: first in, first out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ticket:
    """A job that waits: what it is called, the slots it takes, what to run when it has them, since when."""

    name: str
    width: int
    run: Callable[[], None]
    since: float


class Slots:
    """Lets as many jobs run as there are slots; a queued job costs no thread.

    Args:
        total: Slots there are, >= 1. A job that asks for more gets all of them.
        held: Whether nothing starts before ``release``.
    """

    def __init__(self, total: int, *, held: bool = False) -> None:
        self.total = max(1, total)
        self._lock = threading.Lock()
        self._waiting: deque[Ticket] = deque()
        self._used = 0
        self._open = not held

    def submit(self, name: str, width: int, run: Callable[[], None], *, since: float = 0.0) -> bool:
        """Queue a job; ``run`` is called in a thread of its own. True when it starts at once.

        Args:
            name: Its name.
            width: The slots it takes.
            run: What it does.
            since: When it was created, which says its place among those that wait for ``release``.
        """
        with self._lock:
            self._waiting.append(self._ticket(name, width, run, since))
            return name in self._start_next()

    def resume(self, name: str, width: int, run: Callable[[], None]) -> None:
        """Give a job its slots back: it runs already, as an earlier server started it."""
        with self._lock:
            self._start(self._ticket(name, width, run, 0.0))

    def release(self) -> None:
        """Let jobs start, the oldest first."""
        with self._lock:
            self._waiting = deque(sorted(self._waiting, key=lambda ticket: ticket.since))
            self._open = True
            self._start_next()

    def withdraw(self, name: str) -> bool:
        """Take a job out of the queue; False when it runs already or was never there."""
        with self._lock:
            for ticket in self._waiting:
                if ticket.name == name:
                    self._waiting.remove(ticket)
                    self._start_next()
                    return True
        return False

    def share(self) -> int:
        """Slots each process may keep busy: all of them, divided by the jobs that run or are about to."""
        with self._lock:
            wanted = self._used + sum(ticket.width for ticket in self._waiting)
            return max(1, self.total // max(1, min(self.total, wanted)))

    def close(self) -> None:
        """Start no more jobs."""
        with self._lock:
            self._open = False

    def _ticket(self, name: str, width: int, run: Callable[[], None], since: float) -> Ticket:
        return Ticket(name, min(max(1, width), self.total), run, since)

    def _start_next(self) -> set[str]:
        """Start what fits, in order, with the lock held; the names started."""
        started = set()
        while self._open and self._waiting and self._used + self._waiting[0].width <= self.total:
            ticket = self._waiting.popleft()
            started.add(ticket.name)
            self._start(ticket)
        return started

    def _start(self, ticket: Ticket) -> None:
        self._used += ticket.width
        threading.Thread(target=self._work, args=(ticket,), name=ticket.name, daemon=True).start()

    def _work(self, ticket: Ticket) -> None:
        try:
            ticket.run()
        finally:
            with self._lock:
                self._used -= ticket.width
                self._start_next()
