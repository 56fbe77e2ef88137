"""How time passes between two looks: in a worker that stays, in one that lets go."""

from __future__ import annotations

import pytest

from foldline.waiting import Deferring, Interrupted, Staying, Suspended, Watch
from tests.unit.foldline.fakes import FakeClock

WATCH = Watch("training", ("one", "two"), 3600.0, "any")


def test_a_watch_survives_its_document():
    """
    What a trigger stores is what it gets back.
    """
    assert WATCH == Watch.parse(WATCH.document())


class TestStaying:
    def test_a_pause_sleeps_in_slices(self):
        """
        Two seconds pass, and no single sleep is longer than half of one: SIGTERM is heard in time.
        """
        clock = FakeClock()

        Staying(clock).pause(2.0, WATCH)

        assert pytest.approx(2.0) == clock.now
        assert max(clock.sleeps) <= 0.5

    def test_a_pause_ends_when_the_worker_is_told_to(self):
        """
        Told after one second of thirty, the worker says so after one, and names what runs on.
        """
        clock = FakeClock()

        with pytest.raises(Interrupted, match="one, two"):
            Staying(clock, lambda: clock.now >= 1.0).pause(30.0, WATCH)
        assert pytest.approx(1.0) == clock.now

    def test_each_pause_lets_others_look(self):
        """
        Whoever follows the job's log is called with what is waited for.
        """
        seen = []

        Staying(FakeClock(), meanwhile=seen.append).pause(0.0, WATCH)

        assert [WATCH] == seen


class TestDeferring:
    def test_a_long_pause_is_handed_over_at_once(self):
        """
        No second of a worker slot is spent on a pause that is longer than the patience.
        """
        clock = FakeClock()

        with pytest.raises(Suspended) as caught:
            Deferring(clock).pause(30.0, WATCH)
        assert (WATCH, 0.0) == (caught.value.watch, clock.now)

    def test_short_pauses_are_slept_until_the_patience_is_spent(self):
        """
        A query that ends within a second never leaves its worker.
        """
        clock = FakeClock()
        waits = Deferring(clock, patience=1.0)
        waits.pause(0.4, WATCH)
        waits.pause(0.5, WATCH)

        with pytest.raises(Suspended):
            waits.pause(0.4, WATCH)
        assert pytest.approx(0.9) == clock.now

    def test_no_handler_of_errors_catches_a_hand_over(self):
        """
        It is no Exception: an ``except Exception`` on the way lets it pass.
        """
        assert not issubclass(Suspended, Exception)

    def test_a_worker_told_to_end_does_not_hand_over(self):
        """
        Killed before it let go, the task is retried instead.
        """
        with pytest.raises(Interrupted):
            Deferring(FakeClock(), lambda: True).pause(30.0, WATCH)
