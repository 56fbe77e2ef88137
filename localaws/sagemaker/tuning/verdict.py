"""When a search is over, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.tuning.trials import Objective, Trial

IMPROVEMENT = 0.01  # of the best so far; less does not count as better
HOPELESS = 5  # trials without an objective, and none with one, after which a search is given up
CONVERGED = 20  # trials in a row that are no better: what we call convergence; AWS does not say what it does


@dataclass(frozen=True)
class Verdict:
    """How a search ends.

    Attributes:
        status: Its last status.
        reason: FailureReason of a failed one.
    """

    status: str
    reason: str = ""


@dataclass(frozen=True)
class Progress:
    """How the ended trials compare.

    Attributes:
        not_improving: The latest trials in a row that were not better by one percent than the best before.
        converged_at: When there were so many that the search counts as converged, in epoch seconds; None when
            there never were.
    """

    not_improving: int
    converged_at: float | None


def progress(trials: list[Trial], objective: Objective) -> Progress:
    """The progress of a search, its ended trials in order of their end."""
    least: float | None = None
    row, converged = 0, None
    for trial in sorted((trial for trial in trials if trial.ended), key=_end):
        loss = None if trial.value is None else objective.loss(trial.value)
        if loss is not None and (least is None or loss < least - IMPROVEMENT * abs(least)):
            row = 0
        else:
            row += 1
        if loss is not None:
            least = loss if least is None else min(least, loss)
        if row >= CONVERGED and converged is None and least is not None:
            converged, _ = _end(trial)
    return Progress(row, converged)


def _end(trial: Trial) -> tuple[float, int]:
    return float(trial.summary.get("TrainingEndTime", 0.0)), trial.number


def criterion_met(criteria: dict[str, Any], trials: list[Trial], objective: Objective) -> bool:
    """Whether one of the ``TuningJobCompletionCriteria`` is."""
    losses = [objective.loss(trial.value) for trial in trials if trial.value is not None]
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None and any(loss <= objective.loss(target) for loss in losses):
        return True
    so_far = progress(trials, objective)
    longest = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    if longest is not None and losses and so_far.not_improving >= longest:
        return True
    stops = criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence") == "Enabled"
    return stops and so_far.converged_at is not None


def failure(trials: list[Trial]) -> str:
    """Why no trial brought an objective, in AWS's words."""
    ended = [trial for trial in trials if trial.ended]
    if any(trial.status != "Failed" for trial in ended):
        return (
            f"No objective metrics found after running {len(ended)} training jobs. Please ensure that the "
            "custom algorithm is emitting the objective metric as defined by the regular expression provided."
        )
    return (
        f"No training job succeeded after {len(ended)} attempts. "
        "Please take a look at the training job failures to get more details."
    )


def hopeless(trials: list[Trial]) -> bool:
    """Whether so many trials brought nothing, and none brought anything, that no more are started."""
    ended = [trial for trial in trials if trial.ended]
    return len(ended) >= HOPELESS and all(trial.value is None for trial in ended)


def outcome(trials: list[Trial]) -> Verdict:
    """How a search ends that has no more trials to start, when the last one has ended."""
    if any(trial.value is not None for trial in trials):
        return Verdict("Completed")
    return Verdict("Failed", failure(trials))
