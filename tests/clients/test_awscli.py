"""The AWS command line, version 1."""

from __future__ import annotations

import json
import time

import pytest

pytestmark = pytest.mark.xdist_group("awscli")


@pytest.fixture
def aws(run_client):
    """Runs one command: ``aws("s3", "ls")``."""

    def run(*words: str, code: int = 0) -> str:
        return run_client("awscli", "aws", *words, code=code)

    return run


def test_s3_commands_move_a_folder_there_and_back(aws, tmp_path):
    """Mb, cp, sync, ls, mv, presign, rm and rb do with a bucket what they do on AWS."""
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a b+c.txt").write_text("one")
    (source / "deep" / "ü.bin").write_bytes(b"\0" * 9_000_000)  # over the multipart threshold

    assert "make_bucket: cli-folder\n" == aws("s3", "mb", "s3://cli-folder")
    aws("s3", "sync", str(source), "s3://cli-folder/in")
    listed = aws("s3", "ls", "s3://cli-folder/in/", "--recursive", "--summarize")
    assert "in/a b+c.txt" in listed and "Total Objects: 2" in listed
    assert "" == aws("s3", "sync", str(source), "s3://cli-folder/in")
    aws("s3", "sync", "s3://cli-folder/in", str(tmp_path / "back"))
    assert (source / "deep" / "ü.bin").read_bytes() == (tmp_path / "back" / "deep" / "ü.bin").read_bytes()
    aws("s3", "mv", "s3://cli-folder/in/a b+c.txt", "s3://cli-folder/moved.txt")
    assert "one" == aws("s3", "cp", "s3://cli-folder/moved.txt", "-")
    assert "Signature" in aws("s3", "presign", "s3://cli-folder/moved.txt")
    aws("s3", "rm", "s3://cli-folder", "--recursive")
    assert "remove_bucket: cli-folder\n" == aws("s3", "rb", "s3://cli-folder")


def test_a_missing_bucket_is_an_error_with_its_code(aws):
    """A command that fails ends with the code that it ends with on AWS."""
    aws("s3", "ls", "s3://cli-missing", code=255)


def test_a_query_is_run_by_the_athena_commands(aws):
    """start-query-execution, get-query-execution and get-query-results give a row."""
    aws("s3", "mb", "s3://cli-athena")
    words = ("--query-string", "SELECT 1 AS one", "--result-configuration", "OutputLocation=s3://cli-athena/")
    found = json.loads(aws("athena", "start-query-execution", *words))["QueryExecutionId"]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = json.loads(aws("athena", "get-query-execution", "--query-execution-id", found))
        if "SUCCEEDED" == state["QueryExecution"]["Status"]["State"]:
            break
    rows = json.loads(aws("athena", "get-query-results", "--query-execution-id", found))["ResultSet"]["Rows"]

    assert [{"Data": [{"VarCharValue": "one"}]}, {"Data": [{"VarCharValue": "1"}]}] == rows


def test_a_training_job_is_made_awaited_and_its_log_read(aws):
    """create-training-job, its waiter, describe-training-job and logs tail show the job's line."""
    aws("s3", "mb", "s3://cli-train")
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    algorithm = {
        "TrainingImage": image,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["python3", "-c", "print('hello cli')"],
    }
    aws(
        "sagemaker",
        "create-training-job",
        *("--training-job-name", "cli-train"),
        *("--role-arn", "arn:aws:iam::123456789012:role/cli"),
        *("--algorithm-specification", json.dumps(algorithm)),
        *("--output-data-config", "S3OutputPath=s3://cli-train/out"),
        *("--resource-config", "InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=1"),
        *("--stopping-condition", "MaxRuntimeInSeconds=60"),
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        described = json.loads(aws("sagemaker", "describe-training-job", "--training-job-name", "cli-train"))
        if "InProgress" != described["TrainingJobStatus"]:
            break

    assert "Completed" == described["TrainingJobStatus"]
    words = ("--log-group-name", "/aws/sagemaker/TrainingJobs", "--log-stream-name-prefix", "cli-train/")
    events = json.loads(aws("logs", "filter-log-events", *words))["events"]
    assert "hello cli" in [event["message"] for event in events]
