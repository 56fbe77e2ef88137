"""One poller for everything of one kind that is waited for in a process: quick first looks, then shared ones.

A name is first read by itself, soon and then less often. Once it has lasted, an incremental list tells what
changed (`foldline.remote.polling.lister`), and reading it by itself is a slow check of that. So the end of
a long job is seen within two seconds, at half a call a second, whatever the number of jobs. Nothing here
ever fails a wait: faults are retried with back-off for as long as somebody waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from foldline.remote.calls import Backoff, Clock, error_code, is_absent, is_retryable
from foldline.remote.pace import Bucket
from foldline.remote.polling.lister import LISTINGS, Lister
from foldline.remote.polling.news import NEWS_SECONDS, RECONCILE_SECONDS
from foldline.remote.polling.statuses import batch_size, statuses

MISSING_SECONDS = 60.0
"""What reads as absent or unreadable for so long fires: a worker looks, and does what is right."""
DENIED_SECONDS = 600.0
"""A list that is refused is asked again after this time."""
LONGEST_TROUBLE = 30.0
FRESH = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException"})
"""Codes after which the client is made anew."""
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Waiting:
    """Somebody who waits.

    Attributes:
        names: What is not over yet.
        until: Whether all must be over, or the first.
        fire: Called once, in the poller's thread, when it is time to look.
    """

    names: set[str]
    until: Literal["all", "any"]
    fire: Callable[[], None]


@dataclass
class _Name:
    """What is known of one name: when it was read, when to read it again, since when it is missing."""

    at: float
    quick: float = 0.0
    looks: int = 0
    missing: float | None = None
    waitings: list[Waiting] = field(default_factory=list)


class Poller:
    """Looks at names of one kind for all who wait for them; :meth:`step` makes at most one call.

    Args:
        kind: Key of `foldline.remote.watched.WATCHED`.
        connect: Makes a boto3 client of the kind's service; again when its credentials expired.
        clock: Time.
        backoff: Waits between the first looks; ``longest`` below two seconds quickens all others too.
        bucket: Paces the reads of one service, when several pollers share it.
    """

    def __init__(
        self,
        kind: str,
        connect: Callable[[], Any],
        clock: Clock,
        backoff: Backoff,
        bucket: Bucket | None = None,
    ) -> None:
        self.kind, self.clock, self.backoff = kind, clock, backoff
        self.news = min(NEWS_SECONDS, backoff.longest)
        self.bucket = bucket or Bucket(1 / self.news, 20.0)
        self._connect, self._client = connect, None
        self._lister = Lister(kind, self.news) if kind in LISTINGS else None
        self._lock = threading.Lock()
        self._names: dict[str, _Name] = {}
        self._trouble, self._rest_until = 0, 0.0

    def add(self, names: tuple[str, ...], until: Literal["all", "any"], fire: Callable[[], None]) -> Waiting:
        """Wait for ``names``: ``fire`` is called when all, or any, of them are over."""
        waiting = Waiting(set(names), until, fire)
        with self._lock:
            for name in names:
                self._names.setdefault(name, _Name(self.clock.monotonic())).waitings.append(waiting)
        return waiting

    def drop(self, waiting: Waiting) -> None:
        """Nobody waits there any more."""
        with self._lock:
            self._drop(waiting)

    def fire_all(self) -> None:
        """Whoever waits is to look for himself."""
        with self._lock:
            waitings = {id(one): one for name in self._names.values() for one in name.waitings}
            self._names.clear()
        for waiting in waitings.values():
            waiting.fire()

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        with self._lock:
            return not self._names

    def step(self) -> float:
        """Make the most urgent call, if one is due; the seconds until there may be another."""
        now = self.clock.monotonic()
        if now < self._rest_until:
            return self._rest_until - now
        with self._lock:
            listed = self._listed(now)
            due = {key: name.at + self._interval(name, listed) for key, name in self._names.items()}
        if not due:
            return NEWS_SECONDS
        first = min(due.values())
        soonest = first - now
        if listed and self._lister is not None:
            if self._lister.due <= now:
                self._list(self._lister, now)
                return 0.0
            soonest = min(soonest, self._lister.due - now)
        if first > now:
            return soonest
        if wait := self.bucket.take(now):
            return min(wait, max(self._lister.due - now, 0.0)) if listed and self._lister else wait
        self._read(self._most_urgent([key for key, at in due.items() if at <= now]), now)
        return 0.0

    def _listed(self, now: float) -> bool:
        """Whether a list tells what changed: it is not refused, and several names are worth it."""
        return self._lister is not None and len(self._names) > 1 and self._lister.due - now <= self.news

    def _interval(self, name: _Name, listed: bool) -> float:
        """How long after its last reading a name is read again."""
        if name.quick < self.news:
            return name.quick
        return RECONCILE_SECONDS if listed else max(1.0, len(self._names) / batch_size(self.kind)) * self.news

    def _most_urgent(self, due: list[str]) -> list[str]:
        """As many names as one call reads: those nobody has read yet, then those not read for longest."""
        with self._lock:
            due = [key for key in due if key in self._names]
            due.sort(key=lambda key: (self._names[key].looks > 0, self._names[key].at))
            return due[: batch_size(self.kind)]

    def _list(self, lister: Lister, now: float) -> None:
        try:
            found = lister.ended(self._connected(), now, self.kind)
        except Exception as error:
            if not self._rest(error):
                log.warning("changes of %s are not listed, each is read by itself: %s", self.kind, error)
                lister.due = now + DENIED_SECONDS
            return
        self._trouble = 0
        self._tell(found)

    def _read(self, names: list[str], now: float) -> None:
        if not names:
            return
        words: dict[str, bool | None] = {}
        try:
            words = statuses(self._connected(), self.kind, names)
        except Exception as error:
            if self._rest(error):
                return
            if not is_absent(error):
                log.warning("%s %s cannot be read: %s", self.kind, ", ".join(names), error)
        self._trouble = 0
        with self._lock:
            gone = {key for key in names if key in self._names and self._note(key, words.get(key), now)}
        self._tell({key for key, over in words.items() if over} | gone)

    def _note(self, key: str, over: bool | None, now: float) -> bool:
        """Note a reading, None being absent or unreadable; whether the name is missing for too long."""
        name = self._names[key]
        name.at, name.quick = now, self.backoff.seconds(name.looks)
        name.looks += 1
        if over is not None:
            name.missing = None
            return False
        name.missing = now if name.missing is None else name.missing
        return now - name.missing >= MISSING_SECONDS

    def _tell(self, over: set[str]) -> None:
        fired: list[Waiting] = []
        with self._lock:
            for key in over & set(self._names):
                for waiting in self._names.pop(key).waitings:
                    waiting.names.discard(key)
                    if waiting not in fired and (not waiting.names or waiting.until == "any"):
                        fired.append(waiting)
            for waiting in fired:
                self._drop(waiting)
        for waiting in fired:
            waiting.fire()

    def _drop(self, waiting: Waiting) -> None:
        for key in waiting.names:
            if key in self._names:
                others = [other for other in self._names[key].waitings if other is not waiting]
                self._names[key].waitings = others
                if not others:
                    del self._names[key]

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _rest(self, error: Exception) -> bool:
        """Whether the fault may pass: then nothing is asked for a while, longer each time."""
        if error_code(error) in FRESH or "Credentials" in type(error).__name__:
            self._client = None
        elif not is_retryable(error):
            return False
        self._trouble += 1
        seconds = Backoff(0.2, min(LONGEST_TROUBLE, 15 * self.news)).seconds(self._trouble)
        self._rest_until = self.clock.monotonic() + seconds
        return True
