"""A run as it happens: on a terminal one line per task and a fold × trial grid, elsewhere plain lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from foldline.cli.board import Board, TaskState, TrialState
from foldline.report.wording import duration, score, spread

MARKS = {
    "waiting": ("○", "dim"),
    "success": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "skipped": ("–", "dim"),
}
DOTS = {"running": ("●", "cyan"), "success": ("●", "green"), "failed": ("●", "red")}
RANKS = ("red", "dark_orange", "yellow", "green3", "bold green")
"""Styles of a score by its rank, from the worst fifth to the best."""
Told = tuple[str, str, str]
"""Whom a line is about, state, detail."""


class Display:
    """Shows the events of a run on ``console``; use it as a context manager.

    On a terminal the lines are redrawn in place. Elsewhere (a pipe, a CI log, ``TERM=dumb``) each event that
    matters is one plain line: seconds since the start, task, state, detail. ``NO_COLOR`` is honoured by rich.

    Args:
        console: Where to show.
        tasks: Names of the tasks to come, in their order; they are shown as waiting.
        clock: Unix time, for the seconds of what is still running.
    """

    def __init__(
        self, console: Console, *, tasks: Sequence[str] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self.console, self.clock = console, clock
        self.board = Board({name: TaskState(name) for name in tasks})
        self.told: dict[str, Told] = {}
        self.spinner = Spinner("dots", style="cyan")
        self.live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self.live = Live(console=console, get_renderable=self.render, refresh_per_second=8)

    def __enter__(self) -> Display:
        if self.live is not None:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.stop()

    def handle(self, event: dict[str, Any]) -> None:
        """Take in one event and show it."""
        self.board.apply(event)
        if self.live is None and (told := self._news(event)):
            elapsed = max(0.0, float(event.get("at", 0.0)) - (self.board.started or 0.0))
            # a log line is never broken at 80 columns
            self.console.print(Text(plain_line(elapsed, *told)), soft_wrap=True)

    def _news(self, event: dict[str, Any]) -> Told | None:
        """What ``event`` tells that was not told: a task back from the triggerer tells it all again."""
        told = words(event)
        if told is None or self.told.get(told[0]) == told:
            return None
        self.told[told[0]] = told
        return told

    def render(self) -> RenderableType:
        """The whole display: the tasks and, once a trial has begun, the grid."""
        parts: list[RenderableType] = [self._tasks()]
        if self.board.trials:
            room = max(6, self.console.height - len(self.board.tasks) - 5)
            parts += [Text(), trial_grid(self.board, room)]
        return Group(*parts)

    def _tasks(self) -> Table:
        now = self.clock()
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True, style="dim")
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)  # alone gives way on a narrow terminal
        for task in self.board.tasks.values():
            seconds = task.seconds(now)
            mark: RenderableType = self.spinner if task.state == "running" else Text(*MARKS[task.state])
            name = Text(task.name, style="dim" if task.state == "waiting" else "bold")
            table.add_row(mark, name, duration(seconds) if seconds is not None else "", _detail(task))
        return table


def _detail(task: TaskState) -> Text:
    """The task's detail, behind one dot per instance when it is mapped."""
    first = task.detail.partition("\n")[0]
    told = Text(first, style="red" if task.state == "failed" else "")
    if not task.mapped:
        return told
    dots = Text(" ").join(Text(*DOTS[task.instances[index]]) for index in sorted(task.instances))
    return Text.assemble(dots, "  ", told)


def trial_grid(board: Board, room: int) -> Table:
    """Scores by trial and fold, the best trial marked.

    Args:
        board: The run so far.
        room: Rows there is room for: the best and the newest stay, the others are counted in the last row.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    table.add_column("  trial", justify="right")
    for fold in range(board.folds):
        table.add_column(f"fold {fold}", justify="right")
    table.add_column("mean ± sd", justify="right")
    shown = _shown(board, room)
    for trial in shown:
        best = trial.number == board.best
        cells = [_cell(board, trial, fold) for fold in range(board.folds)]
        mean = Text(spread(trial.mean, trial.sd) if trial.mean is not None else "")
        name = f"★ {trial.number}" if best else str(trial.number)
        table.add_row(Text(name), *cells, mean, style="bold" if best else "")
    if hidden := len(board.trials) - len(shown):
        table.add_row(Text(f"+{hidden}", style="dim"))
    return table


def _shown(board: Board, room: int) -> list[TrialState]:
    """The trials there is room for, by number: the best one and the newest."""
    trials = [board.trials[number] for number in sorted(board.trials)]
    if len(trials) <= room:
        return trials
    newest = trials[-(room - 2) :]
    best = [board.trials[board.best]] if board.best is not None else []
    return best + [trial for trial in newest if trial not in best]


def _cell(board: Board, trial: TrialState, fold: int) -> Text:
    value = trial.scores.get(fold)
    if value is not None:
        return Text(score(value), style=RANKS[min(4, int(5 * board.rank(value)))])
    state = trial.fits.get(fold)
    return {"running": Text("running", "cyan"), "failed": Text("failed", "bold red")}.get(
        state or "", Text("·", "dim")
    )


def plain_line(elapsed: float, name: str, state: str, detail: str) -> str:
    """A line of a log: ``12.3 s  ingest  success  328,521 rows kept``."""
    return f"{elapsed:7.1f} s  {name:<20}  {state:<7}  {detail}".rstrip()


def words(event: dict[str, Any]) -> Told | None:
    """What an event tells; None for one that needs no line, such as a fit under way."""
    match event.get("event"):
        case "run":
            return "run", str(event.get("state")), str(event.get("run_id", ""))
        case "task":
            index = int(event.get("map_index", -1))
            name = f"{event['task']}[{index}]" if index >= 0 else str(event["task"])
            return name, str(event["state"]), str(event.get("detail") or "").partition("\n")[0]
        case "trial":
            told = spread(event.get("mean"), event.get("sd")) + ("  best so far" if event.get("best") else "")
            return f"trial {event['trial']}", "success", told
        case "fit" if event.get("state") == "failed":
            return f"trial {event['trial']} fold {event.get('fold')}", "failed", ""
        case _:
            return None
