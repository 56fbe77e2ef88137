"""One fit as one SageMaker training job."""

from __future__ import annotations

from typing import Any

from foldline.errors import JobFailed
from foldline.layout import S3Uri
from foldline.outcomes import TRAINING, Outcome
from foldline.steps.fitting import TrainingSettings
from operators.base import StepOperator
from operators.results import FitResult, FoldsResult, TrialResult
from operators.steprun import StepRun
from training.request import fit_request, metric_values


class TrainingJobOperator(StepOperator):
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
        outcome = run.run_job(TRAINING, request, job=settings.job)
        artifact = checked_artifact(run, outcome)
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


def checked_artifact(run: StepRun, outcome: Outcome) -> str:
    """S3 address of the job's model.tar.gz.

    Raises:
        JobFailed: The job completed without one, or it is empty.
    """
    artifact = outcome.description.get("ModelArtifacts", {}).get("S3ModelArtifacts", "")
    found = run.objects(S3Uri.parse(artifact)) if artifact else []
    if not any(item.size > 0 for item in found):
        raise JobFailed(
            f"training job {outcome.name} completed without an artifact",
            where=artifact or outcome.name,
            mend="the training script must write its model to /opt/ml/model",
        )
    return str(artifact)
