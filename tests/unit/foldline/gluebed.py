"""What the tests of Glue's remote work share: a quick endpoint, and workers that die at any point of their work."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from foldline.layout import S3Uri
from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.memory import Memory
from foldline.waiting import Staying, Suspended, Watch
from tests.conftest import Endpoint, start_endpoint
from tests.localaws.faults.conftest import control

BUCKET = "gluebed"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/glue"
QUICK = Backoff(0.02, 0.05)
PACE = "0.001"  # a crawl takes 0.05 s, a job run starts after 0.02 s


class Killed(BaseException):
    """kill -9, as Python can play it: nothing on the way may catch it."""


@dataclass
class Life:
    """How long one worker lives: it dies at its ``dies_at``-th point, never when that is None.

    Each call has two points: before it is sent, and after it took effect but before its answer is seen.
    """

    dies_at: int | None = None
    points: int = 0

    def point(self) -> None:
        """Pass a point, or die at it."""
        self.points += 1
        if self.points - 1 == self.dies_at:
            raise Killed

    def of(self, thing: Any, *methods: str) -> Any:
        """``thing`` with points at its methods, all of them when none are named."""
        return _Mortal(thing, self, methods)


@dataclass
class _Mortal:
    thing: Any
    life: Life
    methods: tuple[str, ...]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.thing, name)
        if not callable(found) or (self.methods and name not in self.methods):
            return found

        def called(*values: Any, **members: Any) -> Any:
            self.life.point()
            answer = found(*values, **members)
            self.life.point()
            return answer

        return called


@dataclass
class LettingGo:
    """Waits of a worker that lets go at every pause, as a deferrable one does when waiting is long."""

    watches: list[Watch] = field(default_factory=list)

    def pause(self, seconds: float, watch: Watch) -> None:
        """See `foldline.waiting.Waits`."""
        self.watches.append(watch)
        raise Suspended(watch)


def replayed(work: Callable[[], Any]) -> Any:
    """What ``work`` gives when it is run again from its start after every hand-over."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return work()
        except Suspended as suspended:
            time.sleep(min(suspended.watch.seconds, 0.05))  # the triggerer
    raise AssertionError("the work does not end")


@dataclass
class Bed:
    """A quick endpoint of this module's own."""

    endpoint: Endpoint
    connect: Callable[..., Any]

    def __post_init__(self) -> None:
        self.glue = self.connect(self.endpoint, "glue")
        self.s3 = self.connect(self.endpoint, "s3")
        self.logs = self.connect(self.endpoint, "logs")
        self.s3.create_bucket(Bucket=BUCKET)
        self.clock = SystemClock(20.0)

    @property
    def staying(self) -> Staying:
        """Waits of a worker that stays."""
        return Staying(self.clock)

    def memory(self) -> Memory:
        """What a task remembers that never ran before."""
        return Memory(self.s3, S3Uri(BUCKET, f"memory/{uuid.uuid4().hex}/"), ACCOUNT)

    def put(self, key: str, body: str) -> S3Uri:
        """An object."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
        return S3Uri(BUCKET, key)

    def fault(self, effect: str, **members: Any) -> None:
        """Add a rule."""
        status, answer = control(self.endpoint, "POST", body={"effect": effect, **members})
        assert status < 300, answer

    def no_faults(self) -> None:
        """Drop all rules."""
        control(self.endpoint, "DELETE")


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory, connect: Callable[..., Any]) -> Iterator[Bed]:
    running = start_endpoint(tmp_path_factory.mktemp("glue"), 0, "--realistic", "--pace", PACE, warm=False)
    yield Bed(running, connect)
    running.stop()


@pytest.fixture
def faulty(bed: Bed) -> Iterator[Bed]:
    """The endpoint, without rules when the test is over."""
    yield bed
    bed.no_faults()
