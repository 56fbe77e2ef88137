"""One training job of one's own script, or of an image that brings its algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foldline.outcomes import TRAINING
from foldline.ownjobs import Data, training_job_request
from foldline.remote.storage.artifacts import artifact_uri
from foldline.steps.sagemaker import TrainingJobSettings
from operators.base import StepOperator
from operators.inputs import addresses
from operators.parts import Part
from operators.results import FoldsResult, TrainingJobResult
from operators.sources import source
from operators.steprun import StepRun
from training.request import metric_values

FOLD_CHANNELS = ("train", "validation")
"""Channels that a fold fills."""


class TrainingJobOperator(StepOperator):
    """Run a `training_job` step; returns its artifact and metrics.

    Args:
        channels: S3 addresses, or results of other tasks, for the channels that the step file leaves open.
        best: Result of a search, whose hyperparameters win over those of the step file.
        folds: Result of the preprocessing: the channels ``train`` and ``validation`` are one fold's shards.
        fold: Number of that fold; ``operators.cross_validation.over_folds`` maps over all of them.
    """

    template_fields = ("step", "channels", "best", "folds", "fold")

    def __init__(
        self,
        *,
        channels: Mapping[str, Any] | None = None,
        best: Mapping[str, Any] | None = None,
        folds: FoldsResult | None = None,
        fold: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = dict(channels or {})
        self.best = best
        self.folds = folds
        self.fold = fold

    def work(self, run: StepRun) -> TrainingJobResult:
        """The artifact, and the metrics its log showed."""
        settings = run.settings(TrainingJobSettings)
        hyperparameters = {**settings.hyperparameters, **(self.best or {}).get("hyperparameters", {})}
        request = training_job_request(
            settings,
            run.pipeline.environment,
            code=source(run, settings),
            data=self._data(run, settings),
            hyperparameters=hyperparameters,
            output=run.layout.jobs,
        )
        part = Part("", request, fold=None if self.fold is None else int(self.fold))
        (outcome,) = run.run_jobs(TRAINING, [part], job=settings.job, verify=run.artifact_problem)
        metrics = metric_values(outcome.description)
        run.evidence.update(hyperparameters=hyperparameters, metrics=metrics, fold=part.fold)
        run.detail = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        return {
            "job": outcome.name,
            "model": artifact_uri(outcome.description),
            "metrics": metrics,
            "fold": part.fold,
        }

    def _data(self, run: StepRun, settings: TrainingJobSettings) -> dict[str, Data]:
        declared = {name: channel.uri for name, channel in settings.channels.items()}
        of_fold: dict[str, Data] = {}
        if self.folds is not None and self.fold is not None:
            fold = int(self.fold)
            manifests = (run.layout.train_manifest(fold), run.layout.validation_manifest(fold))
            pairs = zip(FOLD_CHANNELS, manifests, strict=True)
            of_fold = {name: Data(uri, manifest=True) for name, uri in pairs if name in declared}
        rest = {name: uri for name, uri in declared.items() if name not in of_fold}
        found = addresses(rest, self.channels, run.step)
        return of_fold | {name: Data(uri, settings.channels[name].manifest) for name, uri in found.items()}
