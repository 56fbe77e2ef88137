"""The trials of a tuning job: what each tries, and how its training job stands."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from localaws.sagemaker.job_rules import FINAL

RETRYABLE = ("InternalServerError", "CapacityError")
COPIED = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "TrainingJobStatus",
    "FailureReason",
)


@dataclass(frozen=True)
class Objective:
    """What a tuning job wants more or less of."""

    type: str
    metric: str

    @classmethod
    def of(cls, document: dict[str, Any]) -> Objective:
        """The objective of a ``HyperParameterTuningJobObjective``."""
        return cls(document["Type"], document["MetricName"])

    def loss(self, value: float) -> float:
        """A value of the metric so turned that less is better."""
        return -value if self.type == "Maximize" else value


@dataclass
class Trial:
    """One trial.

    Attributes:
        number: From 1, in order of their start.
        job: Its training job's name.
        definition: Number of its training job definition, from 0.
        tuned: The hyperparameters that are tried.
        summary: Its training job as ListTrainingJobsForHyperParameterTuningJob tells it; empty before that
            job is seen.
    """

    number: int
    job: str
    definition: int
    tuned: dict[str, str]
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The training job's status."""
        return str(self.summary.get("TrainingJobStatus", "InProgress"))

    @property
    def ended(self) -> bool:
        """Whether the training job is over."""
        return self.status in FINAL

    @property
    def value(self) -> float | None:
        """The final objective, None when there is none (yet)."""
        metric = self.summary.get("FinalHyperParameterTuningJobObjectiveMetric")
        return None if metric is None else float(metric["Value"])

    @property
    def retryable(self) -> bool:
        """Whether the training job failed for no fault of its own."""
        return self.status == "Failed" and self.summary.get("FailureReason", "").startswith(RETRYABLE)

    def see(self, job: dict[str, Any], objective: Objective, definition_name: str) -> None:
        """Take over how the training job stands."""
        summary = {member: job[member] for member in COPIED if member in job}
        summary["TunedHyperParameters"] = self.tuned
        if definition_name:
            summary["TrainingJobDefinitionName"] = definition_name
        value = _final_value(job, objective.metric) if summary["TrainingJobStatus"] in FINAL else None
        if value is not None:
            metric = {"Type": objective.type, "MetricName": objective.metric, "Value": value}
            summary["FinalHyperParameterTuningJobObjectiveMetric"] = metric
        ended = summary["TrainingJobStatus"] in FINAL
        summary["ObjectiveStatus"] = "Pending" if not ended else "Failed" if value is None else "Succeeded"
        self.summary = summary

    def document(self) -> dict[str, Any]:
        """The trial as JSON, for ``Trial(**document)``."""
        return asdict(self)


def _final_value(job: dict[str, Any], metric: str) -> float | None:
    for found in job.get("FinalMetricDataList", []):
        if found["MetricName"] == metric and math.isfinite(found["Value"]):
            return float(found["Value"])
    return None


def status_counters(trials: list[Trial]) -> dict[str, int]:
    """``TrainingJobStatusCounters``."""
    return {
        "Completed": sum(trial.status == "Completed" for trial in trials),
        "InProgress": sum(not trial.ended for trial in trials),
        "RetryableError": sum(trial.retryable for trial in trials),
        "NonRetryableError": sum(trial.status == "Failed" and not trial.retryable for trial in trials),
        "Stopped": sum(trial.status == "Stopped" for trial in trials),
    }


def objective_counters(trials: list[Trial]) -> dict[str, int]:
    """``ObjectiveStatusCounters``."""
    return {
        "Succeeded": sum(trial.ended and trial.value is not None for trial in trials),
        "Pending": sum(not trial.ended for trial in trials),
        "Failed": sum(trial.ended and trial.value is None for trial in trials),
    }


def best(trials: list[Trial], objective: Objective) -> Trial | None:
    """The ended trial with the best objective, the first of equals; None when none has one."""
    scored = [
        (objective.loss(trial.value), trial.number, trial) for trial in trials if trial.value is not None
    ]
    return min(scored)[2] if scored else None
