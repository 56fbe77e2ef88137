"""Which running trials are stopped before they end: the median rule, and Hyperband's successive halving.

A curve is what a trial has shown of its objective so far, one value for each epoch, so turned that less is
better.

Source: Amazon SageMaker Developer Guide, "Stop Training Jobs Early"; Li et al., A System for Massively
Parallel Hyperparameter Tuning (2020), the variant that stops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

Curve = Sequence[float]
ENOUGH = 4  # ended trials before the median rule judges
ETA = 3  # of those that reach a rung, one in three goes on


@dataclass
class MedianRule:
    """Stops a trial whose latest value is worse than the median of the completed ones' averages by then."""

    judged: dict[int, int] = field(default_factory=dict)

    def losers(self, running: Mapping[int, Curve], ended: Sequence[Curve]) -> list[int]:
        """The numbers of the running trials to stop; each epoch of each is judged once."""
        found = []
        curves = [curve for curve in ended if curve]
        for number, curve in running.items():
            epoch = len(curve)
            if len(curves) < ENOUGH or epoch <= self.judged.get(number, 0):
                continue
            self.judged[number] = epoch
            if curve[-1] > median(fmean(past[:epoch]) for past in curves):
                found.append(number)
        return found


@dataclass
class Halving:
    """Lets one in three of the trials that reach a rung go on to the next, three times as far.

    Attributes:
        least: Epochs before any trial is judged.
        most: Epochs a trial may take; one that goes on behind them is stopped.
    """

    least: int
    most: int
    judged: set[tuple[int, int]] = field(default_factory=set)

    def rungs(self, number: int) -> list[int]:
        """The epochs a trial is judged at: Hyperband's brackets, in turn, begin to judge later and later."""
        rungs = []
        epoch = self.least
        while epoch < self.most:
            rungs.append(epoch)
            epoch *= ETA
        return rungs[(number - 1) % len(rungs) :] if rungs else []

    def losers(self, running: Mapping[int, Curve], ended: Mapping[int, Curve]) -> list[int]:
        """The numbers of the running trials to stop; each is judged once at each of its rungs."""
        curves = {**ended, **running}
        found = []
        for number, curve in running.items():
            over = len(curve) > self.most
            if over or any(
                self._loses(number, rung, curves) for rung in self.rungs(number) if rung <= len(curve)
            ):
                found.append(number)
        return found

    def _loses(self, number: int, rung: int, curves: Mapping[int, Curve]) -> bool:
        if (number, rung) in self.judged:
            return False
        self.judged.add((number, rung))
        there = sorted(curve[rung - 1] for curve in curves.values() if len(curve) >= rung)
        return len(there) >= ETA and curves[number][rung - 1] > there[len(there) // ETA - 1]
