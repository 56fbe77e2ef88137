"""What all step files share: strictness, cross-checks, jobs, metrics, estimators.

A field is what a user may write; its description, default and bounds are the reference that `foldline schema`
writes out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, Strict, WithJsonSchema, model_validator

from foldline.stepfiles.spellings import (
    ConnectionId,
    EstimatorName,
    Identifier,
    InstanceLadder,
    InstanceType,
    SettingPath,
    TopicArn,
)
from foldline.stepfiles.units import GIB, Bytes, Duration, Seconds


class Conflict(NamedTuple):
    """Two settings that do not agree, told at one of them."""

    path: tuple[str | int, ...]
    message: str
    nearest: str = ""


class Conflicts(ValueError):
    """All conflicts inside one model."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, c.path))}: {c.message}" for c in conflicts))
        self.conflicts = conflicts


class Settings(BaseModel):
    """Part of a step file: frozen, unknown keys and wrong types refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def conflicts(self) -> Iterable[Conflict]:
        """Settings that are right alone and wrong together."""
        return ()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if conflicts := list(self.conflicts()):
            raise Conflicts(conflicts)
        return self

    def document(self, **keywords: Any) -> dict[str, Any]:
        """The settings as plain JSON, spelt as in their file, defaults included.

        Args:
            keywords: Further arguments of ``model_dump``, such as ``exclude={"job"}``.
        """
        return self.model_dump(mode="json", by_alias=True, **keywords)


class StepSettings(Settings):
    """One step file."""

    instance_settings: ClassVar[dict[str, str]] = {}
    """Which settings name instance types, and the SageMaker operation that will read them."""


class RequestSettings(StepSettings):
    """One step file of a step that calls AWS."""

    on_clear: Literal["rerun", "reuse"] = Field(
        default="rerun",
        description="What clearing the task does: run the work again, or take what the job of before left.",
    )

    request: dict[str, Any] = Field(
        default={}, description="Raw fields of the AWS request, merged last: the escape hatch."
    )


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | bool | int | float | date):
        raise ValueError("must be text, a number, a date, true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value}, must be a finite number")
    return value


def _json(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{value}, must be text, a number, true, false, null, or a list or mapping of these; quote a date"
        ) from error
    return value


Scalar = Annotated[Any, PlainValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Json = Annotated[Any, PlainValidator(_json), WithJsonSchema({})]
Share = Annotated[float, Field(ge=0, le=1)]
Columns = Annotated[tuple[Identifier, ...], Strict(False)]
InstanceTypes = Annotated[tuple[InstanceType, ...], Strict(False), Field(min_length=1)]
Hyperparameters = dict[Identifier, Json]


def repeated(names: Iterable[str], at: str) -> Iterable[Conflict]:
    """A conflict for each name that is there twice; Glue and Athena do not tell upper from lower case."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name.lower() in seen:
            yield Conflict((at, number), f"{name!r} is here twice")
        seen.add(name.lower())


OnTimeout = Literal["stop_then_fail", "keep_waiting"]


class JobSettings(Settings):
    """The machine a job runs on."""

    image: str = Field(description="Key of the environment's `images`, or a full URI.", min_length=1)
    instance: InstanceLadder = Field(
        description="SageMaker instance type, such as `ml.m5.xlarge`, or a list of types to try in turn "
        "while AWS lacks capacity."
    )
    instances: int = Field(default=1, ge=1, le=100, description="Number of instances.")
    volume: Annotated[int, Bytes(at_least="1 GiB", at_most="16 TiB", step="1 GiB")] = Field(
        default=30 * GIB, description="Disk of each instance."
    )
    max_runtime: Duration = Field(default=3600, description="The job is stopped after this long.")
    on_timeout: OnTimeout = Field(
        default="stop_then_fail",
        description="What happens when the job is not over an hour after that: it is stopped, or waited for.",
    )
    environment: dict[Identifier, str] = Field(
        default={}, description="Environment variables of the container; never a secret."
    )

    @property
    def longest(self) -> float:
        """Seconds from the job's creation until it must be over, time in the queue not counted."""
        return float(self.max_runtime)


def _checkpoints(value: Any) -> bool | str:
    if isinstance(value, bool) or (
        isinstance(value, str) and re.fullmatch(r"s3://[a-z0-9.-]{3,63}/.*", value)
    ):
        return value
    raise ValueError(f"{value!r}, must be true, false or an S3 prefix such as s3://bucket/checkpoints/")


Checkpoints = Annotated[
    Any, PlainValidator(_checkpoints), WithJsonSchema({"type": ["boolean", "string"], "pattern": "^s3://"})
]


class TrainingMachine(JobSettings):
    """The machine a training job runs on."""

    spot: bool = Field(
        default=False, description="Managed spot instances: cheaper, may be interrupted; needs `checkpoints`."
    )
    max_wait: Duration | None = Field(
        default=None,
        description="Spot only: the longest time from start to end, interruptions included; "
        "null: twice `max_runtime`.",
    )
    checkpoints: Checkpoints = Field(
        default=False,
        description="Keep `/opt/ml/checkpoints` in S3, so that an interrupted job goes on: "
        "true: below the run; or an S3 prefix.",
    )
    retries: Annotated[int, Field(ge=0, le=30)] = Field(
        default=0, description="Further tries by SageMaker itself after an internal error."
    )
    keep_alive: Annotated[int, Seconds(at_least="1s", at_most="6h")] | None = Field(
        default=None,
        description="Keep the instances warm for the next job this long after the end; they are billed.",
    )

    def conflicts(self) -> Iterable[Conflict]:
        """Spot without checkpoints, limits that do not fit, a warm pool of spot instances."""
        if self.spot and not self.checkpoints:
            yield Conflict(
                ("spot",), "needs checkpoints: true: an interrupted job would start over and be paid again"
            )
        if self.spot and self.keep_alive is not None:
            yield Conflict(("keep_alive",), "spot instances cannot be kept warm; drop one of the two")
        if self.max_wait is not None and not self.spot:
            yield Conflict(("max_wait",), "has no meaning without spot: true")
        if self.max_wait is not None and self.max_wait < self.max_runtime:
            yield Conflict(("max_wait",), "must be at least max_runtime")

    @property
    def longest(self) -> float:
        """Seconds from the job's creation until it must be over, time in the queue not counted."""
        return float(self.spot_wait if self.spot else self.max_runtime)

    @property
    def spot_wait(self) -> int:
        """Seconds from start to end of a spot job, interruptions included."""
        return self.max_wait or 2 * self.max_runtime


DIRECTIONS = {
    "roc_auc": "maximize",
    "average_precision": "maximize",
    "accuracy": "maximize",
    "f1": "maximize",
    "log_loss": "minimize",
    "brier_score": "minimize",
}
"""Metrics and the direction in which each gets better."""


class Metric(Settings):
    """The figure by which models are compared."""

    name: Literal["roc_auc", "average_precision", "log_loss", "brier_score", "accuracy", "f1"] = Field(
        description="Metric, named as in scikit-learn."
    )
    direction: Literal["maximize", "minimize"] = Field(description="Where better lies; must suit the metric.")

    def conflicts(self) -> Iterable[Conflict]:
        """A direction that is wrong for the metric."""
        if self.direction != (right := DIRECTIONS[self.name]):
            yield Conflict(("direction",), f"{self.direction!r}, must be {right!r} for {self.name}")


class Estimator(Settings):
    """A model and its fixed arguments."""

    estimator: EstimatorName = Field(description="Dotted name of the estimator.")
    hyperparameters: Hyperparameters = Field(default={}, description="Arguments of the estimator.")


class Receiver(Settings):
    """One place a message goes to: exactly one of `sns` and `slack`."""

    sns: TopicArn | None = Field(default=None, description="SNS topic.")
    slack: ConnectionId | None = Field(
        default=None,
        description="Airflow connection that holds a Slack webhook; its secret never stands in a file.",
    )

    def conflicts(self) -> Iterable[Conflict]:
        """Not exactly one of the two."""
        if (self.sns is None) == (self.slack is None):
            yield Conflict((), "must have exactly one of sns and slack")


Receivers = Annotated[tuple[Receiver, ...], Strict(False)]


class Notify(Settings):
    """Who is told, by event; a run tells each receiver once per event."""

    failure: Receivers = Field(
        default=(), description="Told when a run has failed: what, where, how to mend."
    )
    success: Receivers = Field(default=(), description="Told when a run has succeeded.")
    approval: Receivers = Field(
        default=(), description="Told when a task waits for a person; the DAG file hands them to that task."
    )

    def conflicts(self) -> Iterable[Conflict]:
        """A receiver that is there twice for one event."""
        for event in type(self).model_fields:
            receivers = getattr(self, event)
            for number, receiver in enumerate(receivers):
                if receiver in receivers[:number]:
                    yield Conflict((event, number), f"{receiver.sns or receiver.slack!r} is here twice")


class PipelineSettings(Settings):
    """`pipeline.yaml`: what Airflow is told about the whole."""

    description: str = Field(description="One sentence: the question the model answers.", min_length=1)
    schedule: str | None = Field(
        default=None, description="A cron line or a preset such as `@weekly`; null: started by hand."
    )
    start: date = Field(description="First day the schedule counts from.")
    tags: Annotated[tuple[str, ...], Strict(False)] = Field(
        default=(), description="Labels in Airflow's list of DAGs."
    )
    retries: int = Field(default=1, ge=0, le=10, description="Further tries of a failed task.")
    params: dict[Identifier, SettingPath] = Field(
        default={}, description="What one run may change: a name, and the setting it stands for (`step.key`)."
    )
    notify: Notify = Field(
        default_factory=Notify, description="Who is told of failure, success and approvals."
    )

    def conflicts(self) -> Iterable[Conflict]:
        """A schedule that is neither a preset nor a cron line."""
        presets = (
            "@once",
            "@continuous",
            "@hourly",
            "@daily",
            "@weekly",
            "@monthly",
            "@quarterly",
            "@yearly",
        )
        if self.schedule is not None and self.schedule not in presets and len(self.schedule.split()) != 5:
            yield Conflict(
                ("schedule",),
                f"{self.schedule!r}, must be null, a cron line of five fields, or {' | '.join(presets)}",
            )
