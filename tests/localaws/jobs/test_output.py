"""A program's output becomes the events of its stream, each line once, however it is read and by however many."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localaws.jobs.follower import Follower
from localaws.jobs.loglines import MAX_LINE, LogLines
from localaws.logstore import END, START, LogStore

OUTPUT = st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b" ", b"\xc3", b"\xa9", b"x" * 70_000]), max_size=12)


@pytest.fixture
def logs(tmp_path) -> LogStore:
    """A store of logs."""
    return LogStore(tmp_path / "logs.db")


def messages(logs: LogStore, stream: str) -> list[str]:
    """The lines of a stream."""
    found = logs.stream("group", stream)
    return [event.message for event in logs.events_after(found.number, START, END, 1000)] if found else []


def heard(pieces: list[bytes], logs: LogStore) -> list[str]:
    """The lines an observer hears of an output that comes in pieces."""
    lines: list[str] = []
    reader = LogLines(logs, "group", "heard", lambda line, moment: lines.append(line))
    for piece in pieces:
        reader.take(piece)
    reader.finish()
    return lines


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(pieces=OUTPUT)
def test_pieces_make_no_difference(pieces, logs):
    """
    However the output is cut, its lines are the same; so a number of events tells how far it was read.
    """
    whole = b"".join(pieces)
    assert heard([whole], logs) == heard(pieces, logs) == heard([whole[:5], whole[5:]], logs)


def test_lines_longer_than_an_event_are_cut(logs):
    """
    A line of two and a half events is three events.
    """
    line = b"x" * (MAX_LINE * 5 // 2)
    assert [MAX_LINE, MAX_LINE, MAX_LINE // 2] == [len(text) for text in heard([line + b"\n"], logs)]


def test_a_second_follower_goes_on_where_the_first_was_killed(logs, tmp_path):
    """
    It stores what the stream lacks, hears every line, and can tell the new ones by their time.
    """
    path = tmp_path / "out"
    path.write_bytes(b"one\ntwo\nthr")
    first = Follower(path, logs, "group", "stream")
    assert (True, False) == (first.read(), first.read())
    with path.open("ab") as file:
        file.write(b"ee\nfour")
    lines: list[tuple[str, bool]] = []
    second = Follower(
        path, logs, "group", "stream", lambda line, moment: lines.append((line, moment is not None))
    )
    second.finish()
    assert [("one", False), ("two", False), ("three", True), ("four", True)] == lines
    assert ["one", "two", "three", "four"] == messages(logs, "stream")
    assert ("one", "two", "three", "four") == second.tail


def test_a_program_without_output_has_a_stream(logs, tmp_path):
    """
    The stream is there and empty; a file that never came is no fault.
    """
    Follower(tmp_path / "none", logs, "group", "silent").finish()
    assert logs.stream("group", "silent") is not None
    assert [] == messages(logs, "silent")
