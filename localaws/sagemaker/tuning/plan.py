"""A CreateHyperParameterTuningJob request, read and checked.

Accepted and without effect here: what a training job accepts so, and the order of preference among several
instance types (the first is always to be had).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.refusals import invalid, refuse
from localaws.sagemaker.tuning.definition import WHERE, Definition, definition_of, resources
from localaws.sagemaker.tuning.parameters import Categorical
from localaws.sagemaker.tuning.trials import Objective

EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
MOST_EPOCHS = 20_000


@dataclass(frozen=True)
class Plan:
    """A checked tuning job.

    Attributes:
        total: Trials there may be, None without bound.
        parallel: Trials there may be at once.
        seconds: It may take, None without bound.
        median_rule: Whether trials that fall behind are stopped.
        epochs: Hyperband's least and most.
        criteria: The TuningJobCompletionCriteria.
    """

    strategy: str
    definitions: tuple[Definition, ...]
    total: int | None
    parallel: int
    seconds: int | None
    median_rule: bool
    epochs: tuple[int, int]
    criteria: dict[str, Any]

    @classmethod
    def of(cls, request: dict[str, Any]) -> Plan:
        """The plan of a request.

        Raises:
            AwsError: ValidationException or NotImplemented.
        """
        refuse(WHERE, request, ("Autotune",))
        config = request["HyperParameterTuningJobConfig"]
        definitions = tuple(definition_of(request, document) for document in _documents(request))
        if len({definition.objective.type for definition in definitions}) > 1:
            raise invalid("All training job definitions must have objectives of the same type")
        limits, strategy = config["ResourceLimits"], config["Strategy"]
        early = config.get("TrainingJobEarlyStoppingType", "Off") == "Auto"
        plan = cls(
            strategy=strategy,
            definitions=definitions,
            total=_total(strategy, definitions, limits),
            parallel=limits["MaxParallelTrainingJobs"],
            seconds=limits.get("MaxRuntimeInSeconds"),
            median_rule=early,
            epochs=_epochs(config, definitions) if strategy == "Hyperband" else (0, 0),
            criteria=config.get("TuningJobCompletionCriteria", {}),
        )
        if strategy != "Hyperband" and config.get("StrategyConfig"):
            raise invalid("StrategyConfig can only be given with the strategy Hyperband")
        if strategy == "Hyperband" and early:
            raise invalid(
                "TrainingJobEarlyStoppingType must be Off for the strategy Hyperband, which stops jobs itself"
            )
        return plan

    @property
    def watches(self) -> bool:
        """Whether trials are looked at while they run."""
        return self.median_rule or self.strategy == "Hyperband"

    @property
    def objective(self) -> Objective:
        """The objective by which trials of all definitions compare."""
        return self.definitions[0].objective


def described(job: dict[str, Any]) -> dict[str, Any]:
    """A stored job as it is described: definitions name their objective and the ResourceConfig, too.

    SDK 2's ``HyperparameterTuner.attach`` reads both, and asks for resources by the other member itself.
    """
    config = job["HyperParameterTuningJobConfig"]

    def named(document: dict[str, Any]) -> dict[str, Any]:
        objective = document.get("TuningObjective") or config["HyperParameterTuningJobObjective"]
        static = {
            **document.get("StaticHyperParameters", {}),
            "_tuning_objective_metric": objective["MetricName"],
        }
        return {**document, "StaticHyperParameters": static, "ResourceConfig": resources(document)}

    if "TrainingJobDefinition" in job:
        return {**job, "TrainingJobDefinition": named(job["TrainingJobDefinition"])}
    return {**job, "TrainingJobDefinitions": [named(document) for document in job["TrainingJobDefinitions"]]}


def _documents(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The training job definitions of a request."""
    single, several = request.get("TrainingJobDefinition"), request.get("TrainingJobDefinitions")
    if bool(single) == bool(several):
        raise invalid("You must provide either TrainingJobDefinition or TrainingJobDefinitions, and not both")
    if single:
        return [single]
    config = request["HyperParameterTuningJobConfig"]
    for member in ("ParameterRanges", "HyperParameterTuningJobObjective"):
        if member in config:
            raise invalid(f"{member} must be given in each of TrainingJobDefinitions, not for all of them")
    names = [document.get("DefinitionName") for document in several or []]
    if None in names or len(names) > len(set(names)):
        raise invalid("Each of TrainingJobDefinitions must have a DefinitionName of its own")
    return list(several or [])


def _total(strategy: str, definitions: tuple[Definition, ...], limits: dict[str, Any]) -> int | None:
    """The trials there may be."""
    counts = [definition.space.count for definition in definitions]
    combinations = None if None in counts else sum(count or 0 for count in counts)
    asked: int | None = limits.get("MaxNumberOfTrainingJobs")
    if strategy == "Grid":
        every = [parameter for definition in definitions for parameter in definition.space.parameters]
        if not all(isinstance(parameter, Categorical) for parameter in every):
            raise invalid("The strategy Grid supports only categorical hyperparameters")
        if asked not in (None, combinations):
            raise invalid(
                "With the strategy Grid, MaxNumberOfTrainingJobs must be left out or be the number of "
                f"distinct combinations, {combinations}, got {asked}"
            )
        return combinations
    if asked is None:
        if "MaxRuntimeInSeconds" not in limits:
            raise invalid("ResourceLimits must give MaxNumberOfTrainingJobs or MaxRuntimeInSeconds")
        return combinations
    if combinations is not None and combinations < asked:
        raise invalid(
            "You don't have enough combinations of hyperparameter ranges. The total number of "
            f"hyperparameter combinations for the provided ranges [{float(combinations)}] must be equal or "
            f"greater than the value of MaxNumberOfJobs, [{asked}]. Provide additional ranges."
        )
    return asked


def _epochs(config: dict[str, Any], definitions: tuple[Definition, ...]) -> tuple[int, int]:
    """The least and the most epochs of a trial under Hyperband."""
    given = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    static = [definition.static.get(name, "") for definition in definitions for name in EPOCHS]
    most = given.get("MaxResource") or next((int(text) for text in static if text.isdecimal()), 0)
    if not most:
        raise invalid(
            "MaxResource of HyperbandStrategyConfig must be given, or be inferable from one of the static "
            f"hyperparameters {', '.join(EPOCHS)}"
        )
    least = given.get("MinResource", 1)
    if not least <= most <= MOST_EPOCHS:
        raise invalid(f"MinResource <= MaxResource <= {MOST_EPOCHS} must hold, got {least} and {most}")
    return least, most
