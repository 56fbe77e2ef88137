"""When every task ran, and its jobs inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foldline.report.plots.canvas import BAD, CANDIDATE, INK, MUTED, WHOLE, beside, svg
from foldline.report.wording import duration, instant
from foldline.runs import JobRecord, TaskRecord


@dataclass(frozen=True)
class Bar:
    """One task on the time axis, in seconds from the start of the run; mapped tasks share one bar."""

    name: str
    start: float
    end: float
    failed: bool
    jobs: tuple[tuple[float, float, int], ...]
    lanes: int


def bars(tasks: list[TaskRecord]) -> list[Bar]:
    """The tasks in the order they started; each job has a lane, so that parallel jobs do not overlap."""
    starts = {id(task): found.timestamp() for task in tasks if (found := instant(task.started))}
    if not starts:
        return []
    origin = min(starts.values())
    groups: dict[str, list[TaskRecord]] = {}
    for task in sorted((task for task in tasks if id(task) in starts), key=lambda task: starts[id(task)]):
        groups.setdefault(task.task_id, []).append(task)
    made = []
    for name, members in groups.items():
        jobs, lanes = _lanes([job for task in members for job in task.jobs], origin)
        start = min(starts[id(task)] for task in members) - origin
        end = max(starts[id(task)] + task.seconds for task in members) - origin
        made.append(Bar(name, start, end, any(task.state == "failed" for task in members), jobs, lanes))
    return made


def _lanes(jobs: list[JobRecord], origin: float) -> tuple[tuple[tuple[float, float, int], ...], int]:
    """(start, seconds, lane) of every job whose start is known: each in the first lane that is free."""
    free: list[float] = []
    placed = []
    known = [(found.timestamp() - origin, job.seconds) for job in jobs if (found := instant(job.started))]
    for start, seconds in sorted(known):
        lane = next((lane for lane, until in enumerate(free) if until <= start + 1e-9), len(free))
        free[lane : lane + 1] = [start + seconds]
        placed.append((start, seconds, lane))
    return tuple(placed), len(free)


def timeline(tasks: list[TaskRecord]) -> str:
    """A Gantt chart of the tasks, with their jobs as thin lines below each bar; empty without times."""
    rows = bars(tasks)
    if not rows:
        return ""
    total = max([0.001, *(bar.end for bar in rows)])
    heights = [1.0 + 0.24 * bar.lanes for bar in rows]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        tops = [sum(heights[:index]) for index in range(len(rows))]
        for bar, top in zip(rows, tops, strict=True):
            colour = BAD if bar.failed else CANDIDATE
            width = max(bar.end - bar.start, 0.003 * total)
            axes.barh(top + 0.5, width, left=bar.start, height=0.52, color=colour, alpha=0.88)
            left = bar.end > 0.88 * total  # on the side where there is room
            edge, told = bar.start if left else bar.start + width, duration(bar.end - bar.start)
            beside(axes, edge, top + 0.5, told, left=left, color=MUTED, fontsize=10)
            for start, seconds, lane in bar.jobs:
                axes.barh(top + 0.9 + 0.24 * lane, max(seconds, 0.002 * total), left=start, height=0.17,
                          color=colour, alpha=0.45)  # fmt: skip
        axes.set_yticks([top + 0.5 for top in tops], [bar.name for bar in rows], color=INK)
        axes.set_ylim(sum(heights) + 0.1, -0.1)
        axes.set_xlim(-0.005 * total, total * 1.005)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("seconds from the start of the first task")

    label = "Timeline of the tasks: " + ", ".join(f"{b.name} {duration(b.end - b.start)}" for b in rows)
    return svg("timeline", label, WHOLE, int(60 + 24 * sum(heights)), draw)
