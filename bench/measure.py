"""What the measurements share: medians, ratios, and the rows of the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One line of the page.

    Attributes:
        what: What was measured.
        figure: The measured value with its unit.
        beside: What it is held against, measured in the same run.
        ratio: Figure over beside, where both are times.
        goal: What is asked, as text.
        met: Whether it is reached; None when nothing is asked.
    """

    what: str
    figure: str
    beside: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alternated(first: Callable[[], object], second: Callable[[], object], times: int) -> tuple[float, float]:
    """Median seconds of two pieces of work, run in turn so that both meet the same machine."""
    pairs = [(seconds(first), seconds(second)) for _ in range(times)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
