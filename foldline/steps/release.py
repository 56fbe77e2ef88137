"""The steps that bring a model to its endpoint: register, transform, evaluation, deploy, report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from foldline.stepfiles.spellings import EntityName, InstanceLadder, InstanceType
from foldline.stepfiles.units import MIB, Bytes, Duration
from foldline.steps.settings import (
    Conflict,
    Estimator,
    InstanceTypes,
    JobSettings,
    Metric,
    OnTimeout,
    RequestSettings,
    Settings,
    Share,
    StepSettings,
)


class RegisterSettings(RequestSettings):
    """`register`: a model package with its metrics in the registry."""

    instance_settings: ClassVar = {"instances": "CreateEndpointConfig"}
    group: EntityName = Field(description="Model package group.")
    description: str = Field(default="", max_length=1024, description="What the model gives.")
    approval: Literal["approved", "pending"] = Field(
        default="pending",
        description="`approved`: may be deployed at once; `pending`: a person decides in the registry.",
    )
    instances: InstanceTypes = Field(description="Instance types the model may be deployed on.")


class TransformMachine(RequestSettings):
    """The machine a batch transform runs on."""

    instance: InstanceLadder = Field(
        description="SageMaker instance type, such as `ml.m5.large`, or a list of types to try in turn "
        "while AWS lacks capacity."
    )
    instances: int = Field(default=1, ge=1, le=100, description="Number of instances.")
    max_payload: Annotated[int, Bytes(at_least="1 MiB", at_most="100 MiB", step="1 MiB")] = Field(
        default=6 * MIB, description="Largest request to the container."
    )
    max_runtime: Duration = Field(default=1800, description="The job is stopped after this long.")
    on_timeout: OnTimeout = Field(
        default="stop_then_fail",
        description="What happens when the job is not over an hour after that: it is stopped, or waited for.",
    )

    @property
    def longest(self) -> float:
        """Seconds from the job's creation until it must be over, time in the queue not counted."""
        return float(self.max_runtime)


class TransformSettings(TransformMachine):
    """`transform`: batch predictions of the hold-out."""

    instance_settings: ClassVar = {"instance": "CreateTransformJob"}


class Threshold(Settings):
    """The probability from which a row counts as class 1: exactly one of `maximize` and `value`."""

    maximize: Literal["f1"] | None = Field(
        default=None, description="Metric that the threshold maximizes on the folds, never on the hold-out."
    )
    value: Share | None = Field(default=None, description="A fixed probability.")

    def conflicts(self) -> Iterable[Conflict]:
        """Not exactly one of the two forms."""
        if (self.maximize is None) == (self.value is None):
            yield Conflict((), "must have exactly one of maximize and value")


class EvaluationSettings(RequestSettings):
    """`evaluation`: figures and curves of the model and the baseline on the hold-out."""

    instance_settings: ClassVar = {"job.instance": "CreateProcessingJob"}
    metric: Metric = Field(description="The headline figure.")
    threshold: Threshold = Field(
        default_factory=lambda: Threshold(maximize="f1"), description="Where class 1 begins."
    )
    baseline: Estimator | None = Field(default=None, description="What the model is compared with.")
    job: JobSettings = Field(description="Machine of the processing job.")


class Smoke(Settings):
    """The test that an endpoint passes before it is called good."""

    records: int = Field(default=20, ge=1, le=10_000, description="Known records that are sent.")
    tolerance: float = Field(
        default=1e-5, ge=0, description="Largest difference from batch transform's answer."
    )


class DeploySettings(RequestSettings):
    """`deploy`: model, endpoint configuration and endpoint, tested before they are called good."""

    instance_settings: ClassVar = {"instance": "CreateEndpointConfig"}
    endpoint: EntityName = Field(description="Name of the endpoint; it never changes.")
    variant: EntityName = Field(default="main", description="Name of the variant; it never changes.")
    instance: InstanceType = Field(description="SageMaker instance type, such as `ml.m5.large`.")
    instances: int = Field(default=1, ge=1, le=100, description="Number of instances.")
    smoke: Smoke = Field(default_factory=Smoke, description="Test with known records.")
    max_runtime: Duration = Field(default=1800, description="The rollout is given up after this long.")


class ReportSettings(StepSettings):
    """`report`: the run record and its page; nothing to set yet, so the file may be left out."""
