"""`foldline local jobs|…`: the endpoint's pages as text and as JSON, against a real endpoint."""

from __future__ import annotations

import json
import time

import pytest
from typer.testing import CliRunner

from foldline.cli.main import app
from foldline.errors import EnvironmentFault

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


@pytest.fixture(scope="module")
def job(client) -> str:
    """A training job that has failed, with a line in its log."""
    sagemaker = client("sagemaker")
    sagemaker.create_training_job(
        TrainingJobName="look-failed",
        RoleArn="arn:aws:iam::123456789012:role/look",
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", "print('a line'); raise SystemExit(2)"],
        },
        OutputDataConfig={"S3OutputPath": "s3://look/"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if "Failed" == sagemaker.describe_training_job(TrainingJobName="look-failed")["TrainingJobStatus"]:
            break
        time.sleep(0.02)
    client("s3").create_bucket(Bucket="look")
    client("s3").put_object(Bucket="look", Key="folder/words.txt", Body=b"hello [bold]\n")
    return "look-failed"


@pytest.fixture
def local(endpoint, job):
    """Runs ``foldline local …`` against the session's endpoint; what it printed."""
    port = endpoint.url.rpartition(":")[2]

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["local", *words, "--port", port], catch_exceptions=False)
        assert 0 == done.exit_code, done.output
        return done.output

    return run


def test_jobs_are_listed_a_line_each(local, job):
    """A job's line has its name and status, uncut when it goes to a pipe."""
    (line,) = [line for line in local("jobs", "--name", job).splitlines() if job in line]

    assert "Failed" in line


def test_a_job_tells_its_life_and_its_reason(local, job):
    """The status, the transitions, why it failed, and its log."""
    told = local("job", job)

    assert f"training job {job}: Failed" in told
    assert "Downloading" in told and "AlgorithmError: a line, exit code: 2" in told
    assert "a line\n" == local("logs", job)


@pytest.mark.parametrize(
    "words",
    [
        ("jobs",),
        ("job", "look-failed"),
        ("logs", "look-failed"),
        ("endpoints",),
        ("queries",),
        ("tables",),
        ("objects",),
    ],
)
def test_each_has_a_form_for_machines(local, words):
    """``--output json`` is a JSON document."""
    assert json.loads(local(*words, "--output", "json")) is not None


def test_objects_are_listed_and_shown(local):
    """Buckets, a folder's keys, and an object's beginning, whose brackets stay as they are."""
    assert "s3://look" in local("objects")
    assert "words.txt" in local("objects", "s3://look/folder/")
    assert "hello [bold]\n" == local("objects", "s3://look/folder/words.txt")


def test_what_is_not_there_is_an_error_with_its_mend(local, endpoint):
    """An unknown job and a missing endpoint are told apart."""
    with pytest.raises(EnvironmentFault, match="no job is called nope"):
        local("job", "nope")
    with pytest.raises(EnvironmentFault, match="no local endpoint runs on port 1"):
        CliRunner().invoke(app, ["local", "jobs", "--port", "1"], catch_exceptions=False)
