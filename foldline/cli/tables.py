"""Tables on a terminal, and as one line a row in a pipe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 4000
GOOD = {"Completed", "InService", "SUCCEEDED"}
BAD = {"Failed", "FAILED", "ERROR", "TIMEOUT"}


def print_table(header: Iterable[str], rows: Iterable[Sequence[str | None]]) -> None:
    """Print rows below their titles; what ended well is green, what did not red."""
    table = Table(box=box.SIMPLE, pad_edge=False, header_style="bold")
    for title in header:
        table.add_column(Text(title), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(cell) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:  # for a pipe: a row is a line
        console = Console(highlight=False, width=PIPE_WIDTH)
    console.print(table)


def _cell(value: str | None) -> Text:
    if value is None:
        return Text("null", style="dim")
    return Text(value, style="green" if value in GOOD else "red" if value in BAD else "")


def shown_time(moment: float | None) -> str:
    """A Unix time as a person reads it, in local time; empty when there is none."""
    if moment is None:
        return ""
    return dt.datetime.fromtimestamp(moment).isoformat(sep=" ", timespec="seconds")


def shown_seconds(seconds: float | None) -> str:
    """A duration; empty when there is none."""
    return "" if seconds is None else f"{seconds:.2f} s"
