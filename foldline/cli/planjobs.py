"""Requests of steps with a program of one's own, built offline; stand-ins for what the DAG hands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deploy.request import model_request
from foldline.layout import S3Uri, each_generation
from foldline.outcomes import PROCESSING, TRAINING, TRANSFORM, TUNING
from foldline.ownjobs import (
    Data,
    processing_job_request,
    training_job_request,
    transform_job_request,
    tuning_job_request,
)
from foldline.remote.storage.sourcetree import folder_tree
from foldline.requests import with_checkpoints
from foldline.steps.sagemaker import (
    Channel,
    ModelSettings,
    OwnCode,
    ProcessingJobSettings,
    TrainingJobSettings,
    TransformJobSettings,
    TuningJobSettings,
)

if TYPE_CHECKING:
    from foldline.cli.plan import Plan, PlannedCall

KEY = "a" * 20
"""As long as a key of who asks for what."""


def tree_digest(plan: Plan, settings: OwnCode) -> str | None:
    """Digest of the step's source folder; None where it has none.

    Raises:
        ConfigError: The folder or the program is not there.
    """
    if settings.source is None:
        return None
    return folder_tree(plan.pipeline.root, settings.source, settings.program).digest


def code_of(plan: Plan, settings: OwnCode) -> S3Uri | None:
    """Where the step's source folder would lie."""
    found = tree_digest(plan, settings)
    return plan.common.code(found) if found else None


def data_of(plan: Plan, channels: Mapping[str, Channel]) -> dict[str, Data]:
    """Where the data of channels are, or would be."""
    return {
        name: Data(S3Uri.parse(channel.uri) if channel.uri else plan.layout.outputs(name, KEY))
        for name, channel in channels.items()
    }


def processing_job_calls(plan: Plan, step: str, settings: ProcessingJobSettings) -> Iterator[PlannedCall]:
    """The processing job."""

    def places(named: Mapping[str, str | None]) -> dict[str, S3Uri]:
        below = each_generation(plan.layout.outputs(step, KEY))
        return {name: S3Uri.parse(uri) if uri else below / f"{name}/" for name, uri in named.items()}

    request = processing_job_request(
        settings,
        plan.pipeline.environment,
        code=code_of(plan, settings),
        inputs=places(settings.inputs),
        outputs=places(settings.outputs),
    )
    yield plan.job(step, PROCESSING, request)


def training_job_calls(plan: Plan, step: str, settings: TrainingJobSettings) -> Iterator[PlannedCall]:
    """The training job."""
    request = training_job_request(
        settings,
        plan.pipeline.environment,
        code=code_of(plan, settings),
        data=data_of(plan, settings.channels),
        hyperparameters=settings.hyperparameters,
        output=plan.layout.jobs,
    )
    yield plan.job(step, TRAINING, request, settings.job)


def tuning_job_calls(plan: Plan, step: str, settings: TuningJobSettings) -> Iterator[PlannedCall]:
    """The search."""
    found = tree_digest(plan, settings)
    request = tuning_job_request(
        settings,
        plan.pipeline.environment,
        archive=plan.common.code_archive(found) if found else None,
        data=data_of(plan, settings.channels),
        output=plan.layout.jobs,
    )
    definition = request["TrainingJobDefinition"]
    kept = with_checkpoints(definition, settings.job, plan.layout.checkpoints, KEY)
    yield plan.job(step, TUNING, {**request, "TrainingJobDefinition": kept})


def transform_job_calls(plan: Plan, step: str, settings: TransformJobSettings) -> Iterator[PlannedCall]:
    """The batch transform."""
    stand_in = each_generation(plan.layout.outputs(step, KEY))
    request = transform_job_request(
        settings,
        plan.pipeline.environment,
        model="model",
        data=S3Uri.parse(settings.input) if settings.input else stand_in,
        output=S3Uri.parse(settings.output) if settings.output else stand_in,
    )
    yield plan.job(step, TRANSFORM, request)


def model_calls(plan: Plan, step: str, settings: ModelSettings) -> Iterator[PlannedCall]:
    """The model."""
    environment = plan.pipeline.environment
    arn = f"arn:aws:sagemaker:{environment.region}:{environment.account}:model-package/group/1"
    request = model_request(
        settings,
        environment,
        prefix=settings.prefix or step,
        package=arn if settings.image is None else None,
        artifact=None if settings.image is None else plan.artifact,
        labels={},
    )
    yield plan.call(step, "sagemaker", "CreateModel", request)
