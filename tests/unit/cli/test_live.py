"""The live display: redrawn lines and a grid on a terminal, plain lines everywhere else."""

from __future__ import annotations

import io
import json
import threading

import pytest
from rich.console import Console

from foldline.cli.board import Board
from foldline.cli.live import Display
from foldline.progress import emit, follow


def event(at: float, name: str, **fields) -> dict:
    return {"event": name, "at": 1000.0 + at, **fields}


EVENTS = [
    event(0, "run", state="running", run_id="manual-1"),
    event(0.5, "task", task="ingest", map_index=-1, state="running"),
    event(12.3, "task", task="ingest", map_index=-1, state="success", detail="328,521 rows kept of 336,776"),
    event(13, "task", task="cross_validation", map_index=0, state="running"),
    event(13, "task", task="cross_validation", map_index=1, state="running"),
    event(14, "task", task="cross_validation", map_index=1, state="success", detail="roc_auc 0.6591"),
    event(15, "fit", task="cross_validation", trial=None, fold=0, state="running", score=None),
    event(20, "task", task="tuning", map_index=-1, state="running"),
    event(21, "fit", task="tuning", trial=0, fold=0, state="running", score=None),
    event(21, "fit", task="tuning", trial=0, fold=1, state="running", score=None),
    event(23, "fit", task="tuning", trial=0, fold=0, state="done", score=0.71),
    event(23, "fit", task="tuning", trial=0, fold=1, state="done", score=0.73),
    event(23, "trial", trial=0, mean=0.72, sd=0.0141, best=True),
    event(24, "fit", task="tuning", trial=1, fold=0, state="done", score=0.75),
    event(24, "fit", task="tuning", trial=1, fold=1, state="failed", score=None),
]


def terminal(**options) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        width=100,
        height=40,
        **{"color_system": "standard", **options},
    )


def shown(console: Console, *events: dict, tasks=(), now: float = 1030.0) -> str:
    with Display(console, tasks=tasks, clock=lambda: now) as display:
        for one in events:
            display.handle(one)
    return console.file.getvalue()


def last_frame(text: str) -> list[str]:
    """The lines that stay on the screen, without the codes that move and hide the cursor."""
    frame = text.rpartition("\x1b[2K")[2].replace("\x1b[?25l", "").replace("\x1b[?25h", "")
    return [line.rstrip() for line in frame.rstrip("\n").splitlines()]


def test_plain_lines():
    """
    In a pipe every event that matters is one line without a single control code; fits under way are silent.
    """
    console = Console(file=io.StringIO(), width=40)
    assert [
        "    0.0 s  run                   running  manual-1",
        "    0.5 s  ingest                running",
        "   12.3 s  ingest                success  328,521 rows kept of 336,776",
        "   13.0 s  cross_validation[0]   running",
        "   13.0 s  cross_validation[1]   running",
        "   14.0 s  cross_validation[1]   success  roc_auc 0.6591",
        "   20.0 s  tuning                running",
        "   23.0 s  trial 0               success  0.7200 ± 0.0141  best so far",
        "   24.0 s  trial 1 fold 1        failed",
    ] == shown(console, *EVENTS).splitlines()


def test_what_was_told_is_not_told_again():
    """
    A task that comes back from the triggerer runs from its start; its lines appear once, a retry's again.
    """
    running = {"event": "task", "task": "tuning", "state": "running", "at": 1.0}
    trial = {"event": "trial", "trial": 0, "mean": 0.72, "sd": 0.01, "at": 2.0}
    failed = {**running, "state": "failed", "at": 3.0}
    console = Console(file=io.StringIO(), width=40)
    assert ["running", "success", "failed", "running"] == [
        line.split()[-1] if "trial" not in line else "success"
        for line in shown(
            console, running, trial, running, trial, failed, {**running, "at": 4.0}
        ).splitlines()
    ]


def test_dumb_terminal_gets_plain_lines():
    """
    A terminal that cannot move its cursor is treated as a pipe.
    """
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert "\x1b" not in shown(console, *EVENTS)


def test_terminal_shows_each_task_on_one_line():
    """
    Finished, running and waiting tasks each have one line with mark, seconds and detail; mapped ones a dot each.
    """
    frame = last_frame(
        shown(
            terminal(no_color=True, color_system=None),
            *EVENTS,
            tasks=["ingest", "cross_validation", "tuning", "gate"],
        )
    )
    lines = [line for line in frame if line]
    assert lines[0].startswith("✓  ingest ")
    assert lines[0].endswith("12 s  328,521 rows kept of 336,776")
    assert lines[1].endswith("17 s  ● ●  roc_auc 0.6591")
    assert lines[2].endswith("10 s")
    assert "○  gate" == lines[3]


def test_grid_of_folds_and_trials():
    """
    While trials run, a grid holds each fold's score, the mean with its spread, and a star at the best.
    """
    frame = last_frame(shown(terminal(color_system=None), *EVENTS))
    rows = [line.split() for line in frame[-3:]]
    assert [
        ["trial", "fold", "0", "fold", "1", "mean", "±", "sd"],
        ["★", "0", "0.7100", "0.7300", "0.7200", "±", "0.0141"],
        ["1", "0.7500", "failed"],
    ] == rows


def test_scores_are_coloured_by_rank():
    """
    The best score is bold green, the worst red.
    """
    text = shown(terminal(), *EVENTS)
    assert "\x1b[1;32m0.7500" in text
    assert "\x1b[1;31m0.7100" in text  # bold: it is in the best trial's row


def test_no_color_is_honoured(monkeypatch):
    """
    With NO_COLOR set, a terminal gets no colour code.
    """
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(terminal(), *EVENTS)
    codes = {
        code
        for part in text.split("\x1b[")[1:]
        for code in part.partition("m")[0].split(";")
        if code.isdigit()
    }
    assert set() == codes & {str(code) for code in [*range(30, 38), *range(90, 98)]}


def test_many_trials_fit_the_window():
    """
    Of two hundred trials the newest and the best are shown, the others are counted.
    """
    fits = [
        event(n, "fit", task="tuning", trial=n, fold=0, state="done", score=0.5 + n / 1000)
        for n in range(200)
    ]
    best = event(200, "trial", trial=3, mean=0.9, sd=0.0, best=True)
    frame = last_frame(shown(terminal(color_system=None), *fits, best))
    assert len(frame) < 40
    assert ["★", "3", "0.5030", "0.9000", "±", "0.0000"] in [line.split() for line in frame]
    assert "199" == frame[-2].split()[0]
    assert "+166" == frame[-1].strip()


def test_lower_scores_rank_first_when_minimized():
    """
    For a loss, which the fits name as minimized, the lowest score is the best.
    """
    board = Board()
    for fold, score in enumerate((0.3, 0.4, 0.5)):
        board.apply(event(0, "fit", trial=0, fold=fold, state="done", score=score, direction="minimize"))
    assert [1.0, 0.5, 0.0] == [board.rank(score) for score in (0.3, 0.4, 0.5)]


@pytest.mark.parametrize(
    ("states", "told"),
    [(["success", "running"], "running"), (["success", "failed"], "failed"), (["success"], "success")],
)
def test_state_of_a_mapped_task(states, told):
    """
    A mapped task runs while any instance does, and failed when any has.
    """
    board = Board()
    for index, state in enumerate(states):
        board.apply(event(1, "task", task="fit", map_index=index, state=state))
    assert told == board.tasks["fit"].state


def test_a_retried_task_runs_again():
    """
    A task that failed and started again counts from its first start, and its end is forgotten.
    """
    board = Board()
    for at, state in ((1, "running"), (2, "failed"), (5, "running")):
        board.apply(event(at, "task", task="ingest", map_index=-1, state=state))
    assert ("running", 9.0) == (board.tasks["ingest"].state, board.tasks["ingest"].seconds(1010.0))


def test_unknown_events_change_nothing():
    """
    A newer operator's event does not disturb an older display.
    """
    assert "" == shown(Console(file=io.StringIO()), event(0, "weather", sun=True))


def test_events_travel_from_emit_to_the_display(tmp_path, monkeypatch):
    """
    What an operator emits arrives on the display through the file.
    """
    monkeypatch.setenv("FOLDLINE_EVENTS", str(tmp_path / "events.jsonl"))
    emit("task", task="ingest", map_index=-1, state="success", detail="10 rows kept")
    stop = threading.Event()
    stop.set()
    (line,) = shown(Console(file=io.StringIO()), *follow(tmp_path / "events.jsonl", stop)).splitlines()
    assert "    0.0 s  ingest                success  10 rows kept" == line
    assert json.loads((tmp_path / "events.jsonl").read_text())["detail"] == "10 rows kept"


def test_a_long_detail_leaves_names_and_marks_whole() -> None:
    """
    On 80 columns only the detail gives way.
    """
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=40, color_system=None)
    done = event(9, "task", task="cross_validation", map_index=-1, state="success", detail="x" * 200)

    lines = last_frame(shown(console, done))

    (line,) = [line for line in lines if "cross_validation" in line]
    assert line.startswith("✓")
    assert line.endswith("…")
