"""A poller's thread: there while somebody waits, and never gone without a word."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from foldline.remote.calls import Backoff, SystemClock
from foldline.remote.polling.poller import Poller
from foldline.remote.polling.pollers import Pollers, PollerThread

SOON = Backoff(0.01, 0.02)
SECONDS = 10.0


class Ended:
    """A client that says of each job that it is over."""

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        return {"TrainingJobStatus": "Completed"}


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "poller-training"]


def test_the_thread_comes_and_goes_with_those_who_wait() -> None:
    """
    An idle triggerer has no thread of ours; the next wait starts one again.
    """
    poller = PollerThread(Poller("training", Ended, SystemClock(), SOON))
    for _ in range(2):
        fired = threading.Event()
        poller.add(("a",), "all", fired.set)
        assert fired.wait(SECONDS)
        for thread in threads():
            thread.join(SECONDS)
        assert [] == threads()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_breaks_fires_all_who_wait() -> None:
    """
    A fault of our own delays nobody for hours: each worker looks for itself.
    """

    class Broken(Poller):
        def step(self) -> float:
            raise RuntimeError("a fault of ours")

    first, second = threading.Event(), threading.Event()
    poller = PollerThread(Broken("training", Ended, SystemClock(), SOON))
    poller.add(("a", "b"), "all", first.set)
    poller.add(("a",), "all", second.set)

    assert first.wait(SECONDS)
    assert second.wait(SECONDS)
    for thread in threads():
        thread.join(SECONDS)


def test_equal_doors_share_a_poller_and_a_client() -> None:
    """
    Two tasks of one environment cost one thread; another kind, another account or another pace has its own.
    """
    pollers, made = Pollers(), list[str]()

    def connect() -> str:
        made.append("client")
        return made[-1]

    one = pollers.of("door", "training", SOON, connect)
    assert one is pollers.of("door", "training", Backoff(0.01, 0.02), connect)
    assert one is not pollers.of("door", "processing", SOON, connect)
    assert one.poller.bucket is pollers.of("door", "processing", SOON, connect).poller.bucket
    assert one is not pollers.of("other", "training", SOON, connect)
    assert pollers.client("door", "logs", connect) == pollers.client("door", "logs", connect)
    assert ["client"] == made
