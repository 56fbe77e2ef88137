"""Which tuning requests are refused, and how."""

from __future__ import annotations

import copy

import pytest
from botocore.exceptions import ClientError

X = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]}
C = {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2", "3"]}]}


def config(**members):
    """Changes of the tuning job's configuration."""
    return {"HyperParameterTuningJobConfig": members}


def ranges(kind, **members):
    """A configuration with one range."""
    return config(ParameterRanges={f"{kind}ParameterRanges": [{"Name": "x", **members}]})


def limits(jobs, **members):
    """A configuration with other limits."""
    return config(ResourceLimits={"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1}, **members)


def definition(**members):
    """Changes of the training job definition."""
    return {"TrainingJobDefinition": members}


NO_METRIC = {
    "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1",
    "TrainingInputMode": "File",
}
WARM = {
    "WarmStartConfig": {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}],
        "WarmStartType": "TransferLearning",
    }
}
REFUSED = {
    "too few combinations": (
        limits(10, ParameterRanges=C),
        "ValidationException",
        "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations "
        "for the provided ranges [3.0] must be equal or greater than the value of MaxNumberOfJobs, [10].",
    ),
    "no metric": (
        definition(AlgorithmSpecification=NO_METRIC),
        "ValidationException",
        "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions.",
    ),
    "a grid of numbers": (config(Strategy="Grid"), "ValidationException", "only categorical"),
    "a grid of another size": (
        limits(2, Strategy="Grid", ParameterRanges=C),
        "ValidationException",
        "combinations, 3",
    ),
    "an empty range": (
        ranges("Continuous", MinValue="1", MaxValue="1"),
        "ValidationException",
        "less than MaxValue",
    ),
    "a bound that is no number": (
        ranges("Integer", MinValue="a", MaxValue="2"),
        "ValidationException",
        "not a number",
    ),
    "an integer with decimals": (
        ranges("Integer", MinValue="1.5", MaxValue="2"),
        "ValidationException",
        "integers",
    ),
    "the logarithm of nothing": (
        ranges("Continuous", MinValue="0", MaxValue="1", ScalingType="Logarithmic"),
        "ValidationException",
        "greater than 0",
    ),
    "a reversed logarithm beyond one": (
        ranges("Continuous", MinValue="0", MaxValue="1", ScalingType="ReverseLogarithmic"),
        "ValidationException",
        "0 <= x < 1",
    ),
    "duplicate values": (ranges("Categorical", Values=["1", "1"]), "ValidationException", "duplicate"),
    "no ranges": (config(ParameterRanges={}), "ValidationException", "At least one hyperparameter range"),
    "static and tuned": (
        definition(StaticHyperParameters={"x": "1", "sagemaker_program": "train.py"}),
        "ValidationException",
        "either static or tunable, x",
    ),
    "Hyperband without epochs": (config(Strategy="Hyperband"), "ValidationException", "MaxResource"),
    "Hyperband with early stopping": (
        config(
            Strategy="Hyperband",
            StrategyConfig={"HyperbandStrategyConfig": {"MaxResource": 9}},
            TrainingJobEarlyStoppingType="Auto",
        ),
        "ValidationException",
        "must be Off",
    ),
    "no limit at all": (
        config(ResourceLimits={"MaxParallelTrainingJobs": 1}),
        "ValidationException",
        "MaxNumberOfTrainingJobs or MaxRuntimeInSeconds",
    ),
    "a parent that is not there": (WARM, "ResourceNotFound", "can't find a tuning job"),
    "Autotune": ({"Autotune": {"Mode": "Enabled"}}, "NotImplemented", "Autotune"),
    "AutoParameters": (
        config(ParameterRanges={**X, "AutoParameters": [{"Name": "y", "ValueHint": "1"}]}),
        "NotImplemented",
        "AutoParameters",
    ),
    "what a training job is refused": (
        definition(AlgorithmSpecification={"TrainingInputMode": "Pipe"}),
        "NotImplemented",
        "TrainingInputMode",
    ),
    "a long name": (
        {"HyperParameterTuningJobName": "n" * 33},
        "ValidationException",
        "less than or equal to 32",
    ),
}


@pytest.mark.parametrize(("change", "code", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(tuner, change, code, text):
    """
    A request that makes no sense, or asks for what is not there, is refused with its code and a sentence that says why.
    """
    request = copy.deepcopy(tuner.request("pass", ranges=X, jobs=3))
    for member, value in change.items():
        if isinstance(value, dict) and member in request:
            keep = {**request[member], **value}
            if member == "TrainingJobDefinition" and "TrainingInputMode" in value.get(
                "AlgorithmSpecification", {}
            ):
                old = request[member]["AlgorithmSpecification"]
                new = value["AlgorithmSpecification"]
                keep["AlgorithmSpecification"] = new if "TrainingImage" in new else {**old, **new}
            request[member] = keep
        else:
            request[member] = value
    with pytest.raises(ClientError) as refused:
        tuner.sagemaker.create_hyper_parameter_tuning_job(**request)

    assert code == refused.value.response["Error"]["Code"]
    assert text in refused.value.response["Error"]["Message"]


def test_no_job_of_a_refused_request(tuner):
    """
    A refused request leaves no tuning job behind.
    """
    request = {**tuner.request("pass", ranges=X, jobs=3), "Autotune": {"Mode": "Enabled"}}
    with pytest.raises(ClientError):
        tuner.sagemaker.create_hyper_parameter_tuning_job(**request)
    name = request["HyperParameterTuningJobName"]

    assert (
        []
        == tuner.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name)[
            "HyperParameterTuningJobSummaries"
        ]
    )


def test_a_warm_search_has_the_parents_hyperparameters(tuner):
    """
    Warm start with another set of hyperparameter names is refused in AWS's words.
    """
    parent = tuner.request("tell(1)", ranges=C, Strategy="Grid")
    name = tuner.create(parent)
    tuner.tuned(name)
    child = tuner.request("tell(1)", ranges=X, jobs=3, static={"more": "1"})
    warm = copy.deepcopy(WARM)
    warm["WarmStartConfig"]["ParentHyperParameterTuningJobs"][0]["HyperParameterTuningJobName"] = name
    with pytest.raises(
        ClientError, match="The set of tunable plus static HyperParameter names is not the same"
    ):
        tuner.sagemaker.create_hyper_parameter_tuning_job(**child, **warm)
    other = tuner.request("tell(1)", ranges=X, jobs=3)
    with pytest.raises(ClientError, match="type of the hyperparameter x is not the same"):
        tuner.sagemaker.create_hyper_parameter_tuning_job(**other, **warm)
