"""What a task remembers between its attempts, in the local endpoint's S3."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from foldline.layout import RunLayout, S3Uri
from foldline.remote.memory import Memory


@pytest.fixture
def memory(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="remembered")
    return Memory(s3, RunLayout("remembered", "flights", "run-1").memory("deploy"), "123456789012")


def test_what_was_never_noted_is_none(memory):
    """
    Nothing is there at first.
    """
    assert memory.get("before") is None


def test_the_first_note_stays(memory):
    """
    A retry gets what the first attempt noted, and makes nothing of its own.
    """
    moment = dt.datetime(2026, 11, 20, 16, 0, tzinfo=dt.UTC)
    memory.once("before", lambda: {"config": "a", "at": moment})

    assert {"config": "a", "at": moment} == memory.once("before", lambda: pytest.fail("made twice"))


def test_of_twins_one_wins(memory):
    """
    Eight at the same moment agree on one note.
    """
    notes, gate = [], threading.Barrier(8)

    def note(number: int) -> None:
        def make() -> int:
            gate.wait(10)
            return number

        notes.append(memory.once("winner", make))

    twins = [threading.Thread(target=note, args=[number]) for number in range(1, 9)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()

    assert (8, 1) == (len(notes), len(set(notes)))


def test_each_task_map_index_and_epoch_has_its_own():
    """
    A clear starts with nothing; a mapped task does not read its neighbour's notes.
    """
    layout = RunLayout("b", "p", "run")
    places = {
        str(layout.memory()),
        str(layout.memory("fit", 1)),
        str(layout.memory("fit", 2)),
        str(layout.memory("fit", 1, 2)),
    }

    assert 4 == len(places)
    assert str(S3Uri("b", "p/runs/run/memory/fit-001/2/")) in places
