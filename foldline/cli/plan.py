"""Every AWS request a pipeline would send, built offline: what `foldline validate` checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from deploy.request import (
    candidate_model,
    endpoint_config_request,
    endpoint_request,
    package_group_request,
    package_request,
    registered_model,
    transform_request,
)
from foldline.cli import extractplan, glueplan, warehouseplan
from foldline.cli.planjobs import (
    model_calls,
    processing_job_calls,
    training_job_calls,
    transform_job_calls,
    tuning_job_calls,
)
from foldline.config import Pipeline
from foldline.layout import PipelineLayout, RunLayout, S3Uri, each_generation, of_generation
from foldline.names import Identity, spec_hash
from foldline.outcomes import PROCESSING, TRAINING, TRANSFORM, Kind
from foldline.remote.storage.sourcetree import source_tree
from foldline.requests import Request, with_checkpoints
from foldline.steps.data import CatalogueSettings, IngestSettings, PreprocessingSettings, QualitySettings
from foldline.steps.extract import ExtractSettings
from foldline.steps.fitting import CrossValidationSettings, TrainingSettings, TuningSettings
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
    TransformSettings,
)
from foldline.steps.sagemaker import (
    ModelSettings,
    ProcessingJobSettings,
    TrainingJobSettings,
    TransformJobSettings,
    TuningJobSettings,
)
from foldline.steps.settings import StepSettings, TrainingMachine
from foldline.trials import Dimension, Space, Value
from foldline.work import Work
from preprocessing.request import classifier_request, crawler_request, folds_request, quality_request
from training.request import evaluation_request, fit_request

RUN_ID = "manual__2026-01-01T00:00:00.000000+00:00"
"""A run id as long as Airflow's own, for names and prefixes."""
DIGEST = "a" * 20
PACKAGE_VERSION = 1
SAMPLE_IMAGE = "xgboost"


@dataclass(frozen=True)
class PlannedCall:
    """One request.

    Attributes:
        step: Step that would send it.
        service: boto3's name of the service.
        operation: AWS's name of the operation.
        request: The request.
    """

    step: str
    service: str
    operation: str
    request: Request


@dataclass(frozen=True)
class Plan:
    """What the planned calls of one pipeline share: stand-ins for what earlier steps would give."""

    pipeline: Pipeline

    @property
    def common(self) -> PipelineLayout:
        """What all runs share in S3."""
        return PipelineLayout(self.pipeline.environment.bucket, self.pipeline.name)

    @property
    def layout(self) -> RunLayout:
        """One run's place."""
        return self.common.run(RUN_ID)

    @property
    def code(self) -> S3Uri:
        """The source tree."""
        return self.common.code(source_tree().digest)

    @property
    def table(self) -> S3Uri:
        """An ingested table."""
        return self.layout.table(DIGEST)

    @property
    def artifact(self) -> str:
        """A fitted model."""
        return str(self.layout.jobs / "training-g0-x/output/model.tar.gz")

    @property
    def image(self) -> str:
        """The image of the final fit, which also serves."""
        found = [step for step in self.pipeline.steps.values() if isinstance(step, TrainingSettings)]
        return found[0].job.image if found else SAMPLE_IMAGE

    def document(self, step: str) -> S3Uri:
        """A settings folder."""
        return self.layout.settings(step, DIGEST)

    def identity(self, step: str, kind: str, request: Request) -> Identity:
        """Who would ask."""
        environment = self.pipeline.environment.name
        return Identity(environment, self.pipeline.name, RUN_ID, step, -1, kind, spec_hash(request))

    def call(self, step: str, service: str, operation: str, request: Request) -> PlannedCall:
        """One call."""
        return PlannedCall(step, service, operation, request)

    def job(
        self, step: str, kind: Kind, request: Request, machine: TrainingMachine | None = None
    ) -> PlannedCall:
        """A job's create call, with the name, tags and place of checkpoints it would have."""
        if machine is not None:
            request = with_checkpoints(request, machine, self.layout.checkpoints, DIGEST)
        work = Work(kind, self.identity(step, kind.name, request), request)
        return PlannedCall(step, "sagemaker", kind.operation, work.create_request())


def planned_calls(pipeline: Pipeline) -> list[PlannedCall]:
    """The calls of all steps that create something, in the order of the step names."""
    plan = Plan(pipeline)
    return [call for name, settings in pipeline.steps.items() for call in step_calls(plan, name, settings)]


def step_calls(plan: Plan, step: str, settings: StepSettings) -> Iterator[PlannedCall]:
    """The calls of one step."""
    planner = PLANNERS.get(type(settings))
    return planner(plan, step, settings) if planner is not None else iter(())


def catalogue_calls(plan: Plan, step: str, settings: CatalogueSettings) -> Iterator[PlannedCall]:
    """Database and crawler."""
    database = {"DatabaseInput": {"Name": settings.database}}
    yield PlannedCall(step, "glue", "CreateDatabase", database)
    classifier = classifier_request(settings, plan.pipeline.environment, plan.common)
    if classifier is not None:
        yield PlannedCall(step, "glue", "CreateClassifier", classifier)
    crawler = crawler_request(settings, plan.pipeline.environment, plan.common)
    yield PlannedCall(step, "glue", "CreateCrawler", crawler)


def quality_calls(plan: Plan, step: str, settings: QualitySettings) -> Iterator[PlannedCall]:
    """The processing job of the quality gate."""
    request = quality_request(
        settings,
        plan.pipeline.environment,
        plan.layout,
        code=plan.code,
        document=plan.document(step),
        table=plan.table,
    )
    yield plan.job(step, PROCESSING, request)


def preprocessing_calls(plan: Plan, step: str, settings: PreprocessingSettings) -> Iterator[PlannedCall]:
    """The processing job that writes the folds."""
    request = folds_request(
        settings,
        plan.pipeline.environment,
        plan.layout,
        code=plan.code,
        document=plan.document(step),
        table=plan.table,
    )
    yield plan.job(step, PROCESSING, request)


def fit_calls(
    plan: Plan, step: str, settings: CrossValidationSettings | TrainingSettings | TuningSettings
) -> Iterator[PlannedCall]:
    """One fit, at a corner of the space where there is one; its siblings differ by name and channel."""
    searched = corner(settings.search_space) if isinstance(settings, TuningSettings) else {}
    request = fit_request(
        settings,
        plan.pipeline.environment,
        plan.layout,
        code=plan.code,
        hyperparameters={**settings.hyperparameters, **searched},
        fold=None if isinstance(settings, TrainingSettings) else 0,
    )
    yield plan.job(step, TRAINING, request, settings.job)


def corner(space: Space) -> dict[str, Value]:
    """One point of the space: the low end of every dimension."""

    def value(dimension: Dimension) -> Value:
        if dimension.kind == "categorical":
            return dimension.choices[0]
        return int(dimension.low) if dimension.kind == "int" else dimension.low

    return {dimension.name: value(dimension) for dimension in space.dimensions}


def register_calls(plan: Plan, step: str, settings: RegisterSettings) -> Iterator[PlannedCall]:
    """The package group and the package."""
    group = package_group_request(settings, {"foldline:dag": plan.pipeline.name})
    yield PlannedCall(step, "sagemaker", "CreateModelPackageGroup", group)
    package = package_request(
        settings,
        plan.pipeline.environment,
        image=plan.image,
        artifact=plan.artifact,
        metrics=plan.layout.metrics,
        properties={"run": RUN_ID},
        token=DIGEST,
    )
    yield PlannedCall(step, "sagemaker", "CreateModelPackage", package)


def transform_calls(plan: Plan, step: str, settings: TransformSettings) -> Iterator[PlannedCall]:
    """The candidate's model and the batch transform."""
    model = candidate_model(
        plan.pipeline.environment,
        prefix=f"{plan.pipeline.name}-candidate",
        image=plan.image,
        artifact=plan.artifact,
        labels={},
    )
    yield PlannedCall(step, "sagemaker", "CreateModel", model)
    request = transform_request(
        settings,
        plan.pipeline.environment,
        plan.layout,
        model=model["ModelName"],
        output=each_generation(plan.layout.predictions(DIGEST)),
    )
    yield plan.job(step, TRANSFORM, request)


def evaluation_calls(plan: Plan, step: str, settings: EvaluationSettings) -> Iterator[PlannedCall]:
    """The processing job that judges the hold-out."""
    request = evaluation_request(
        settings,
        plan.pipeline.environment,
        plan.layout,
        code=plan.code,
        document=plan.document(step),
        predictions=of_generation(each_generation(plan.layout.predictions(DIGEST)), 0),
        validation=plan.layout.validation_manifest_of_best,
    )
    yield plan.job(step, PROCESSING, request)


def deploy_calls(plan: Plan, step: str, settings: DeploySettings) -> Iterator[PlannedCall]:
    """Model, endpoint config and endpoint."""
    environment = plan.pipeline.environment
    groups = [one.group for one in plan.pipeline.steps.values() if isinstance(one, RegisterSettings)]
    group = groups[0] if groups else "group"
    arn = f"arn:aws:sagemaker:{environment.region}:{environment.account}:model-package"
    package = f"{arn}/{group}/{PACKAGE_VERSION}"
    model = registered_model(environment, prefix=settings.endpoint, package=package, labels={})
    config = endpoint_config_request(settings, environment, model=model["ModelName"], labels={})
    endpoint = endpoint_request(settings, config=config["EndpointConfigName"], labels={})
    yield PlannedCall(step, "sagemaker", "CreateModel", model)
    yield PlannedCall(step, "sagemaker", "CreateEndpointConfig", config)
    yield PlannedCall(step, "sagemaker", "CreateEndpoint", endpoint)


PLANNERS: dict[type[StepSettings], Callable[[Plan, str, Any], Iterator[PlannedCall]]] = {
    CatalogueSettings: catalogue_calls,
    IngestSettings: warehouseplan.ingest_calls,
    ExtractSettings: extractplan.extract_calls,
    QuerySettings: warehouseplan.query_calls,
    TableSettings: warehouseplan.table_calls,
    RowCountSettings: warehouseplan.row_count_calls,
    FreshnessSettings: warehouseplan.freshness_calls,
    RedshiftUnloadSettings: warehouseplan.redshift_calls,
    GlueJobSettings: glueplan.glue_job_calls,
    GlueQualitySettings: glueplan.glue_quality_calls,
    QualitySettings: quality_calls,
    PreprocessingSettings: preprocessing_calls,
    CrossValidationSettings: fit_calls,
    TrainingSettings: fit_calls,
    TuningSettings: fit_calls,
    RegisterSettings: register_calls,
    TransformSettings: transform_calls,
    EvaluationSettings: evaluation_calls,
    DeploySettings: deploy_calls,
    ProcessingJobSettings: processing_job_calls,
    TrainingJobSettings: training_job_calls,
    TuningJobSettings: tuning_job_calls,
    TransformJobSettings: transform_job_calls,
    ModelSettings: model_calls,
}
"""What each kind of step would send; a kind that is not here sends nothing."""
