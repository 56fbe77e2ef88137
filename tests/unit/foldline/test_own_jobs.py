"""Steps with a program of one's own: settings that agree, requests that AWS takes."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from foldline.contracts import violations
from foldline.environment import Environment
from foldline.errors import ConfigError
from foldline.layout import S3Uri
from foldline.ownjobs import (
    Data,
    plain,
    processing_job_request,
    training_job_request,
    transform_job_request,
    tuning_job_request,
)
from foldline.remote.hosting.models import holds
from foldline.remote.storage.artifacts import Counts, head_problem
from foldline.remote.storage.sourcetree import folder_tree
from foldline.requests import with_checkpoints
from foldline.steps.sagemaker import (
    ProcessingJobSettings,
    TrainingJobSettings,
    TransformJobSettings,
    TuningJobSettings,
)
from foldline.steps.settings import TrainingMachine

MACHINE: dict[str, Any] = {"image": "xgboost", "instance": "ml.m5.large"}
TRAIN = S3Uri("bucket", "train/")
CODE = S3Uri("bucket", "code/")


@pytest.fixture
def environment() -> Environment:
    """An environment with everything a request may need."""
    return Environment.model_validate(
        {
            "name": "test",
            "account": "123456789012",
            "region": "us-east-1",
            "bucket": "test-bucket",
            "role": "arn:aws:iam::123456789012:role/jobs",
            "roles": {"training_job": "arn:aws:iam::123456789012:role/own"},
            "images": {"xgboost": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"},
            "kms_key": "arn:aws:kms:us-east-1:123456789012:key/0000",
            "subnets": ["subnet-0123456789abcdef0"],
            "security_groups": ["sg-0123456789abcdef0"],
        }
    )


def machine(**members: Any) -> TrainingMachine:
    return TrainingMachine.model_validate({**MACHINE, **members})


def tuning(**members: Any) -> TuningJobSettings:
    document = {
        "channels": {"train": {}},
        "space": {"depth": {"int": [1, 5]}, "rate": {"float": [0.1, 1.0], "log": True}},
        "objective": {"metric": "validation:auc", "direction": "maximize"},
        "job": MACHINE,
        **members,
    }
    return TuningJobSettings.model_validate(document)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"spot": True}, "needs checkpoints"),
        ({"spot": True, "checkpoints": True, "keep_alive": "10m"}, "cannot be kept warm"),
        ({"max_wait": "2h"}, "has no meaning without spot"),
        ({"spot": True, "checkpoints": True, "max_runtime": "2h", "max_wait": "1h"}, "at least max_runtime"),
        ({"checkpoints": "bucket/prefix"}, "an S3 prefix"),
        ({"keep_alive": "7h"}, "at most 6h"),
        ({"instance": []}, "at least 1 item"),
        ({"instance": ["ml.m5.large", "m5"]}, "is no instance type"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(members: dict[str, Any], words: str) -> None:
    """
    Spot needs checkpoints, limits that fit, and has no warm pool.
    """
    with pytest.raises(ValidationError, match=words):
        machine(**members)


def test_a_ladder_is_written_as_it_was_read() -> None:
    """
    One type stays a text, several stay a list.
    """
    assert "ml.m5.large" == machine().document()["instance"]
    assert ["ml.m5.large", "ml.m5.xlarge"] == machine(instance=["ml.m5.large", "ml.m5.xlarge"]).document()[
        "instance"
    ]


def test_the_budget_of_a_spot_job_is_its_whole_wait() -> None:
    """
    Interruptions count: twice the run time unless said otherwise.
    """
    assert 3600 == machine(max_runtime="1h").longest
    assert 7200 == machine(max_runtime="1h", spot=True, checkpoints=True).longest
    assert 10800 == machine(max_runtime="1h", max_wait="3h", spot=True, checkpoints=True).longest


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"program": "train.py"}, "needs source too"),
        ({"source": "code", "program": "pkg.train"}, "must be a script"),
        ({"metrics": {"loss": "loss=(.*)"}}, "is not among metrics"),
        ({"metrics": {"validation:auc": "auc=.*"}}, "must have one group"),
        ({"metrics": {"validation:auc": "auc=("}}, "is no regular expression"),
        ({"hyperparameters": {"depth": 3}}, "is also fixed"),
        ({"search": {"strategy": "grid", "trials": None}}, "a grid takes categorical"),
        ({"search": {"strategy": "hyperband"}}, "needs min_resource"),
        ({"search": {"strategy": "random", "trials": None}}, "must be given for random"),
        ({"search": {"trials": 2, "max_parallel": 3}}, "must be at most trials"),
        ({"search": {"trials": 2, "max_parallel": 1}, "min_completed": 3}, "must be at most search.trials"),
        ({"job": {**MACHINE, "keep_alive": "5m"}}, "no warm pools"),
        ({"source": "code", "program": "t.py", "channels": {"code": {}}}, "the channel that brings"),
    ],
)
def test_a_search_that_cannot_be_asked_for_is_refused(members: dict[str, Any], words: str) -> None:
    """
    Before anything is sent, in words that say what to change.
    """
    with pytest.raises(ValidationError, match=words):
        tuning(**members)


def test_a_training_request_has_all_that_its_machine_says(environment: Environment) -> None:
    """
    Spot, retries, checkpoints by key, one's own role, script and arguments; and AWS takes it.
    """
    settings = TrainingJobSettings.model_validate(
        {
            "source": "code",
            "program": "train.py",
            "arguments": ["--fast"],
            "channels": {"train": {"mode": "fast_file", "sharded": True, "content_type": "text/csv"}},
            "job": {**MACHINE, "spot": True, "checkpoints": True, "retries": 3, "instances": 2},
        }
    )
    hyperparameters = {"word": "as it is", "depth": 3, "flag": True}

    request = training_job_request(
        settings,
        environment,
        code=CODE,
        data={"train": Data(TRAIN)},
        hyperparameters=hyperparameters,
        output=S3Uri("bucket", "out/"),
    )
    request = with_checkpoints(request, settings.job, S3Uri("bucket", "checkpoints/"), "key")

    assert [] == violations("sagemaker", "CreateTrainingJob", {"TrainingJobName": "name", **request})
    assert {"word": "as it is", "depth": "3", "flag": "true"} == request["HyperParameters"]
    assert "s3://bucket/checkpoints/key/" == request["CheckpointConfig"]["S3Uri"]
    assert {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200} == request["StoppingCondition"]
    assert {"MaximumRetryAttempts": 3} == request["RetryStrategy"]
    assert "arn:aws:iam::123456789012:role/own" == request["RoleArn"]
    algorithm = request["AlgorithmSpecification"]
    assert ["python3", "/opt/ml/input/data/code/train.py"] == algorithm["ContainerEntrypoint"]
    assert ["--fast"] == algorithm["ContainerArguments"]
    source = request["InputDataConfig"][1]["DataSource"]["S3DataSource"]
    assert "ShardedByS3Key" == source["S3DataDistributionType"]
    assert request["EnableInterContainerTrafficEncryption"]


def test_an_image_that_brings_its_algorithm_gets_nothing_of_ours(environment: Environment) -> None:
    """
    No entrypoint, no code channel, no environment variables: AWS's own algorithms refuse what they do not know.
    """
    settings = TrainingJobSettings.model_validate({"channels": {"train": {}}, "job": MACHINE})

    request = training_job_request(
        settings, environment, code=None, data={"train": Data(TRAIN)}, hyperparameters={}, output=TRAIN
    )

    assert {"TrainingImage", "TrainingInputMode"} == request["AlgorithmSpecification"].keys()
    assert ["train"] == [channel["ChannelName"] for channel in request["InputDataConfig"]]
    assert {} == request["Environment"]


def test_a_processing_request_shards_what_it_is_told_to(environment: Environment) -> None:
    """
    Each instance gets its part of the data and the whole of the code.
    """
    settings = ProcessingJobSettings.model_validate(
        {
            "source": "code",
            "program": "pkg.main",
            "inputs": {"rows": None},
            "sharded": ["rows"],
            "job": {**MACHINE, "instances": 2},
        }
    )

    request = processing_job_request(settings, environment, code=CODE, inputs={"rows": TRAIN}, outputs={})

    assert [] == violations("sagemaker", "CreateProcessingJob", {"ProcessingJobName": "name", **request})
    spread = {
        item["InputName"]: item["S3Input"]["S3DataDistributionType"] for item in request["ProcessingInputs"]
    }
    assert {"code": "FullyReplicated", "rows": "ShardedByS3Key"} == spread
    assert ["python3", "-m", "pkg.main"] == request["AppSpecification"]["ContainerEntrypoint"]


@pytest.mark.parametrize(
    "members",
    [
        {"search": {"strategy": "bayesian", "early_stopping": True, "seed": 7}},
        {"search": {"strategy": "hyperband", "min_resource": 1, "max_resource": 9}},
        {"warm_start": {"parents": ["earlier-search"], "same": False}},
        {"source": "code", "program": "train.py", "metrics": {"validation:auc": "auc=([0-9.]+)"}},
        {"job": {**MACHINE, "spot": True, "checkpoints": True}},
    ],
)
def test_a_search_is_one_that_aws_takes(environment: Environment, members: dict[str, Any]) -> None:
    """
    Ranges are texts; a script travels in script mode, for a tuning job knows no entrypoint.
    """
    settings = tuning(**members)

    request = tuning_job_request(
        settings,
        environment,
        archive=S3Uri("bucket", "code.tar.gz") if settings.source else None,
        data={"train": Data(TRAIN)},
        output=TRAIN,
    )

    named = {"HyperParameterTuningJobName": "name", **request}
    assert [] == violations("sagemaker", "CreateHyperParameterTuningJob", named)
    ranges = request["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert {"Name": "depth", "MinValue": "1", "MaxValue": "5", "ScalingType": "Linear"} == ranges[
        "IntegerParameterRanges"
    ][0]
    assert "Logarithmic" == ranges["ContinuousParameterRanges"][0]["ScalingType"]
    fixed = request["TrainingJobDefinition"]["StaticHyperParameters"]
    assert bool(settings.source) == ("sagemaker_submit_directory" in fixed)


def test_a_transform_is_one_that_aws_takes(environment: Environment) -> None:
    """
    Filters, splits and joins, with the environment's key on volumes and answers.
    """
    settings = TransformJobSettings.model_validate(
        {"instance": "ml.m5.large", "join": True, "input_filter": "$[1:]", "split": "line"}
    )

    request = transform_job_request(settings, environment, model="model", data=TRAIN, output=TRAIN)

    assert [] == violations("sagemaker", "CreateTransformJob", {"TransformJobName": "name", **request})
    assert request["TransformOutput"]["KmsKeyId"] == request["TransformResources"]["VolumeKmsKeyId"]


def test_texts_are_hyperparameters_as_they_are() -> None:
    """
    All else is JSON, as SageMaker's own algorithms read it.
    """
    assert {"a": "text", "b": "0.5", "c": "null", "d": "[1, 2]"} == plain(
        {"a": "text", "b": 0.5, "c": None, "d": [1, 2]}
    )


def packed(*names: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (packed("model.json"), ""),
        (packed(), "archive without a file"),
        (b"", "is empty"),
        (b"no archive at all", "no gzip file"),
        (packed("model.json")[:12], "holds no tar"),
        (gzip.compress(b"x" * 4096), "holds no tar"),
        (gzip.compress(bytes(1 << 26)), "archive without a file"),
    ],
    ids=["good", "no-file", "empty", "text", "cut", "gzip-of-text", "bomb"],
)
def test_the_head_of_an_artifact_tells_whether_it_is_one(head: bytes, words: str) -> None:
    """
    A gzip of a tar with a file in it, within limits.
    """
    problem = head_problem(head, "model.tar.gz")

    assert (words in problem) if words else problem == ""


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(2, 2, 10, 10), ""),
        (Counts(2, 2), ""),
        (Counts(0, 0), "there were no data"),
        (Counts(2, 1), "2 objects went in, 1 came out"),
        (Counts(2, 2, 10, 9), "10 records went in, 9 came out"),
    ],
)
def test_as_much_must_come_out_as_went_in(counts: Counts, words: str) -> None:
    """
    Objects always, records where they were counted.
    """
    assert words == counts.problem


def test_a_described_model_may_have_more_than_was_asked_for() -> None:
    """
    AWS adds defaults; what was asked for must be there and equal.
    """
    assert holds({"Image": "a", "Mode": "SingleModel"}, {"Image": "a"})
    assert not holds({"Image": "b"}, {"Image": "a"})
    assert not holds(None, {"Image": "a"})
    assert holds([{"a": 1, "b": 2}], [{"a": 1}])
    assert not holds([{"a": 1}, {}], [{"a": 1}])


def test_a_source_folder_is_known_by_its_content(tmp_path: Path) -> None:
    """
    Equal files, equal digest; hidden and compiled files stay at home; what is not there is told.
    """
    for name in ("one", "two"):
        (tmp_path / name / "pkg" / "__pycache__").mkdir(parents=True)
        (tmp_path / name / "pkg" / "main.py").write_text("print(1)\n")
        (tmp_path / name / ".env").write_text(name)
        (tmp_path / name / "pkg" / "__pycache__" / "main.pyc").write_text(name)

    one, two = folder_tree(tmp_path, "one", "pkg.main"), folder_tree(tmp_path, "two", "pkg/main.py")

    assert one.digest == two.digest
    assert ["pkg/main.py"] == [name for name, _ in one.files]
    with pytest.raises(ConfigError, match=r"no train\.py in 'one'"):
        folder_tree(tmp_path, "one", "train.py")
    with pytest.raises(ConfigError, match="no folder 'three'"):
        folder_tree(tmp_path, "three")
