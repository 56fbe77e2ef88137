"""The kinds of steps: a step file's stem, or its `kind`, decides which model reads it."""

from __future__ import annotations

from foldline.steps.data import CatalogueSettings, IngestSettings, PreprocessingSettings, QualitySettings
from foldline.steps.extract import ExtractSettings
from foldline.steps.fitting import CrossValidationSettings, GateSettings, TrainingSettings, TuningSettings
from foldline.steps.glue import GlueJobSettings, GlueQualitySettings
from foldline.steps.queries import (
    FreshnessSettings,
    QuerySettings,
    RedshiftUnloadSettings,
    RowCountSettings,
    TableSettings,
)
from foldline.steps.release import (
    DeploySettings,
    EvaluationSettings,
    RegisterSettings,
    ReportSettings,
    TransformSettings,
)
from foldline.steps.sagemaker import (
    ModelSettings,
    ProcessingJobSettings,
    TrainingJobSettings,
    TransformJobSettings,
    TuningJobSettings,
)
from foldline.steps.settings import StepSettings

KINDS: dict[str, type[StepSettings]] = {
    "catalogue": CatalogueSettings,
    "ingest": IngestSettings,
    "extract": ExtractSettings,
    "query": QuerySettings,
    "table": TableSettings,
    "rows": RowCountSettings,
    "freshness": FreshnessSettings,
    "redshift_unload": RedshiftUnloadSettings,
    "glue_job": GlueJobSettings,
    "glue_quality": GlueQualitySettings,
    "quality": QualitySettings,
    "preprocessing": PreprocessingSettings,
    "cross_validation": CrossValidationSettings,
    "tuning": TuningSettings,
    "gate": GateSettings,
    "training": TrainingSettings,
    "register": RegisterSettings,
    "transform": TransformSettings,
    "evaluation": EvaluationSettings,
    "deploy": DeploySettings,
    "processing_job": ProcessingJobSettings,
    "training_job": TrainingJobSettings,
    "tuning_job": TuningJobSettings,
    "transform_job": TransformJobSettings,
    "model": ModelSettings,
    "report": ReportSettings,
}


def kind_of(settings: StepSettings | type[StepSettings]) -> str:
    """The kind of step that settings, or a model of settings, belong to."""
    model = settings if isinstance(settings, type) else type(settings)
    return next(kind for kind, known in KINDS.items() if known is model)
