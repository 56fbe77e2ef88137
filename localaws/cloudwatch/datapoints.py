"""Statistics of samples, and datapoints: one number for each period."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from localaws.cloudwatch.metrics import Sample
from localaws.cloudwatch.requests import invalid_value, not_implemented

SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)")
TRIMMED = re.compile(r"(?:tm|tc|ts|wm|TM|TC|TS|WM|PR)[\d(].*|IQM|iqm")


@dataclass(frozen=True)
class Grid:
    """Periods that follow each other: ``start``, ``start + period``, … (epoch seconds), ``count`` of them."""

    start: int
    period: int
    count: int

    @classmethod
    def covering(cls, start: float, end: float, period: int) -> Grid:
        """The whole periods that touch a time range."""
        first = int(start // period * period)
        return cls(first, period, max(0, -int(-(end - first) // period)))

    @property
    def end(self) -> int:
        """Where the last period ends."""
        return self.start + self.count * self.period

    @property
    def times(self) -> range:
        """The beginning of each period."""
        return range(self.start, self.end, self.period)


def check_statistic(name: str) -> None:
    """Refuse a statistic that is not one, or that is not here.

    Raises:
        AwsError: InvalidParameterValue, or NotImplemented for a trimmed statistic.
    """
    if name in SIMPLE or PERCENTILE.fullmatch(name):
        return
    if TRIMMED.fullmatch(name):
        raise not_implemented(f"the statistic {name} (only {', '.join(SIMPLE)} and percentiles such as p99)")
    raise invalid_value(f"The value {name} for the statistic is not supported.")


def statistic(samples: Sequence[Sample], name: str) -> float | None:
    """A statistic of at least one sample; None for a percentile of sets known by their summary only."""
    count = sum(sample.count for sample in samples)
    match name:
        case "SampleCount":
            return count
        case "Sum":
            return sum(sample.total for sample in samples)
        case "Average":
            return sum(sample.total for sample in samples) / count
        case "Minimum":
            return min(sample.least for sample in samples)
        case "Maximum":
            return max(sample.most for sample in samples)
    return _percentile(samples, float(name[1:]), count)


def _percentile(samples: Sequence[Sample], percent: float, count: float) -> float | None:
    """The smallest value that at least so many percent of the observations do not exceed."""
    if any(sample.least != sample.most for sample in samples):
        return None
    reached = 0.0
    for sample in sorted(samples, key=lambda sample: sample.least):
        reached += sample.count
        if reached * 100 >= percent * count:
            return sample.least
    return max(sample.most for sample in samples)


def by_period(samples: Sequence[Sample], grid: Grid) -> dict[int, list[Sample]]:
    """The samples of each period that has some, by the period's beginning."""
    found: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        place = (sample.second - grid.start) // grid.period
        if 0 <= place < grid.count and sample.count > 0:
            found[grid.start + place * grid.period].append(sample)
    return dict(sorted(found.items()))


def datapoints(samples: Sequence[Sample], grid: Grid, name: str) -> dict[int, float]:
    """A statistic for each period that has samples, by the period's beginning."""
    values = {time: statistic(found, name) for time, found in by_period(samples, grid).items()}
    return {time: value for time, value in values.items() if value is not None}
