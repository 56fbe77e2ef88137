"""Cross-validation of fixed hyperparameters: one Airflow task and one training job per fold."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from foldline.errors import JobFailed
from foldline.outcomes import TRAINING, Outcome
from foldline.steps.fitting import CrossValidationSettings
from operators.base import StepOperator
from operators.folds import FoldsOperator
from operators.parts import Part
from operators.results import FitResult, FoldsResult
from operators.steprun import StepRun
from training.request import fit_request, metric_values


class FoldTrainingOperator(StepOperator):
    """Fit the step's estimator on one fold's training shards and score it on the fold.

    Args:
        folds: Result of the preprocessing.
        fold: Number of the fold.
    """

    template_fields = ("step", "folds", "fold")

    def __init__(self, *, folds: FoldsResult, fold: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folds = folds
        self.fold = fold

    def work(self, run: StepRun) -> FitResult:
        """The fold's score."""
        settings = run.settings(CrossValidationSettings)
        fold, metric = int(self.fold), settings.metric.name
        request = fit_request(
            settings,
            run.pipeline.environment,
            run.layout,
            code=run.code,
            hyperparameters=settings.hyperparameters,
            fold=fold,
        )
        part = Part("", request, fold=fold, metric=metric, direction=settings.metric.direction)
        (outcome,) = run.run_jobs(TRAINING, [part], job=settings.job, verify=run.artifact_problem)
        score = fold_score(outcome, metric)
        run.evidence.update(fold=fold, score=score, metric=metric)
        run.detail = f"{metric} {score:.4f}"
        artifact = outcome.description["ModelArtifacts"]["S3ModelArtifacts"]
        return {"job": outcome.name, "model": artifact, "metric": metric, "score": score, "fold": fold}


def fold_score(outcome: Outcome, metric: str) -> float:
    """The score a fit printed.

    Raises:
        JobFailed: It printed none.
    """
    values = metric_values(outcome.description)
    if metric not in values:
        raise JobFailed(
            f"training job {outcome.name} reported no {metric}",
            where=outcome.name,
            cause=f"it reported {', '.join(values) or 'nothing'}",
            mend=f"the training script must print `metric {metric}=<value>`",
        )
    return values[metric]


@task
def fold_numbers(folds: FoldsResult) -> list[int]:
    """[0, …, k-1]: what the mapped tasks expand over; Airflow maps over whole results only."""
    return list(range(folds["k"]))


def cross_validation(*, step: str, folds: FoldsOperator, task_id: str | None = None) -> Any:
    """One mapped task per fold of ``folds``; its output is the list of :class:`FitResult` by fold.

    Args:
        step: Address of the step.
        folds: The operator that wrote the folds.
        task_id: Airflow's task id; the step's name when left out.
    """
    return over_folds(FoldTrainingOperator, step=step, folds=folds, task_id=task_id)


def over_folds(
    operator: type[StepOperator],
    *,
    step: str,
    folds: FoldsOperator,
    task_id: str | None = None,
    **fixed: Any,
) -> Any:
    """One mapped task of ``operator`` per fold, called ``fold 0``, ``fold 1``, … in Airflow's grid.

    Args:
        operator: Takes ``folds`` and ``fold``: `TrainingJobOperator`, or the one of `cross_validation`.
        step: Address of the step.
        folds: The operator that wrote the folds.
        task_id: Airflow's task id; the step's name when left out.
        **fixed: Arguments that all tasks share.
    """
    return operator.partial(
        task_id=task_id or step.rpartition(".")[2],
        step=step,
        folds=folds.output,
        map_index_template="fold {{ task.fold }}",
        **fixed,
    ).expand(fold=fold_numbers(folds.output))
