"""Steps with a program of one's own, or the image's: processing_job, training_job, tuning_job, model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from foldline.stepfiles.spellings import (
    EntityName,
    Identifier,
    MetricName,
    ProgramName,
    ProjectFolder,
    S3Address,
)
from foldline.stepfiles.units import GIB, Bytes, Seconds
from foldline.steps.fitting import Axis
from foldline.steps.release import TransformMachine
from foldline.steps.settings import (
    Conflict,
    Hyperparameters,
    JobSettings,
    OnTimeout,
    RequestSettings,
    Settings,
    TrainingMachine,
    repeated,
)

CODE = "code"
"""Name of the input or channel that brings the source folder."""
Texts = Annotated[tuple[str, ...], Strict(False)]
Addresses = dict[Identifier, S3Address | None]


class OwnCode(RequestSettings):
    """A step whose job runs a program of one's own, or the image's."""

    source: ProjectFolder | None = Field(
        default=None,
        description="Folder, from the project's root, that is uploaded by its content; "
        "null: the image brings its program.",
    )
    program: ProgramName | None = Field(
        default=None,
        description="What runs: a script in that folder (`train.py`) or a module (`churn.train`).",
    )

    def conflicts(self) -> Iterable[Conflict]:
        """A program without a folder, or the reverse."""
        if (self.source is None) != (self.program is None):
            given, other = ("program", "source") if self.source is None else ("source", "program")
            yield Conflict((given,), f"needs {other} too")


class ProcessingJobSettings(OwnCode):
    """`processing_job`: one processing job, with inputs and outputs by name."""

    instance_settings: ClassVar = {"job.instance": "CreateProcessingJob"}
    arguments: Texts = Field(default=(), description="Command-line arguments; never a secret.")
    inputs: Addresses = Field(
        default={},
        description="S3 address by name; null: the DAG hands it in. "
        "Arrives in `/opt/ml/processing/input/<name>`.",
    )
    sharded: Annotated[tuple[Identifier, ...], Strict(False)] = Field(
        default=(), description="Inputs whose objects are divided among the instances; all others get copies."
    )
    outputs: Addresses = Field(
        default={},
        description="S3 prefix by name; null: below the run. Taken from `/opt/ml/processing/output/<name>`.",
    )
    job: JobSettings = Field(description="Machine of the processing job.")

    def conflicts(self) -> Iterable[Conflict]:
        """Half a program, the name of the code's own input, shards of nothing."""
        yield from super().conflicts()
        if self.source is not None and CODE in self.inputs:
            yield Conflict(("inputs", CODE), "is the name of the input that brings `source`")
        yield from repeated(self.sharded, "sharded")
        for number, name in enumerate(self.sharded):
            if name not in self.inputs:
                yield Conflict(("sharded", number), f"{name!r} is no input")
            elif self.job.instances == 1:
                yield Conflict(("sharded", number), "has no meaning with one instance")


class Channel(Settings):
    """One channel of training data."""

    uri: S3Address | None = Field(default=None, description="S3 address; null: the DAG hands it in.")
    content_type: str | None = Field(default=None, description="Media type, such as `text/csv`.")
    mode: Literal["file", "fast_file", "pipe"] = Field(
        default="file", description="Copied before the start, read as it is needed, or streamed."
    )
    sharded: bool = Field(default=False, description="Divide the objects among the instances.")
    manifest: bool = Field(default=False, description="The address is an S3 manifest.")


class OwnTraining(OwnCode):
    """What a training job and a search have in common."""

    hyperparameters: Hyperparameters = Field(
        default={}, description="Texts are passed as they are, all else as JSON; never a secret."
    )
    metrics: Annotated[dict[MetricName, str], Field(max_length=40)] = Field(
        default={},
        description="Regular expression by metric name, for the log; AWS's own algorithms bring theirs.",
    )
    channels: Annotated[dict[Identifier, Channel], Field(min_length=1)] = Field(
        description="Data by name; `{}`: the DAG hands them in. They arrive in `/opt/ml/input/data/<name>`."
    )
    job: TrainingMachine = Field(description="Machine of the training job.")

    def conflicts(self) -> Iterable[Conflict]:
        """Half a program, the name of the code's own channel, a metric that is found by nothing."""
        yield from super().conflicts()
        if self.source is not None and CODE in self.channels:
            yield Conflict(("channels", CODE), "is the name of the channel that brings `source`")
        for name, pattern in self.metrics.items():
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                yield Conflict(("metrics", name), f"{pattern!r} is no regular expression: {error}")
                continue
            if groups != 1:
                yield Conflict(("metrics", name), f"{pattern!r} must have one group, the value; has {groups}")


class TrainingJobSettings(OwnTraining):
    """`training_job`: one training job of one's own script, or of an image that brings its algorithm."""

    instance_settings: ClassVar = {"job.instance": "CreateTrainingJob"}
    arguments: Texts = Field(default=(), description="Command-line arguments; never a secret.")


class Objective(Settings):
    """What the search makes best."""

    metric: MetricName = Field(description="Name of the metric, such as `validation:auc`.")
    direction: Literal["maximize", "minimize"] = Field(description="Where better lies.")


class Tuner(Settings):
    """How SageMaker's tuner searches."""

    strategy: Literal["bayesian", "random", "grid", "hyperband"] = Field(
        default="bayesian", description="How the next trial is chosen."
    )
    trials: int | None = Field(
        default=20,
        ge=1,
        le=750,
        description="Training jobs at most; null for a grid, which knows its number.",
    )
    max_parallel: int = Field(default=4, ge=1, le=100, description="Training jobs at once.")
    early_stopping: bool = Field(default=False, description="Stop trials that fall behind the median.")
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, description="The same seed draws the same trials."
    )
    min_resource: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Hyperband: epochs before the first comparison."
    )
    max_resource: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Hyperband: epochs at most."
    )
    max_runtime: Annotated[int, Seconds(at_least="2m")] = Field(
        default=6 * 3600, description="The whole search ends after this long, with what it found."
    )

    def conflicts(self) -> Iterable[Conflict]:
        """What does not go with the strategy."""
        if self.strategy != "grid" and self.trials is None:
            yield Conflict(("trials",), f"must be given for {self.strategy}")
        if self.trials is not None and self.max_parallel > self.trials:
            yield Conflict(("max_parallel",), f"{self.max_parallel}, must be at most trials ({self.trials})")
        bounds = (self.min_resource, self.max_resource)
        if self.strategy == "hyperband":
            if None in bounds:
                yield Conflict(("strategy",), "hyperband needs min_resource and max_resource")
            if self.early_stopping:
                yield Conflict(("early_stopping",), "hyperband stops trials by itself")
        elif bounds != (None, None):
            yield Conflict(("strategy",), "min_resource and max_resource have a meaning for hyperband only")
        if bounds[0] is not None and bounds[1] is not None and bounds[0] >= bounds[1]:
            yield Conflict(("min_resource",), "must be below max_resource")


class WarmStart(Settings):
    """What earlier searches have found."""

    parents: Annotated[tuple[EntityName, ...], Strict(False), Field(min_length=1, max_length=5)] = Field(
        description="Names of earlier tuning jobs."
    )
    same: bool = Field(
        default=True, description="Whether data and image are the same; false: knowledge is transferred."
    )


class TuningJobSettings(OwnTraining):
    """`tuning_job`: a search by SageMaker's own tuner; the best training job wins."""

    instance_settings: ClassVar = {"job.instance": "CreateTrainingJob"}
    space: Annotated[dict[Identifier, Axis], Field(min_length=1, max_length=30)] = Field(
        description="Searched: `{int: [lo, hi]}`, `{float: [lo, hi], log: true}` or `{categorical: […]}`."
    )
    objective: Objective = Field(description="The metric, and where better lies.")
    search: Tuner = Field(default_factory=Tuner, description="How the space is searched.")
    warm_start: WarmStart | None = Field(default=None, description="Begin with what earlier searches found.")
    min_completed: int = Field(
        default=1, ge=1, description="With fewer completed training jobs the search has failed."
    )

    def conflicts(self) -> Iterable[Conflict]:
        """A search that cannot be asked for as it is written."""
        yield from super().conflicts()
        if self.program is not None and not self.program.endswith(".py"):
            yield Conflict(
                ("program",), "must be a script: a tuning job knows no entrypoint, only script mode"
            )
        if self.metrics and self.objective.metric not in self.metrics:
            yield Conflict(("objective", "metric"), f"{self.objective.metric!r} is not among metrics")
        if self.job.keep_alive is not None:
            yield Conflict(("job", "keep_alive"), "tuning jobs have no warm pools; drop it")
        if self.search.trials is not None and self.min_completed > self.search.trials:
            yield Conflict(("min_completed",), f"must be at most search.trials ({self.search.trials})")
        for name, axis in self.space.items():
            if name in self.hyperparameters:
                yield Conflict(("space", name), "is also fixed in hyperparameters; keep one")
            if self.search.strategy == "grid" and axis.categorical is None:
                yield Conflict(("space", name), "a grid takes categorical values only")

    @property
    def instance(self) -> tuple[str, ...]:
        """Instance types, in the order in which they are tried."""
        return self.job.instance

    @property
    def longest(self) -> float:
        """Seconds from the search's creation until it must be over."""
        return float(self.search.max_runtime)

    @property
    def on_timeout(self) -> OnTimeout:
        """What a search that takes longer meets."""
        return self.job.on_timeout


class TransformJobSettings(TransformMachine):
    """`transform_job`: batch predictions of any data by any model."""

    instance_settings: ClassVar = {"instance": "CreateTransformJob"}
    input: S3Address | None = Field(
        default=None, description="S3 address of the data; null: the DAG hands it in."
    )
    output: S3Address | None = Field(
        default=None, description="S3 prefix of the answers; null: below the run."
    )
    content_type: str = Field(default="text/csv", description="Media type of the data.")
    accept: str = Field(default="text/csv", description="Media type of the answers.")
    split: Literal["line", "record_io", "none"] = Field(
        default="line", description="What is a record: a line, a RecordIO record, or a whole object."
    )
    batch: Literal["many", "one"] = Field(default="many", description="Records in one request.")
    input_filter: str = Field(default="$", description="JSONPath: what of a record the model sees.")
    output_filter: str = Field(default="$", description="JSONPath: what of an answer is kept.")
    join: bool = Field(default=False, description="Join each answer to its record.")
    count_up_to: Annotated[int, Bytes(at_least="1 MiB")] = Field(
        default=GIB,
        description="Lines in and out are counted when the data are no larger; beyond, objects only.",
    )

    def conflicts(self) -> Iterable[Conflict]:
        """Many records in one request, of data that are not split."""
        if self.split == "none" and self.batch == "many":
            yield Conflict(("batch",), "must be `one` when split is none")


class ModelSettings(RequestSettings):
    """`model`: a SageMaker model, named by its content."""

    prefix: EntityName | None = Field(default=None, description="Start of its name; null: the step's name.")
    image: str | None = Field(
        default=None,
        min_length=1,
        description="Key of the environment's `images`, or a full URI; null: a model package brings its own.",
    )
    environment: dict[Identifier, str] = Field(
        default={}, description="Environment variables of the container; never a secret."
    )
