"""Templates and the words for times, sizes and states; every value is escaped."""

from __future__ import annotations

import datetime as dt
import functools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent / "templates"
STYLE = (HERE / "style.css").read_bytes()
GOOD = {"Completed", "InService", "SUCCEEDED", "OK", "Created", "Active", "READY"}
BAD = {
    "Failed",
    "FAILED",
    "ALARM",
    "OutOfService",
    "UpdateRollbackFailed",
    "ERROR",
    "TIMEOUT",
    "CreateFailed",
}
ENDED = {"Stopped", "CANCELLED", "STOPPED", "INSUFFICIENT_DATA", "EXPIRED"}
STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (float("inf"), 86_400, "d"))


@functools.cache
def templates() -> Environment:
    """The templates with their filters; jinja2 is imported by the first page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ago": ago,
        "stamp": stamp,
        "span": span,
        "size": size,
        "tone": tone,
        "part": lambda text: quote(str(text), safe=""),
        "key": lambda text: quote(str(text), safe="/"),
        "pretty": lambda value: json.dumps(value, indent=2, default=str, ensure_ascii=False),
        "curve": curve,
    }
    return made


def span(seconds: float | None) -> str:
    """A duration in words: ``0.31 s``, ``4.2 min``; a dash when there is none."""
    if seconds is None:
        return "–"
    for bound, unit, word in STEPS:
        if seconds < bound:
            value = seconds / unit
            return f"{value:.2f} {word}" if value < 1 and unit == 1 else f"{value:.3g} {word}"
    raise AssertionError("the last step has no bound")


def ago(moment: float | None) -> str:
    """How long since a moment."""
    if moment is None:
        return "–"
    passed = max(0.0, time.time() - moment)
    return "just now" if passed < 2 else f"{span(float(int(passed)))} ago"


def stamp(moment: float | None) -> str:
    """A moment in full, in UTC."""
    if moment is None:
        return ""
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def size(count: float | None) -> str:
    """Bytes in words."""
    if count is None:
        return "–"
    for word in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {word}"
        count /= 1000
    return f"{count:.3g} TB"


def tone(status: str) -> str:
    """The style of a status word; the word itself is always shown too."""
    if status in GOOD:
        return "good"
    if status in BAD:
        return "bad"
    return "ended" if status in ENDED else "live"


def curve(values: Sequence[float], width: int = 480, height: int = 80) -> dict[str, Any]:
    """Points of a line through values, for an SVG of that size with a margin of 4."""
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    step = (width - 8) / max(1, len(values) - 1)
    points = [
        (round(4 + number * step, 1), round(height - 4 - (value - low) / room * (height - 8), 1))
        for number, value in enumerate(values)
    ]
    return {"width": width, "height": height, "low": low, "high": high, "points": points}
