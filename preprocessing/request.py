"""Requests of the preprocessing stage. Read by Airflow; pure: settings in, plain dicts out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from foldline.requests import Request, merged, processing_request

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.layout import PipelineLayout, RunLayout, S3Uri
    from foldline.steps.data import CatalogueSettings, PreprocessingSettings, QualitySettings


def classifier_request(
    settings: CatalogueSettings, environment: Environment, layout: PipelineLayout
) -> Request | None:
    """The CreateClassifier request of the step's CSV format; None when Glue is to guess.

    LazySimpleSerDe keeps the column types that the crawler infers; OpenCSVSerDe would make all of them text.
    """
    if settings.csv is None:
        return None
    classifier = {
        "Name": f"foldline-{environment.name}-{layout.pipeline}",
        "Delimiter": settings.csv.delimiter,
        "ContainsHeader": "PRESENT" if settings.csv.header else "ABSENT",
        "Serde": "LazySimpleSerDe",
    }
    return {"CsvClassifier": classifier}


def crawler_request(settings: CatalogueSettings, environment: Environment, layout: PipelineLayout) -> Request:
    """The CreateCrawler request: one target per raw folder."""
    classifier = classifier_request(settings, environment, layout)
    request: Request = {
        "Name": f"foldline-{environment.name}-{layout.pipeline}",
        "Role": environment.role_for("catalogue"),
        "DatabaseName": settings.database,
        "Targets": {"S3Targets": [{"Path": str(layout.raw(table))} for table in settings.tables]},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
        "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
        "Classifiers": [classifier["CsvClassifier"]["Name"]] if classifier else [],
    }
    return merged(request, settings.request)


def quality_settings(quality: QualitySettings, preprocessing: PreprocessingSettings) -> dict[str, Any]:
    """What ``preprocessing.quality`` reads from its settings file."""
    return {
        "quality": quality.document(exclude={"job", "request"}),
        "schema": asdict(preprocessing.table),
    }


def folds_settings(settings: PreprocessingSettings, layout: RunLayout) -> dict[str, Any]:
    """What ``preprocessing.split`` reads from its settings file."""
    return {
        "schema": asdict(settings.table),
        "holdout": settings.holdout.document() if settings.holdout else None,
        "folds": settings.folds.document(),
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
        role=environment.role_for("quality"),
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
        role=environment.role_for("preprocessing"),
        module="preprocessing.split",
        code=code,
        inputs={"settings": document, "table": table},
        outputs={"folds": layout.folds, "holdout": layout.holdout},
    )
    return merged(request, settings.request)
