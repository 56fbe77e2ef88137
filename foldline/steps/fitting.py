"""The steps that fit models and choose one: cross_validation, tuning, gate, training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from pydantic import Field, Strict

from foldline.stepfiles.spellings import EstimatorName, Identifier
from foldline.steps.settings import (
    Conflict,
    Hyperparameters,
    Json,
    Metric,
    RequestSettings,
    Settings,
    StepSettings,
    TrainingMachine,
)
from foldline.trials import Dimension, Space

_TRAINING = {"job.instance": "CreateTrainingJob"}


class CrossValidationSettings(RequestSettings):
    """`cross_validation`: one estimator, scored by one training job per fold."""

    instance_settings: ClassVar = _TRAINING
    estimator: EstimatorName = Field(description="Dotted name, such as `xgboost.XGBClassifier`.")
    hyperparameters: Hyperparameters = Field(default={}, description="Arguments of the estimator.")
    metric: Metric = Field(description="Score of a fold.")
    job: TrainingMachine = Field(description="Machine of each training job.")


class Axis(Settings):
    """One hyperparameter's values: exactly one of `int`, `float` and `categorical`."""

    integers: Annotated[tuple[int, int], Strict(False)] | None = Field(
        default=None, alias="int", description="`[low, high]`, both included."
    )
    floats: Annotated[tuple[float, float], Strict(False)] | None = Field(
        default=None, alias="float", description="`[low, high]`, both included."
    )
    categorical: Annotated[tuple[Json, ...], Strict(False), Field(min_length=1)] | None = Field(
        default=None, description="The values to choose from."
    )
    log: bool = Field(default=False, description="Sample on a logarithmic scale; needs a low end above 0.")

    def conflicts(self) -> Iterable[Conflict]:
        """Not exactly one kind of values, or bounds that span nothing."""
        forms = {"int": self.integers, "float": self.floats, "categorical": self.categorical}
        given = [name for name, values in forms.items() if values is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            yield Conflict((), f"must have exactly one of int, float and categorical, has {found}")
        for name, bounds in (("int", self.integers), ("float", self.floats)):
            if bounds is not None and not bounds[0] < bounds[1]:
                yield Conflict(
                    (name,), f"[{bounds[0]:g}, {bounds[1]:g}], the low end must be below the high end"
                )
            if bounds is not None and self.log and bounds[0] <= 0:
                yield Conflict((name,), f"low end {bounds[0]:g}, must be above 0 on a logarithmic scale")
        if self.categorical is not None and self.log:
            yield Conflict(("log",), "has no meaning for categorical values")

    def dimension(self, name: str) -> Dimension:
        """The axis as the sampler reads it."""
        if self.categorical is not None:
            return Dimension(name, "categorical", choices=self.categorical)
        kind, bounds = ("int", self.integers) if self.integers is not None else ("float", self.floats)
        assert bounds is not None, "conflicts() refused an axis without values"
        return Dimension(name, kind, bounds[0], bounds[1], self.log)


class SearchSettings(Settings):
    """Which trials are scored, and how many jobs at once."""

    sampler: Literal["tpe", "random"] = Field(default="tpe", description="How the next trial is chosen.")
    trials: int = Field(default=20, ge=1, le=1000, description="Sets of hyperparameters to score.")
    max_parallel: int = Field(default=10, ge=1, le=100, description="Most training jobs at once.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Seed of the sampler.")


class TuningSettings(RequestSettings):
    """`tuning`: a search; every trial is scored by one training job per fold, selection by the mean."""

    instance_settings: ClassVar = _TRAINING
    estimator: EstimatorName = Field(description="Dotted name, such as `xgboost.XGBClassifier`.")
    metric: Metric = Field(description="Score of a fold; trials are ranked by its mean.")
    hyperparameters: Hyperparameters = Field(default={}, description="Arguments that every trial shares.")
    space: Annotated[dict[Identifier, Axis], Field(min_length=1)] = Field(
        description="Searched: `{int: [lo, hi]}`, `{float: [lo, hi], log: true}` or `{categorical: […]}`."
    )
    search: SearchSettings = Field(default_factory=SearchSettings, description="How the space is searched.")
    job: TrainingMachine = Field(description="Machine of each training job.")

    def conflicts(self) -> Iterable[Conflict]:
        """A hyperparameter that is both fixed and searched."""
        for name in self.space:
            if name in self.hyperparameters:
                yield Conflict(("space", name), "is also fixed in hyperparameters; keep one")

    @property
    def search_space(self) -> Space:
        """The space as the sampler reads it, in the order of the file."""
        return Space(tuple(axis.dimension(name) for name, axis in self.space.items()))


class GateSettings(StepSettings):
    """`gate`: the candidate must beat the baseline, or the run stops here."""

    margin: float = Field(
        ge=0,
        description="Smallest mean over the folds of (candidate - baseline), in the metric's unit.",
    )


class TrainingSettings(RequestSettings):
    """`training`: the final fit, on all folds."""

    instance_settings: ClassVar = _TRAINING
    estimator: EstimatorName = Field(description="Dotted name, such as `xgboost.XGBClassifier`.")
    metric: Metric = Field(description="Score the model is chosen and registered by.")
    hyperparameters: Hyperparameters = Field(
        default={}, description="Arguments of the estimator; those of the best trial win over them."
    )
    job: TrainingMachine = Field(description="Machine of the training job.")
