"""Requests against botocore's service models."""

from __future__ import annotations

import pytest

from foldline.contracts import check, instance_types, violations
from foldline.errors import RequestError


def training_job(**changes: object) -> dict:
    request = {
        "TrainingJobName": "fit-g0",
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/foldline-jobs",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/jobs/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    return {**request, **changes}


def broken(**changes: object) -> list[str]:
    return violations("sagemaker", "CreateTrainingJob", training_job(**changes))


def test_a_good_request_breaks_nothing():
    """
    What SageMaker would take passes.
    """
    assert [] == broken(Tags=[{"Key": "foldline:key", "Value": "ü 1"}], HyperParameters={"a": "1"})


def test_an_unknown_instance_type_has_a_nearest_match():
    """
    An enum of hundreds is not listed; the nearest of them is named.
    """
    resources = {"InstanceType": "ml.m5.lrge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    known = len(instance_types("CreateTrainingJob"))
    expected = f"ResourceConfig.InstanceType: 'ml.m5.lrge' is not one of {known} known values; did you mean 'ml.m5.large'?"
    assert [expected] == broken(ResourceConfig=resources)


def test_a_short_enum_is_listed():
    """
    An enum of a few values is shown whole.
    """
    algorithm = {"TrainingImage": "image", "TrainingInputMode": "Files"}
    expected = "AlgorithmSpecification.TrainingInputMode: 'Files' is not one of Pipe, File, FastFile; did you mean 'File'?"
    assert [expected] == broken(AlgorithmSpecification=algorithm)


def test_length_and_pattern():
    """
    A name is checked for its length first, then for its pattern.
    """
    assert ["TrainingJobName: 96 characters, at most 63"] == broken(TrainingJobName="a" * 96)
    (told,) = broken(TrainingJobName="under_score")
    assert told.startswith("TrainingJobName: 'under_score' does not match ")


def test_members():
    """
    Missing and unknown members are told by path, and null is not a value.
    """
    expected = [
        "OutputDataConfig.S3OutputPath: is missing",
        "OutputDataConfig.S3OutputPth: unknown member; did you mean 'S3OutputPath'?",
        "StoppingCondition: null; leave it out",
    ]
    assert expected == broken(OutputDataConfig={"S3OutputPth": "s3://b/"}, StoppingCondition=None)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"HyperParameters": {"a": 1}}, "HyperParameters.a: 1, must be text"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": "9"}}, "StoppingCondition.MaxRuntimeInSeconds: '9', must be a whole number"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": True}}, "StoppingCondition.MaxRuntimeInSeconds: true, must be a whole number"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "StoppingCondition.MaxRuntimeInSeconds: 0, at least 1"),
        ({"Tags": {"Key": "a"}}, "Tags: a mapping, must be a list"),
        ({"Tags": [{"Key": "", "Value": "x"}]}, "Tags[0].Key: 0 characters, at least 1"),
        ({"Tags": [{"Key": "a", "Value": "x"}] * 51}, "Tags: 51 entries, at most 50"),
        ({"EnableNetworkIsolation": "yes"}, "EnableNetworkIsolation: 'yes', must be true or false"),
    ],
)  # fmt: skip
def test_types_and_ranges(changes, told):
    """
    Wrong types, sizes and ranges are each told at their path.
    """
    assert [told] == broken(**changes)


def test_all_violations_are_told_at_once():
    """
    A check raises one error with everything that is wrong and where to mend it.
    """
    request = training_job(TrainingJobName="a b", HyperParameters={"a": 1})
    with pytest.raises(RequestError) as caught:
        check("sagemaker", "CreateTrainingJob", request, where="infra/churn/training.yaml")
    text = str(caught.value)
    assert "TrainingJobName: 'a b' does not match" in text
    assert "HyperParameters.a: 1, must be text" in text
    assert "infra/churn/training.yaml" in text


def test_exactly_one_member_of_a_union():
    """
    A union with two members is refused.
    """
    source = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/x"}}}
    request = {
        "AutoMLJobName": "x",
        "AutoMLJobInputDataConfig": [source],
        "OutputDataConfig": {"S3OutputPath": "s3://b/x"},
        "RoleArn": "arn:aws:iam::123456789012:role/foldline-jobs",
    }

    def found(union: dict) -> list[str]:
        return violations("sagemaker", "CreateAutoMLJobV2", {**request, "AutoMLProblemTypeConfig": union})

    one = {"TabularJobConfig": {"TargetAttributeName": "y"}}
    assert [] == found(one)
    (told,) = found({**one, "TextGenerationJobConfig": {}})
    assert told.startswith("AutoMLProblemTypeConfig: must have exactly one of ")


def test_instance_types_differ_by_operation():
    """
    Processing, training, transform and endpoints know different instances.
    """
    operations = ("CreateTrainingJob", "CreateProcessingJob", "CreateTransformJob", "CreateEndpointConfig")
    assert all("ml.m5.large" in instance_types(operation) for operation in operations)
    assert "ml.t2.medium" in instance_types("CreateEndpointConfig")
    assert "ml.t2.medium" not in instance_types("CreateTrainingJob")
    assert () == instance_types("DescribeTrainingJob")


@pytest.mark.parametrize(
    ("service", "operation", "told"),
    [
        ("sagemakr", "CreateModel", "no service 'sagemakr'"),
        ("sagemaker", "CreateModul", "no operation sagemaker.CreateModul"),
    ],
)
def test_an_unknown_operation(service, operation, told):
    """
    A service or operation that botocore does not know is a mistake of the caller.
    """
    with pytest.raises(ValueError, match=told):
        violations(service, operation, {})
