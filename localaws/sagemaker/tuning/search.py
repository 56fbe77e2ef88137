"""What one tuning job does next: which trial it starts, and which it stops. Decides, and does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from localaws.logstore import LogStore
from localaws.sagemaker.tuning.bayesian import bayesian_proposal
from localaws.sagemaker.tuning.curves import Curve
from localaws.sagemaker.tuning.early_stopping import Halving, MedianRule
from localaws.sagemaker.tuning.plan import Plan
from localaws.sagemaker.tuning.proposals import Past, grid_proposal, random_proposal
from localaws.sagemaker.tuning.space import Configuration
from localaws.sagemaker.tuning.trials import Trial


@dataclass(frozen=True)
class Next:
    """A trial to start."""

    number: int
    definition: int
    tuned: Configuration


@dataclass
class Search:
    """The decisions of one tuning job.

    Attributes:
        plan: What it was asked for.
        seed: Of everything left to chance.
        inherited: What its parents tried.
    """

    plan: Plan
    seed: int
    inherited: list[Past]
    logs: LogStore
    _curves: dict[int, Curve] = field(default_factory=dict)
    _median: MedianRule = field(default_factory=MedianRule)
    _halving: Halving = field(init=False)

    def __post_init__(self) -> None:
        self._halving = Halving(*self.plan.epochs)

    def next_trial(self, trials: list[Trial]) -> Next | None:
        """The trial to start now; None when enough run or there is none left."""
        running, number = sum(not trial.ended for trial in trials), len(trials) + 1
        full = self.plan.total is not None and number > self.plan.total
        if full or running >= self.plan.parallel:
            return None
        if self.plan.strategy == "Grid":
            return self._next_of_grid(number)
        count = len(self.plan.definitions)
        for turn in range(count):  # in turn; one whose combinations are all tried is passed over
            definition = (number - 1 + turn) % count
            tuned = self._proposal(definition, number, trials)
            if tuned is not None:
                return Next(number, definition, tuned)
        return None

    def losers(self, trials: list[Trial]) -> list[Trial]:
        """The running trials to stop because they fall behind."""
        if not self.plan.watches:
            return []
        running = {trial.number: self._curve(trial) for trial in trials if trial.status == "InProgress"}
        ended = {trial.number: self._curve(trial) for trial in trials if trial.ended}
        if self.plan.strategy == "Hyperband":
            numbers = self._halving.losers(running, ended)
        else:
            completed = [ended[trial.number] for trial in trials if trial.status == "Completed"]
            numbers = self._median.losers(running, completed)
        return [trial for trial in trials if trial.number in numbers]

    def _next_of_grid(self, number: int) -> Next | None:
        """The grids of the definitions, one after the other."""
        position = number - 1
        for index, definition in enumerate(self.plan.definitions):
            tuned = grid_proposal(definition.space, position)
            if tuned is not None:
                return Next(number, index, tuned)
            position -= definition.space.count or 0
        return None

    def _proposal(self, definition: int, number: int, trials: list[Trial]) -> Configuration | None:
        chosen = self.plan.definitions[definition]
        own = [
            Past(
                trial.tuned,
                None if trial.value is None else chosen.objective.loss(trial.value),
                running=not trial.ended,
            )
            for trial in trials
            if trial.definition == definition
        ]
        propose = bayesian_proposal if self.plan.strategy == "Bayesian" else random_proposal
        return propose(chosen.space, self.seed, number, [*self.inherited, *own])

    def _curve(self, trial: Trial) -> list[float]:
        """What a trial has shown of its objective, less is better."""
        definition = self.plan.definitions[trial.definition]
        if trial.number not in self._curves:
            self._curves[trial.number] = Curve(self.logs, trial.job, definition.pattern)
        return [definition.objective.loss(value) for value in self._curves[trial.number].values()]
