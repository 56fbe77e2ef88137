"""The gate: may the candidate go on? Read by Airflow; pure: scores in, verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from foldline.errors import DataError


@dataclass(frozen=True)
class Verdict:
    """What the gate found, with every number it used.

    Attributes:
        metric: scikit-learn's name of the metric.
        direction: ``maximize`` or ``minimize``.
        candidate: Score by fold.
        baseline: Score by fold, on the same folds.
        margin: How much better the candidate must be on average.
    """

    metric: str
    direction: str
    candidate: tuple[float, ...]
    baseline: tuple[float, ...]
    margin: float

    @property
    def differences(self) -> tuple[float, ...]:
        """By fold, how much better the candidate is; negative is worse, whatever the direction."""
        sign = 1.0 if self.direction == "maximize" else -1.0
        return tuple(
            sign * (mine - theirs) for mine, theirs in zip(self.candidate, self.baseline, strict=True)
        )

    @property
    def passed(self) -> bool:
        """Whether the mean difference reaches the margin."""
        return fmean(self.differences) >= self.margin

    def evidence(self) -> dict[str, Any]:
        """The verdict as the run record keeps it."""
        return {
            "metric": self.metric,
            "direction": self.direction,
            "candidate": summary(self.candidate),
            "baseline": summary(self.baseline),
            "differences": list(self.differences),
            "mean_difference": fmean(self.differences),
            "sd_difference": spread(self.differences),
            "margin": self.margin,
            "passed": self.passed,
        }

    def sentence(self) -> str:
        """The verdict for people."""
        mine, theirs = summary(self.candidate), summary(self.baseline)
        return (
            f"{self.metric} {mine['mean']:.4f} ± {mine['sd']:.4f} "
            f"against {theirs['mean']:.4f} ± {theirs['sd']:.4f}: "
            f"better by {fmean(self.differences):.4f} on average, {self.margin:.4f} asked"
        )


def compared(
    candidate: Sequence[float], baseline: Sequence[float], *, metric: str, direction: str, margin: float
) -> Verdict:
    """The candidate against the baseline, fold by fold.

    Raises:
        DataError: They were not scored on the same number of folds.
    """
    if len(candidate) != len(baseline) or not candidate:
        raise DataError(
            f"the gate needs scores on the same folds, got {len(candidate)} and {len(baseline)}",
            mend="clear the cross-validation and tuning tasks of this run",
        )
    return Verdict(metric, direction, tuple(candidate), tuple(baseline), margin)


def spread(values: Sequence[float]) -> float:
    """Sample standard deviation; 0 for one value."""
    return stdev(values) if len(values) > 1 else 0.0


def summary(scores: Sequence[float]) -> dict[str, Any]:
    """Scores with their mean and sample standard deviation."""
    return {"scores": list(scores), "mean": fmean(scores), "sd": spread(scores)}
