"""Requests of the training stage. Read by Airflow; pure: settings in, plain dicts out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from foldline.requests import Request, channel, merged, processing_request, training_request
from foldline.steps.kinds import kind_of
from foldline.trials import OURS, encode

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.folds import Schema
    from foldline.layout import RunLayout, S3Uri
    from foldline.steps.fitting import CrossValidationSettings, TrainingSettings, TuningSettings
    from foldline.steps.release import EvaluationSettings

    FitSettings = CrossValidationSettings | TrainingSettings | TuningSettings

FIGURES = ("fit_seconds", "rows_train", "rows_validation")
"""What every fit prints besides its score."""


def metric_definitions(metric: str) -> dict[str, str]:
    """Regular expression by metric name, for the lines ``metric <name>=<value>`` that a fit prints."""
    return {name: rf"^metric {name}=([0-9.eE+-]+)" for name in (metric, *FIGURES)}


def fit_request(
    settings: FitSettings,
    environment: Environment,
    layout: RunLayout,
    *,
    code: S3Uri,
    hyperparameters: Mapping[str, Any],
    fold: int | None,
) -> Request:
    """The training job that fits one estimator on one fold's training shards, or on all shards.

    Args:
        settings: The step: estimator, metric, job.
        environment: Role, image, network.
        layout: The run's place.
        code: Source tree.
        hyperparameters: The estimator's arguments.
        fold: Fold to validate on; None fits on all shards and validates on nothing.
    """
    ours = {"estimator": settings.estimator, "metric": settings.metric.name, "fold": fold}
    channels = [channel("folds", layout.folds / "manifest.json")]
    if fold is None:
        channels.append(channel("train", layout.all_manifest, manifest=True))
    else:
        channels.append(channel("train", layout.train_manifest(fold), manifest=True))
        channels.append(channel("validation", layout.validation_manifest(fold), manifest=True))
    request = training_request(
        settings.job,
        environment,
        role=environment.role_for(kind_of(settings)),
        module="training.fit",
        code=code,
        channels=channels,
        hyperparameters=encode({**{OURS + name: value for name, value in ours.items()}, **hyperparameters}),
        output=layout.jobs,
        metrics=metric_definitions(settings.metric.name),
    )
    return merged(request, settings.request)


def metric_values(description: Mapping[str, Any]) -> dict[str, float]:
    """Final metric values by name, from a described training job."""
    return {
        item["MetricName"]: float(item["Value"])
        for item in description.get("FinalMetricDataList", ())
        if item.get("Value") is not None
    }


def evaluation_settings(settings: EvaluationSettings, schema: Schema) -> dict[str, Any]:
    """What ``training.evaluate`` reads from its settings file."""
    return {
        "schema": asdict(schema),
        "metric": settings.metric.name,
        "threshold": settings.threshold.document(exclude_none=True),
        "baseline": settings.baseline.document() if settings.baseline else None,
    }


def evaluation_request(
    settings: EvaluationSettings,
    environment: Environment,
    layout: RunLayout,
    *,
    code: S3Uri,
    document: S3Uri,
    predictions: S3Uri,
    validation: S3Uri,
) -> Request:
    """The processing job that judges the hold-out predictions.

    Args:
        settings: The step.
        environment: Role, image, network.
        layout: The run's place.
        code: Source tree.
        document: Folder with ``settings.json`` (see :func:`evaluation_settings`).
        predictions: Folder with the batch transform's output.
        validation: S3 manifest of the best trial's out-of-fold predictions.
    """
    request = processing_request(
        settings.job,
        environment,
        role=environment.role_for("evaluation"),
        module="training.evaluate",
        code=code,
        inputs={
            "settings": document,
            "folds": layout.folds,
            "labels": layout.holdout / "labels/",
            "predictions": predictions,
            "validation": validation,
        },
        outputs={"evaluation": layout.evaluation},
        manifests=frozenset({"validation"}),
    )
    return merged(request, settings.request)
