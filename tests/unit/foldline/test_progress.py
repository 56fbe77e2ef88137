"""Progress events: appended by many processes, followed by one display."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest

from foldline.progress import emit, follow


@pytest.fixture
def events(tmp_path, monkeypatch):
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv("FOLDLINE_EVENTS", str(path))
    return path


def ended() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def test_an_event_is_one_line(events):
    """
    One event is one JSON line with its own fields and the time.
    """
    emit(
        "task", task="ingest", map_index=-1, state="success", detail="328,521 rows kept\nof 336,776 · ≥ 97 %"
    )
    (line,) = events.read_text().splitlines()
    event = json.loads(line)
    assert event.pop("at") > 1_700_000_000
    assert {
        "event": "task",
        "task": "ingest",
        "map_index": -1,
        "state": "success",
        "detail": "328,521 rows kept\nof 336,776 · ≥ 97 %",
    } == event


def test_without_a_file_nothing_happens(tmp_path, monkeypatch):
    """
    On a worker nobody watches, emitting costs nothing and leaves nothing.
    """
    monkeypatch.delenv("FOLDLINE_EVENTS", raising=False)
    monkeypatch.chdir(tmp_path)
    emit("run", state="running", run_id="r")
    assert [] == list(tmp_path.iterdir())


def test_a_removed_folder_does_not_fail_the_task(tmp_path, monkeypatch):
    """
    A display that went away with its folder cannot fail the task that reports to it.
    """
    monkeypatch.setenv("FOLDLINE_EVENTS", str(tmp_path / "gone" / "events.jsonl"))
    emit("run", state="running", run_id="r")
    assert not (tmp_path / "gone").exists()


def test_lines_of_many_processes_do_not_mix(events):
    """
    Four processes append 200 events each; all 800 arrive whole.
    """
    program = "import sys; from foldline.progress import emit\nfor n in range(200): emit('fit', trial=int(sys.argv[1]), fold=n, note='x' * 400)"
    writers = [subprocess.Popen([sys.executable, "-c", program, str(trial)]) for trial in range(4)]
    assert [0, 0, 0, 0] == [writer.wait() for writer in writers]
    seen = {(event["trial"], event["fold"]) for event in follow(events, ended())}
    assert {(trial, fold) for trial in range(4) for fold in range(200)} == seen


def test_follow_sees_what_comes_later(events):
    """
    A follower that started before the file exists yields events as they come and ends when told.
    """
    stop, first, seen = threading.Event(), threading.Event(), []

    def watch():
        for event in follow(events, stop):
            seen.append(event["run_id"])
            first.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    emit("run", state="running", run_id="a")
    assert first.wait(10)
    emit("run", state="success", run_id="b")
    stop.set()
    watcher.join(10)
    assert ["a", "b"] == seen


def test_torn_lines_are_passed_over(events):
    """
    A line that a full disk cut short, or one without its newline yet, hides no other event.
    """
    events.write_text(
        '{"event": "run", "run_id": "a"}\n{"event": "ru\n[1]\n{"event": "run", "run_id": "b"}\n{"event": "r'
    )
    assert ["a", "b"] == [event["run_id"] for event in follow(events, ended())]
