"""Requests that run a built-in algorithm's own program, and the metrics SageMaker reads off its log lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.algorithms.predefined import predefined_metrics
from localaws.containers.images import ALGORITHMS, repository
from localaws.sagemaker.refusals import invalid

CUSTOMER_ERROR = 2  # the exit code of an algorithm whose hyperparameters or data are wrong


def built_in(algorithm: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> str:
    """The repository of the algorithm a job runs; empty when it runs a program of its own.

    Args:
        algorithm: The request's ``AlgorithmSpecification``.
        hyperparameters: The job's; a script is named there.
    """
    name = repository(algorithm.get("TrainingImage", ""))
    own = "ContainerEntrypoint" in algorithm or "sagemaker_program" in hyperparameters
    return name if name in ALGORITHMS and not own else ""


def with_metrics(algorithm: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """An AlgorithmSpecification with the metric definitions of a built-in algorithm filled in.

    Raises:
        AwsError: ValidationException; the request defines metrics of a built-in algorithm.
    """
    name = built_in(algorithm, hyperparameters)
    if not name:
        return dict(algorithm)
    if algorithm.get("MetricDefinitions"):
        raise invalid(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the "
            "request without specifying metric definitions."
        )
    metrics = [{"Name": metric, "Regex": regex} for metric, regex in predefined_metrics(name)]
    return {**algorithm, "MetricDefinitions": metrics}
