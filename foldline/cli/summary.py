"""The short table at the end of a run: what it came to, in seven lines, from the run record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from foldline.report.headline import holdout, tiles
from foldline.report.verdict import verdict
from foldline.report.wording import is_number, plain, score
from foldline.runs import RunRecord, Scores

STYLES = {"good": "bold green", "stopped": "bold yellow", "unfinished": "bold yellow", "failed": "bold red"}
FEATURES = 5
"""Features told beside the prediction."""


def print_summary(console: Console, run: RunRecord, report_path: str | Path) -> None:
    """Print the summary: a coloured table on a terminal, elsewhere plain lines that are never broken."""
    if console.is_terminal:
        console.print(summary_table(run))
        path = Text.assemble(("Report  ", "dim"), (str(report_path), "bold"))
        console.print(path, soft_wrap=True)  # a path is copied or clicked: it is never broken
        return
    told = verdict(run)
    lines = _lines(run, report_path)
    widths = [max(len(line[column]) for line in lines[:-1]) for column in (0, 1)]  # the report's path is long
    console.print(Text(f"{told.title}. {told.reason}".strip()), soft_wrap=True)
    for name, value, context in lines:
        console.print(Text(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {context}".rstrip()), soft_wrap=True)


def summary_table(run: RunRecord) -> RenderableType:
    """The verdict, and a table of name, value and context; the report's path is not in it.

    Args:
        run: The run.
    """
    told = verdict(run)
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold", overflow="fold")
    table.add_column(style="dim", overflow="fold")
    for name, value, context in _lines(run, "")[:-1]:
        table.add_row(name, Text(value), Text(context))
    title = Text(told.title, style=STYLES[told.state])
    return Group(Text(), title, *([Text(told.reason)] if told.reason else []), Text(), table)


def _lines(run: RunRecord, report_path: str | Path) -> list[tuple[str, str, str]]:
    lines = [(tile.name, f"{tile.value} {tile.more}".strip(), tile.context) for tile in tiles(run)]
    example = run.evidence("deploy").get("example") or {}
    if example:
        lines.append(("One prediction", score(example.get("prediction")), few_features(example)))
    return [*lines, ("Report", str(report_path), "")]


def few_features(example: dict[str, Any]) -> str:
    """A few features of the record that was answered, words before numbers, none that is missing."""
    features = {
        name: value for name, value in (example.get("features") or {}).items() if value not in (None, "")
    }
    words = [name for name, value in features.items() if not is_number(value)]
    chosen = [*words, *(name for name in features if name not in words)][:FEATURES]
    return ", ".join(f"{name} {plain(features[name])}" for name in chosen)


def summary_dict(run: RunRecord, report_path: str | Path) -> dict[str, Any]:
    """The same summary for programs (``--output json``); what the run never reached is null."""
    told, best, deploy = verdict(run), run.best_trial(), run.evidence("deploy")
    return {
        "pipeline": run.pipeline,
        "run_id": run.run_id,
        "environment": run.environment,
        "state": told.state,
        "title": told.title,
        "reason": told.reason,
        "seconds": run.seconds,
        "best_trial": best["number"] if best else None,
        "cross_validation": _scores(run.candidate()),
        "baseline": _scores(run.baseline()),
        "holdout": holdout(run) if holdout(run)["score"] is not None else None,
        "jobs": {"count": len(run.jobs), "seconds": round(sum(job.seconds for job in run.jobs), 3)},
        "endpoint": deploy.get("endpoint"),
        "example": deploy.get("example"),
        "report": str(report_path),
    }


def _scores(scores: Scores | None) -> dict[str, Any] | None:
    if scores is None:
        return None
    return {"metric": scores.metric, "mean": scores.mean, "sd": scores.sd, "by_fold": list(scores.by_fold)}
