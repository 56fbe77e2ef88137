"""The kinds of steps: a step file's stem, or its `kind`, decides which model reads it."""

from __future__ import annotations

from foldline.steps.data import CatalogueSettings, IngestSettings, PreprocessingSettings, QualitySettings
from foldline.steps.fitting import CrossValidationSettings, GateSettings, TrainingSettings, TuningSettings
from foldline.steps.release import (
    DeploySettings,
    EvaluationSettings,
    RegisterSettings,
    ReportSettings,
    TransformSettings,
)
from foldline.steps.settings import StepSettings

KINDS: dict[str, type[StepSettings]] = {
    "catalogue": CatalogueSettings,
    "ingest": IngestSettings,
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
    "report": ReportSettings,
}


def kind_of(settings: StepSettings | type[StepSettings]) -> str:
    """The kind of step that settings, or a model of settings, belong to."""
    model = settings if isinstance(settings, type) else type(settings)
    return next(kind for kind, known in KINDS.items() if known is model)
