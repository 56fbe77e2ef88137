"""One training job definition of a tuning job: its search space, and the training jobs of its trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localaws.sagemaker.refusals import invalid, not_implemented
from localaws.sagemaker.training.algorithm_metrics import with_metrics
from localaws.sagemaker.training.request import check_training_request
from localaws.sagemaker.tuning.parameters import parameters
from localaws.sagemaker.tuning.space import Space
from localaws.sagemaker.tuning.trials import Objective

WHERE = "CreateHyperParameterTuningJob"
HYPERPARAMETERS = 100  # a training job takes; the objective's name is one of them
PASSED_ON = (
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "RetryStrategy",
    "Environment",
)


@dataclass(frozen=True)
class Definition:
    """One training job definition: what its trials search, and all their training jobs have in common."""

    name: str
    space: Space
    objective: Objective
    static: dict[str, str]
    document: dict[str, Any]

    @property
    def pattern(self) -> str:
        """The regular expression that finds the objective in a log line; empty when the image is to know."""
        found = with_metrics(self.document["AlgorithmSpecification"], self.static).get(
            "MetricDefinitions", []
        )
        return next((one["Regex"] for one in found if one["Name"] == self.objective.metric), "")

    def training_request(
        self, name: str, tuned: dict[str, str], tags: list[dict[str, str]]
    ) -> dict[str, Any]:
        """The CreateTrainingJob request of a trial."""
        request = {member: self.document[member] for member in PASSED_ON if member in self.document}
        if (
            "CheckpointConfig" in request
        ):  # a place of its own, or one trial would go on where another stopped
            checkpoints = request["CheckpointConfig"]
            place = f"{checkpoints['S3Uri'].rstrip('/')}/{name}"
            request["CheckpointConfig"] = {**checkpoints, "S3Uri": place}
        return {
            **request,
            "TrainingJobName": name,
            "AlgorithmSpecification": self.document["AlgorithmSpecification"],
            "ResourceConfig": resources(self.document),
            "HyperParameters": {
                **self.static,
                **tuned,
                "_tuning_objective_metric": self.objective.metric,
            },
            **({"Tags": tags} if tags else {}),
        }


def definition_of(request: dict[str, Any], document: dict[str, Any]) -> Definition:
    """A checked definition of a CreateHyperParameterTuningJob request.

    Raises:
        AwsError: ValidationException or NotImplemented.
    """
    config = request["HyperParameterTuningJobConfig"]
    ranges = document.get("HyperParameterRanges") or config.get("ParameterRanges") or {}
    if ranges.get("AutoParameters"):
        raise not_implemented(f"{WHERE}.AutoParameters")
    objective = document.get("TuningObjective") or config.get("HyperParameterTuningJobObjective")
    if not objective:
        raise invalid("A hyperparameter tuning job objective must be given")
    space = Space(tuple(parameters(ranges)))
    if not space.parameters:
        raise invalid("At least one hyperparameter range must be given")
    static = document.get("StaticHyperParameters", {})
    both = sorted({parameter.name for parameter in space.parameters} & set(static))
    if both:
        raise invalid(f"A hyperparameter is either static or tunable, {', '.join(both)} would be both")
    if len(space.parameters) + len(static) >= HYPERPARAMETERS:
        raise invalid(
            f"At most {HYPERPARAMETERS} hyperparameters can be given, one of them _tuning_objective_metric"
        )
    name = document.get("DefinitionName", "")
    definition = Definition(name, space, Objective.of(objective), static, document)
    if not definition.pattern:
        raise invalid(
            "A metric is required for this hyperparameter tuning job objective. "
            "Provide a metric in the metric definitions."
        )
    _check_trials(request["HyperParameterTuningJobName"], definition)
    return definition


def _check_trials(tuning: str, definition: Definition) -> None:
    """Refuse what the trials' training jobs would be refused for."""
    tuned = {parameter.name: parameter.value(0.5) for parameter in definition.space.parameters}
    check_training_request(definition.training_request(f"{tuning}-001-00000000", tuned, []))


def resources(document: dict[str, Any]) -> dict[str, Any]:
    """The ResourceConfig of the trials."""
    preferred = document.get("HyperParameterTuningResourceConfig")
    if not preferred:
        if "ResourceConfig" not in document:
            raise invalid("You must provide either ResourceConfig or HyperParameterTuningResourceConfig")
        resources: dict[str, Any] = document["ResourceConfig"]
        return resources
    if "ResourceConfig" in document:
        raise invalid(
            "You must provide either ResourceConfig or HyperParameterTuningResourceConfig, and not both"
        )
    first = next(iter(preferred.get("InstanceConfigs", [])), preferred)
    both = {**preferred, **first}
    members = ("InstanceType", "InstanceCount", "VolumeSizeInGB", "VolumeKmsKeyId")
    return {member: both[member] for member in members if member in both}
