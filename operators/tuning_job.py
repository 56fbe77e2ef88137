"""The search: every trial is scored by k training jobs, one per fold, in parallel."""

from __future__ import annotations

from typing import Any

from foldline import progress
from foldline.outcomes import TRAINING, Outcome
from foldline.steps.fitting import TuningSettings
from foldline.trials import Trial
from operators.base import StepOperator
from operators.cross_validation import fold_score
from operators.parts import Part
from operators.results import FoldsResult, TrialResult
from operators.steprun import StepRun
from training.request import fit_request
from training.search import Scored, Study


class TuningOperator(StepOperator):
    """Search the step's space; the best mean over the folds wins.

    Args:
        folds: Result of the preprocessing.
    """

    template_fields = ("step", "folds")

    def __init__(self, *, folds: FoldsResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folds = folds

    def work(self, run: StepRun) -> TrialResult:
        """The best trial, with its hyperparameters and scores."""
        settings = run.settings(TuningSettings)
        search, metric, k = settings.search, settings.metric, self.folds["k"]
        study = Study(settings.search_space, search.sampler, metric.direction, search.seed)
        jobs: dict[int, list[str]] = {}
        batch = max(1, search.max_parallel // k)
        while (left := search.trials - len(study.scored)) > 0:
            trials = study.ask(min(batch, left))
            parts = [part for trial in trials for part in self._parts(run, settings, trial)]
            outcomes = run.run_jobs(
                TRAINING,
                parts,
                job=settings.job,
                max_parallel=search.max_parallel,
            )
            for number, trial in enumerate(trials):
                fits = outcomes[number * k : (number + 1) * k]
                jobs[trial.number] = [fit.name for fit in fits]
                self._tell(study, trial, fits, metric.name)
        best = study.best()
        run.evidence.update(evidence_of(study, settings, k))
        run.detail = f"{best.trial.label}: {metric.name} {best.mean:.4f} ± {best.sd:.4f}"
        return {
            "number": best.trial.number,
            "hyperparameters": {**settings.hyperparameters, **best.trial.hyperparameters},
            "metric": metric.name,
            "scores": list(best.scores),
            "mean": best.mean,
            "sd": best.sd,
            "jobs": jobs[best.trial.number],
        }

    def _parts(self, run: StepRun, settings: TuningSettings, trial: Trial) -> list[Part]:
        def part(fold: int) -> Part:
            request = fit_request(
                settings,
                run.pipeline.environment,
                run.layout,
                code=run.code,
                hyperparameters={**settings.hyperparameters, **trial.hyperparameters},
                fold=fold,
            )
            return Part(
                f"{trial.label}/fold-{fold:03d}",
                request,
                trial=trial.number,
                fold=fold,
                metric=settings.metric.name,
                direction=settings.metric.direction,
            )

        return [part(fold) for fold in range(self.folds["k"])]

    def _tell(self, study: Study, trial: Trial, fits: list[Outcome], metric: str) -> None:
        scored = study.tell(trial, [fold_score(fit, metric) for fit in fits])
        best = study.best().trial.number == trial.number
        progress.emit("trial", trial=trial.number, mean=scored.mean, sd=scored.sd, best=best)


def evidence_of(study: Study, settings: TuningSettings, k: int) -> dict[str, Any]:
    """The whole search as the run record keeps it."""

    def row(scored: Scored) -> dict[str, Any]:
        return {
            "number": scored.trial.number,
            "hyperparameters": scored.trial.hyperparameters,
            "scores": list(scored.scores),
            "mean": scored.mean,
            "sd": scored.sd,
        }

    return {
        "metric": settings.metric.name,
        "direction": settings.metric.direction,
        "folds": k,
        "trials": [row(scored) for scored in study.scored],
        "best": study.best().trial.number,
    }
