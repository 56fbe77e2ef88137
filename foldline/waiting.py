"""Waiting for what AWS does: in this process, or handed over to Airflow's triggerer.

Whoever waits looks, and calls :meth:`Waits.pause` between two looks. In a worker that stays, a pause sleeps.
In one that defers, it raises :class:`Suspended`; the task's work is run again from its start when what it
waited for is over. That is sound because all work is ensure-once: what is done is found, not done again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from foldline.errors import FoldlineError
from foldline.remote.calls import Clock

SLICE_SECONDS = 0.5
"""A staying worker asks at least this often whether it was told to end."""


class Interrupted(FoldlineError):
    """This worker was told to end; the job runs on and the next try adopts it.

    Attributes:
        watch: What was waited for.
    """

    watch: Watch


@dataclass(frozen=True)
class Watch:
    """What is waited for: enough to look from another process, and no secret.

    Attributes:
        kind: Key of `foldline.remote.watched.WATCHED`, such as ``training`` or ``query``.
        names: Names or ids of that kind; empty for a pure pause.
        seconds: Look again after this time, whatever became of them.
        until: Whether all of them must be over, or the first.
    """

    kind: str
    names: tuple[str, ...]
    seconds: float
    until: Literal["all", "any"] = "all"

    def document(self) -> dict[str, Any]:
        """Plain JSON, as a trigger stores it."""
        return {**asdict(self), "names": list(self.names)}

    @classmethod
    def parse(cls, document: dict[str, Any]) -> Watch:
        """The inverse of :meth:`document`."""
        return cls(**{**document, "names": tuple(document["names"])})


class Suspended(BaseException):
    """The worker lets go until ``watch`` is over; no error, so nothing on the way may catch it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(f"waits for {watch.kind} {', '.join(watch.names)}")
        self.watch = watch


class Waits(Protocol):
    """How a piece of work lets time pass between two looks."""

    def pause(self, seconds: float, watch: Watch) -> None:
        """Let ``seconds`` pass before the next look at ``watch``.

        Raises:
            Interrupted: This worker was told to end.
            Suspended: The rest of the waiting happens elsewhere.
        """
        ...


@dataclass(frozen=True)
class Staying:
    """The worker stays: a pause sleeps, and ends early when the worker is told to.

    Attributes:
        clock: Time.
        interrupted: Whether this worker was told to end.
        meanwhile: Called often with what is waited for; passes on what the job logged.
    """

    clock: Clock
    interrupted: Callable[[], bool] = lambda: False
    meanwhile: Callable[[Watch], None] = field(default=lambda watch: None)

    def pause(self, seconds: float, watch: Watch) -> None:
        """See :meth:`Waits.pause`."""
        end = self.clock.monotonic() + seconds
        while True:
            refuse_when_interrupted(self.interrupted, watch)
            self.meanwhile(watch)
            left = end - self.clock.monotonic()
            if left <= 0:
                return
            self.clock.sleep(min(left, SLICE_SECONDS))


@dataclass
class Deferring:
    """The worker lets go: after ``patience`` seconds of waiting a pause raises :class:`Suspended`.

    Attributes:
        clock: Time.
        interrupted: Whether this worker was told to end.
        meanwhile: Called often with what is waited for; passes on what the job logged.
        patience: Seconds that are slept in all before the worker lets go; short queries end within them.
    """

    clock: Clock
    interrupted: Callable[[], bool] = lambda: False
    meanwhile: Callable[[Watch], None] = field(default=lambda watch: None)
    patience: float = 1.0

    def pause(self, seconds: float, watch: Watch) -> None:
        """See :meth:`Waits.pause`."""
        refuse_when_interrupted(self.interrupted, watch)
        if seconds > self.patience:
            raise Suspended(watch)
        self.patience -= seconds
        Staying(self.clock, self.interrupted, self.meanwhile).pause(seconds, watch)


def refuse_when_interrupted(interrupted: Callable[[], bool], watch: Watch) -> None:
    """Raise when this worker was told to end.

    Raises:
        Interrupted: It was.
    """
    if interrupted():
        error = Interrupted(
            f"this worker was told to end while a {watch.kind} runs",
            where=", ".join(watch.names[:10]),
            mend="nothing to do: the next try adopts what runs",
        )
        error.watch = watch
        raise error
