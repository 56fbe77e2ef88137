"""A running job's CloudWatch log, line by line as it is written; a help, never a reason to fail.

An account may read log events about ten times a second in all, so one process follows at most twenty jobs and
paces its calls together.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from foldline.redaction import redacted
from foldline.remote.calls import Clock, error_code, is_retryable
from foldline.remote.pace import Bucket
from foldline.remote.watched import WATCHED
from foldline.waiting import Watch

JOBS_PER_PROCESS = 20
LOOK_SECONDS = 5.0
"""Between two looks at one job's log."""
STREAMS_SECONDS = 30.0
"""Between two looks for further streams: a job on several hosts has one each."""
TROUBLE_SECONDS = 30.0
"""After a fault of the logs API: a call may hang for long, and meanwhile nobody looks at the job."""
PAGES_PER_LOOK = 5
DRAIN_SECONDS = 5.0
"""How long what is left is read when a job is over."""
ABSENT = "ResourceNotFoundException"
"""Code of a log group or stream that is not there, or not yet."""
BUCKET = Bucket(rate=8.0, burst=20.0)
"""Shared by all tails of the process."""
_SEATS = threading.BoundedSemaphore(JOBS_PER_PROCESS)
log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Tail:
    """The log of one job, from where ``positions`` says on.

    Attributes:
        connect: Gives a boto3 client of CloudWatch Logs; asked for each look, credentials expire.
        clock: Time.
        kind: Key of `foldline.remote.watched.WATCHED`.
        name: Job.
        positions: Token of the next event by group and stream; kept up to date here.
        every: Seconds between two looks.
        bucket: Paces the calls.
    """

    connect: Callable[[], Any]
    clock: Clock
    kind: str
    name: str
    positions: dict[str, str] = field(default_factory=dict)
    every: float = LOOK_SECONDS
    bucket: Bucket = BUCKET
    _streams: list[tuple[str, str]] = field(default_factory=list, init=False)
    _streams_due: float = field(default=0.0, init=False)
    _due: float = field(default=0.0, init=False)
    _closed: bool = field(default=False, init=False)

    def lines(self) -> list[str]:
        """What the job wrote since the last look; nothing when it is too soon for another."""
        now = self.clock.monotonic()
        if now < self._due:
            return []
        self._due = now + self.every
        return self._read(lambda: self.bucket.take(self.clock.monotonic()) == 0.0)

    def rest(self, end: float) -> list[str]:
        """What is left when the job is over; nothing is asked after ``end`` on the clock."""

        def may_call() -> bool:
            while wait := self.bucket.take(now := self.clock.monotonic()):
                if now + wait > end:
                    return False
                self.clock.sleep(wait)
            return self.clock.monotonic() < end

        self._streams_due = 0.0
        return self._read(may_call, pages=1000)

    def _read(self, may_call: Callable[[], bool], pages: int = PAGES_PER_LOOK) -> list[str]:
        found: list[str] = []
        if self._closed:
            return found
        try:
            client = self.connect()
            self._find_streams(client, may_call)
            for group, stream in self._streams:
                found.extend(self._new_in(client, group, stream, may_call, pages))
        except Exception as error:
            self._due = self.clock.monotonic() + TROUBLE_SECONDS
            if not is_retryable(error) and error_code(error) != ABSENT:
                self._closed = True
                log.warning("the log of %s is not followed: %s", self.name, error)
        return redacted("\n".join(found)).split("\n") if found else found

    def _find_streams(self, client: Any, may_call: Callable[[], bool]) -> None:
        """Look for streams; where a kind has several groups, a look costs more, so there are fewer."""
        now = self.clock.monotonic()
        if now < self._streams_due:
            return
        watched = WATCHED[self.kind]
        found: list[tuple[str, str]] = []
        for group in watched.log_groups:
            if not may_call():
                return
            try:
                answer = client.describe_log_streams(
                    logGroupName=group, logStreamNamePrefix=watched.log_streams(self.name)
                )
            except Exception as error:
                if error_code(error) != ABSENT:
                    raise
                continue
            found += [(group, stream["logStreamName"]) for stream in answer["logStreams"]]
        self._streams = sorted(found)
        self._streams_due = now + (STREAMS_SECONDS if found else self.every * len(watched.log_groups))

    def _label(self, group: str, stream: str) -> str:
        """What tells a stream's lines from those of the job's other streams."""
        watched = WATCHED[self.kind]
        if len(watched.log_groups) > 1:
            return group.rpartition("/")[2] + stream.removeprefix(watched.log_streams(self.name))
        own = stream.removeprefix(watched.log_streams(self.name)).rpartition("-")[0]
        return own if len(self._streams) > 1 else ""

    def _new_in(
        self, client: Any, group: str, stream: str, may_call: Callable[[], bool], pages: int
    ) -> Iterator[str]:
        host, place = self._label(group, stream), position(group, stream)
        for _ in range(pages):
            if not may_call():
                return
            token = self.positions.get(place)
            answer = client.get_log_events(
                logGroupName=group,
                logStreamName=stream,
                startFromHead=True,
                **({"nextToken": token} if token else {}),
            )
            for event in answer["events"]:
                yield f"{host}: {event['message'].rstrip()}" if host else event["message"].rstrip()
            self.positions[place] = answer["nextForwardToken"]
            if answer["nextForwardToken"] == token:
                return


def position(group: str, stream: str) -> str:
    """The key of a stream's position; streams of two groups may have the same name."""
    return f"{group}:{stream}"


class Tails:
    """The logs of all jobs that one task waits for.

    Args:
        connect: Gives a boto3 client of CloudWatch Logs.
        clock: Time.
        show: Called with each line.
        positions: Where an earlier look stopped, by group and stream.
        longest: Seconds between two looks at AWS at most.
        bucket: Paces the calls.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        clock: Clock,
        show: Callable[[str], None],
        positions: Mapping[str, str] | None = None,
        longest: float = LOOK_SECONDS,
        *,
        bucket: Bucket = BUCKET,
    ) -> None:
        self.positions = dict(positions or {})
        self._connect, self._clock, self._show = connect, clock, show
        self._every, self._bucket = min(longest, LOOK_SECONDS), bucket
        self._tails: dict[str, Tail] = {}
        self._told = False

    @property
    def names(self) -> list[str]:
        """Jobs whose log is followed now."""
        return list(self._tails)

    def follow(self, watch: Watch) -> None:
        """Show what the jobs of ``watch`` wrote; of one that is no longer in it, the rest."""
        names = watch.names if WATCHED[watch.kind].log_groups else ()
        for name in [name for name in self._tails if name not in names]:
            self._end(name, self._clock.monotonic() + DRAIN_SECONDS)
        for name in names:
            if name not in self._tails and self._may_follow(name, watch):
                self._tails[name] = Tail(
                    connect=self._connect,
                    clock=self._clock,
                    kind=watch.kind,
                    name=name,
                    positions=self.positions,
                    every=self._every,
                    bucket=self._bucket,
                )
        for name, tail in self._tails.items():
            self._tell(name, tail.lines())

    def close(self) -> None:
        """Show the rest of all of them; nothing is followed any more."""
        end = self._clock.monotonic() + DRAIN_SECONDS
        for name in list(self._tails):
            self._end(name, end)

    def positions_of(self, watch: Watch) -> dict[str, str]:
        """Where whoever goes on with ``watch`` begins to read."""
        watched = WATCHED[watch.kind]
        mine = tuple(
            position(group, watched.log_streams(name)) for group in watched.log_groups for name in watch.names
        )
        return {place: token for place, token in self.positions.items() if place.startswith(mine)}

    def leave(self) -> None:
        """Follow nothing any more, and show no rest: somebody else goes on from :attr:`positions`."""
        for name in list(self._tails):
            del self._tails[name]
            _SEATS.release()

    def _may_follow(self, name: str, watch: Watch) -> bool:
        if not _SEATS.acquire(blocking=False):
            if not self._told:
                self._told = True
                self._show(
                    f"(a process follows the logs of {JOBS_PER_PROCESS} jobs; {name}'s is not among them "
                    f"for now, see {' and '.join(WATCHED[watch.kind].log_groups)})"
                )
            return False
        return True

    def _end(self, name: str, end: float) -> None:
        tail = self._tails.pop(name)
        _SEATS.release()
        self._tell(name, tail.rest(end))

    def _tell(self, name: str, lines: list[str]) -> None:
        for line in lines:
            self._show(f"[{name}] {line}")
