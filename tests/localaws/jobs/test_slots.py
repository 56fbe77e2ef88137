"""The queue before the cores is first in, first out, and shares the cores out."""

from __future__ import annotations

import queue
import threading

from localaws.jobs.slots import Slots


class Job:
    """A job that runs until it is let go."""

    def __init__(self, started: queue.SimpleQueue, name: str) -> None:
        self._started = started
        self.name = name
        self.end = threading.Event()

    def __call__(self) -> None:
        self._started.put(self.name)
        self.end.wait(10)


def test_jobs_start_in_the_order_they_came():
    """
    A wide job at the head of the queue is not overtaken by a narrow one that would fit.
    """
    slots, started = Slots(2), queue.SimpleQueue()
    first, wide, narrow = (Job(started, name) for name in ("first", "wide", "narrow"))
    assert slots.submit("first", 1, first)
    assert not slots.submit("wide", 2, wide)
    assert not slots.submit("narrow", 1, narrow)
    assert "first" == started.get(timeout=5)
    assert started.empty()
    first.end.set()
    assert "wide" == started.get(timeout=5)
    wide.end.set()
    assert "narrow" == started.get(timeout=5)
    narrow.end.set()


def test_a_withdrawn_job_never_starts_and_lets_the_next_one_go():
    """
    Withdraw works on a queued job once, and not on a running one.
    """
    slots, started = Slots(2), queue.SimpleQueue()
    first, wide, narrow = (Job(started, name) for name in ("first", "wide", "narrow"))
    for width, job in ((1, first), (2, wide), (1, narrow)):
        slots.submit(job.name, width, job)
    assert (True, False, False) == (slots.withdraw("wide"), slots.withdraw("wide"), slots.withdraw("first"))
    assert {"first", "narrow"} == {started.get(timeout=5), started.get(timeout=5)}
    first.end.set()
    narrow.end.set()


def test_a_job_wider_than_the_machine_gets_all_of_it():
    """
    Ten hosts on two cores run, one job at a time.
    """
    slots, started = Slots(2), queue.SimpleQueue()
    job = Job(started, "ten")
    assert slots.submit("ten", 10, job)
    assert "ten" == started.get(timeout=5)
    job.end.set()


def test_cores_are_shared_among_those_that_run_or_wait():
    """
    Alone a job has every core; with another one waiting it has its part.
    """
    slots, started = Slots(4), queue.SimpleQueue()
    jobs = [Job(started, str(number)) for number in range(6)]
    shares = []
    for job in jobs:
        slots.submit(job.name, 1, job)
        shares.append(slots.share())
    assert [4, 2, 1, 1, 1, 1] == shares
    for job in jobs:
        job.end.set()


def test_a_closed_queue_starts_nothing():
    """
    After close a free slot stays free.
    """
    slots, started = Slots(1), queue.SimpleQueue()
    slots.close()
    assert not slots.submit("late", 1, Job(started, "late"))
    assert started.empty()


def test_held_jobs_start_by_age_when_they_are_released():
    """
    What kinds put back one after the other starts in the order it was created; a resumed job is over all slots.
    """
    slots, started = Slots(1, held=True), queue.SimpleQueue()
    young, old, running = (Job(started, name) for name in ("young", "old", "running"))
    assert not slots.submit("young", 1, young, since=2.0)
    assert not slots.submit("old", 1, old, since=1.0)
    slots.resume("running", 1, running)
    assert "running" == started.get(timeout=5)
    slots.release()
    assert started.empty()
    running.end.set()
    assert "old" == started.get(timeout=5)
    old.end.set()
    assert "young" == started.get(timeout=5)
    young.end.set()
