"""Requests of the preprocessing stage. Read by Airflow; pure: settings in, plain dicts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from foldline.folds import Schema
from foldline.requests import Request, merged, processing_request

if TYPE_CHECKING:
    from foldline.environment import Environment

    from foldline.layout import RunLayout, S3Uri
    from foldline.steps import PreprocessingSettings, QualitySettings


def schema_of(settings: PreprocessingSettings) -> Schema:
    """The columns that models of this pipeline read."""
    return Schema(settings.row_id, settings.label, tuple(settings.numeric), tuple(settings.categorical))


def schema_document(settings: PreprocessingSettings) -> dict[str, Any]:
    """The schema as a container reads it."""
    return {
        "row_id": settings.row_id,
        "label": settings.label,
        "numeric": list(settings.numeric),
        "categorical": list(settings.categorical),
    }


def quality_settings(quality: QualitySettings, preprocessing: PreprocessingSettings) -> dict[str, Any]:
    """What ``preprocessing.quality`` reads from its settings file."""
    return {
        "quality": quality.model_dump(mode="json", exclude={"job", "request", "kind"}),
        "schema": schema_document(preprocessing),
    }


def folds_settings(settings: PreprocessingSettings, layout: RunLayout) -> dict[str, Any]:
    """What ``preprocessing.split`` reads from its settings file."""
    return {
        "schema": schema_document(settings),
        "holdout": settings.holdout.model_dump(mode="json", by_alias=True) if settings.holdout else None,
        "folds": settings.folds.model_dump(mode="json"),
        "folds_uri": str(layout.folds),
    }


def quality_request(
    settings: QualitySettings,
    environment: Environment,
    layout: RunLayout,
    *,
    code: S3Uri,
    document: S3Uri,
    table: S3Uri,
) -> Request:
    """The processing job that examines the table.

    Args:
        settings: The step.
        environment: Role, image, network.
        layout: The run's place.
        code: Source tree.
        document: Folder with ``settings.json`` (see :func:`quality_settings`).
        table: Folder with the ingested Parquet files.
    """
    request = processing_request(
        settings.job,
        environment,
        module="preprocessing.quality",
        code=code,
        inputs={"settings": document, "table": table},
        outputs={"report": layout.quality},
    )
    return merged(request, settings.request)


def folds_request(
    settings: PreprocessingSettings,
    environment: Environment,
    layout: RunLayout,
    *,
    code: S3Uri,
    document: S3Uri,
    table: S3Uri,
) -> Request:
    """The processing job that keeps the hold-out apart and writes the folds, once.

    Args are those of :func:`quality_request`; ``document`` as in :func:`folds_settings`.
    """
    request = processing_request(
        settings.job,
        environment,
        module="preprocessing.split",
        code=code,
        inputs={"settings": document, "table": table},
        outputs={"folds": layout.folds, "holdout": layout.holdout},
    )
    return merged(request, settings.request)
