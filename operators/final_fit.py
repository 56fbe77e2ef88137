"""The final fit: the best trial's hyperparameters on all folds."""

from __future__ import annotations

from typing import Any

from foldline.outcomes import TRAINING
from foldline.remote.storage.artifacts import artifact_uri
from foldline.steps.fitting import TrainingSettings
from operators.base import StepOperator
from operators.results import FitResult, FoldsResult, TrialResult
from operators.steprun import StepRun
from training.request import fit_request, metric_values


class FitOperator(StepOperator):
    """Fit the best trial's hyperparameters on all folds; returns the artifact.

    Args:
        folds: Result of the preprocessing.
        trial: Result of the tuning.
    """

    template_fields = ("step", "folds", "trial")

    def __init__(self, *, folds: FoldsResult, trial: TrialResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folds = folds
        self.trial = trial

    def work(self, run: StepRun) -> FitResult:
        """The fitted candidate."""
        settings = run.settings(TrainingSettings)
        hyperparameters = {**settings.hyperparameters, **self.trial["hyperparameters"]}
        request = fit_request(
            settings,
            run.pipeline.environment,
            run.layout,
            code=run.code,
            hyperparameters=hyperparameters,
            fold=None,
        )
        outcome = run.run_job(TRAINING, request, job=settings.job, verify=run.artifact_problem)
        artifact = artifact_uri(outcome.description)
        figures = metric_values(outcome.description)
        run.evidence.update(
            hyperparameters=hyperparameters,
            rows=int(figures.get("rows_train", 0)),
            fit_seconds=figures.get("fit_seconds"),
            model_uri=artifact,
        )
        run.detail = f"fitted on {run.evidence['rows']:,} rows"
        return {
            "job": outcome.name,
            "model": artifact,
            "metric": settings.metric.name,
            "score": None,
            "fold": None,
        }
