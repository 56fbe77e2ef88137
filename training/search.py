"""The search over a space: ask for trials, tell their scores. Read by Airflow; pure but for Optuna's sampler.

Trials are asked in batches and told in their order, so a study that is run again asks the same trials again:
a killed tuning task finds its jobs by name and goes on where it was, with no storage of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

from foldline.trials import Dimension, Space, Trial, Value

STARTUP_TRIALS = 4
"""Random trials before the TPE sampler models the space."""


@dataclass(frozen=True)
class Scored:
    """A trial with its score on every fold.

    Attributes:
        trial: The hyperparameters.
        scores: One validation score per fold.
    """

    trial: Trial
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the folds: what selection looks at."""
        return fmean(self.scores)

    @property
    def sd(self) -> float:
        """Sample standard deviation over the folds; 0 for one fold."""
        return stdev(self.scores) if len(self.scores) > 1 else 0.0


@dataclass
class Study:
    """A seeded search that always asks the same trials for the same scores.

    Attributes:
        space: Where trials come from.
        sampler: ``tpe`` or ``random``.
        direction: ``maximize`` or ``minimize``.
        seed: Seed of the sampler.
    """

    space: Space
    sampler: str
    direction: str
    seed: int
    scored: list[Scored] = field(default_factory=list)

    def __post_init__(self) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        samplers = optuna.samplers
        sampler = (
            samplers.TPESampler(seed=self.seed, n_startup_trials=STARTUP_TRIALS, constant_liar=True)
            if self.sampler == "tpe"
            else samplers.RandomSampler(seed=self.seed)
        )
        self._study = optuna.create_study(direction=self.direction, sampler=sampler)
        self._open: dict[int, Any] = {}

    def ask(self, count: int) -> list[Trial]:
        """The next ``count`` trials."""
        asked = []
        for _ in range(count):
            trial = self._study.ask()
            self._open[trial.number] = trial
            values = {dimension.name: suggestion(trial, dimension) for dimension in self.space.dimensions}
            asked.append(Trial(trial.number, values))
        return asked

    def tell(self, trial: Trial, scores: Sequence[float]) -> Scored:
        """The trial with its fold scores, which the sampler learns from as their mean."""
        scored = Scored(trial, tuple(scores))
        self._study.tell(self._open.pop(trial.number), scored.mean)
        self.scored.append(scored)
        return scored

    def best(self) -> Scored:
        """The trial with the best mean; the earlier one of two equals."""
        sign = 1 if self.direction == "maximize" else -1
        return max(self.scored, key=lambda scored: (sign * scored.mean, -scored.trial.number))


def suggestion(trial: Any, dimension: Dimension) -> Value:
    """The value Optuna's ``trial`` takes on one dimension."""
    name = dimension.name
    if dimension.kind == "categorical":
        return trial.suggest_categorical(name, list(dimension.choices))  # type: ignore[no-any-return]
    if dimension.kind == "int":
        low, high = int(dimension.low), int(dimension.high)
        return int(trial.suggest_int(name, low, high, log=dimension.log))
    # Twelve digits say enough, and survive JSON, job names and another machine's printf unchanged.
    return float(f"{trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log):.12g}")
