"""Requests are checked by AWS's service models, in AWS's sentences; answers are shaped by them."""

from __future__ import annotations

import datetime as dt

import pytest

from localaws.errors import AwsError
from localaws.patterns import matches
from localaws.shapes import check, service_model, shaped


def input_shape(service: str, operation: str):
    return service_model(service).operation_model(operation).input_shape


def complaint(service: str, operation: str, **members) -> AwsError:
    with pytest.raises(AwsError) as caught:
        check(input_shape(service, operation), members, "ValidationException")
    return caught.value


TRAINING = {
    "TrainingJobName": "job",
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/r",
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


class TestCheck:
    def test_a_right_request_passes_without_unknown_members(self):
        """
        A right request comes out as it went in, less what the model does not know.
        """
        found = check(input_shape("sagemaker", "CreateTrainingJob"), {**TRAINING, "Bogus": 1}, "V")
        assert TRAINING == found

    def test_pattern(self):
        """
        A name that breaks the pattern is told with the value, the path and the pattern.
        """
        found = complaint("sagemaker", "CreateTrainingJob", **{**TRAINING, "TrainingJobName": "bad name!"})
        assert (
            "1 validation error detected: Value 'bad name!' at 'trainingJobName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
        ) == found.message

    def test_missing_members_are_all_told(self):
        """
        Every missing member is told at once.
        """
        found = complaint("sagemaker", "CreateTrainingJob", TrainingJobName="job")
        assert found.message.startswith("2 validation errors detected: Value null at '")
        assert (
            "Value null at 'roleArn' failed to satisfy constraint: Member must not be null" in found.message
        )

    def test_nested_path_enum_and_range(self):
        """
        A value deep inside is told by its path; lists count from 1.
        """
        resources = {"InstanceType": "ml.m5.lrge", "InstanceCount": -1, "VolumeSizeInGB": 1}
        found = complaint("sagemaker", "CreateTrainingJob", **TRAINING, ResourceConfig=resources)
        assert "Value 'ml.m5.lrge' at 'resourceConfig.instanceType' failed" in found.message
        assert "Member must satisfy enum value set: [" in found.message
        assert (
            "Value '-1' at 'resourceConfig.instanceCount' failed to satisfy constraint: "
            "Member must have value greater than or equal to 0"
        ) in found.message
        channels = [{"ChannelName": "a b", "DataSource": {}}]
        found = complaint("sagemaker", "CreateTrainingJob", **TRAINING, InputDataConfig=channels)
        assert "Value 'a b' at 'inputDataConfig.1.member.channelName' failed" in found.message

    def test_length(self):
        """
        A text or a list too long is told by its limit.
        """
        tags = [{"Key": "k", "Value": "v"}] * 51
        found = complaint("sagemaker", "CreateTrainingJob", **TRAINING, Tags=tags)
        assert "at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50" in (
            found.message
        )

    @pytest.mark.parametrize("wrong", [7, ["x"], {"a": 1}, True])
    def test_wrong_type(self, wrong):
        """
        A member of another type cannot be read at all.
        """
        found = complaint("sagemaker", "CreateTrainingJob", **{**TRAINING, "TrainingJobName": wrong})
        assert "SerializationException" == found.code


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "value", "expected"),
        [
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "name = ünï/日本 7", True),
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "no#hash", False),
            (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "no 🙂", False),
            (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}", "ok", True),
            (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "tab\tand 🙂", True),
            (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "line\nbreak", False),
            (r"[\w-_]*", "a-b_c", True),
            (r"\p{ASCII}*", "plain", True),
            (r"\p{ASCII}*", "ü", False),
            (r"\A\S[\p{Print}]*\z", "visible text", True),
            (r"arn:[\p{Alnum}\-]+:lambda:.*", "arn:aws-cn:lambda:x", True),
            (r"(?!.*[/:\\])[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]+", "a/b", False),
        ],
    )
    def test_foreign_dialects(self, pattern, value, expected):
        """
        Java's and ECMAScript's classes judge as there, on any script.
        """
        assert expected == matches(pattern, value)

    @pytest.mark.parametrize(
        "service", ["sagemaker", "glue", "athena", "logs", "sts", "iam", "sagemaker-runtime"]
    )
    def test_every_pattern_compiles(self, service):
        """
        Every pattern of the services played here is one Python can judge.
        """
        from localaws.patterns import _compiled

        model = service_model(service)
        patterns = {
            shape.get("pattern")
            for shape in model._service_description["shapes"].values()
            if "pattern" in shape
        }
        assert patterns
        for pattern in patterns:
            _compiled(pattern, "")


class TestShaped:
    def test_times_and_unknown_members(self):
        """
        Times come out as epoch seconds, unknown members and Nones not at all.
        """
        shape = service_model("sagemaker").operation_model("DescribeModel").output_shape
        moment = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
        model = {"ModelName": "m", "CreationTime": moment, "own": 1, "ExecutionRoleArn": None}
        assert {"ModelName": "m", "CreationTime": moment.timestamp()} == shaped(shape, model)

    def test_nested(self):
        """
        Lists and maps are shaped inside.
        """
        shape = service_model("glue").operation_model("GetTables").output_shape
        tables = {"TableList": [{"Name": "t", "CreateTime": 1.23456, "Parameters": {"a": "b"}, "_id": 1}]}
        expected = {"TableList": [{"Name": "t", "CreateTime": 1.235, "Parameters": {"a": "b"}}]}
        assert expected == shaped(shape, tables)
