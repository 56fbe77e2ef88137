"""Glue job definitions through boto3: what is kept, what is filled in, what is refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/glue"
SHELL = {"Name": "pythonshell", "ScriptLocation": "s3://scripts/shell.py"}
SPARK = {"Name": "glueetl", "ScriptLocation": "s3://scripts/spark.py"}


def refusal(call, **request) -> tuple[str, str]:
    """Code and text of a refused call."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_glue_fills_in_for_a_spark_job(glue):
    """
    A Spark job that says nothing is ten G.1X workers of the newest version, with eight hours.
    """
    name = glue.job("", kind="glueetl")
    job = glue.api.get_job(JobName=name)["Job"]
    expected = {
        "GlueVersion": "6.0",
        "WorkerType": "G.1X",
        "NumberOfWorkers": 10,
        "MaxCapacity": 10.0,
        "AllocatedCapacity": 10,
        "Timeout": 480,
        "MaxRetries": 0,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "JobMode": "SCRIPT",
    }
    assert expected == {key: job[key] for key in expected}


def test_what_glue_fills_in_for_a_shell_job(glue):
    """
    A Python shell job gets a sixteenth of a DPU and two days.
    """
    job = glue.api.get_job(JobName=glue.job(""))["Job"]
    assert (0.0625, 0, 2880) == (job["MaxCapacity"], job["AllocatedCapacity"], job["Timeout"])


@pytest.mark.parametrize(
    ("command", "settings", "text"),
    [
        (SPARK, {"WorkerType": "G.1X", "NumberOfWorkers": 2, "MaxCapacity": 2.0}, "do not set Max Capacity"),
        (SPARK, {"WorkerType": "G.1X"}, "set both Worker Type and Number of Workers"),
        (SPARK, {"WorkerType": "G.1X", "NumberOfWorkers": 1}, "at least 2"),
        (SPARK, {"MaxCapacity": 2.5}, "whole number from 2 to 100"),
        (SHELL, {"MaxCapacity": 2.0}, "0.0625 or 1"),
        (SHELL, {"WorkerType": "G.1X", "NumberOfWorkers": 2}, "not supported for Python shell"),
        (SHELL, {"ExecutionClass": "FLEX"}, "FLEX"),
        (SHELL, {"Timeout": 20_000}, "at most 10080 minutes"),
        (SHELL, {"MaxRetries": 11}, "between 0 and 10"),
        (SHELL, {"ExecutionProperty": {"MaxConcurrentRuns": 0}}, "at least 1"),
        ({**SHELL, "ScriptLocation": "/home/script.py"}, {}, "not s3://"),
        ({"Name": "glueshell"}, {}, "should be one of"),
    ],
)
def test_definitions_that_make_no_sense(glue, command, settings, text):
    """
    Glue's rules on capacity, time and command are kept: InvalidInputException says which was broken.
    """
    code, message = refusal(glue.api.create_job, Name="never", Role=ROLE, Command=command, **settings)
    assert "InvalidInputException" == code
    assert text in message


@pytest.mark.parametrize("kind", ["gluestreaming", "glueray"])
def test_kinds_that_are_not_there(glue, kind):
    """
    Streaming and Ray jobs are refused by name.
    """
    code, message = refusal(glue.api.create_job, Name="never", Role=ROLE, Command={"Name": kind})
    assert ("NotImplemented", True) == (code, kind in message)


def test_a_second_job_of_the_same_name(glue):
    """
    The same definition again already exists; another one of that name is a parameter mismatch.
    """
    name = glue.job("")
    command = glue.api.get_job(JobName=name)["Job"]["Command"]
    same = {"Name": name, "Role": ROLE, "Command": command}
    assert "AlreadyExistsException" == refusal(glue.api.create_job, **same)[0]
    other = refusal(glue.api.create_job, **same, MaxRetries=1)
    text = f"Job with name '{name}' already submitted with different configuration"
    assert ("IdempotentParameterMismatchException", text) == other


def test_an_update_replaces_all(glue):
    """
    What an update leaves out is Glue's default again; the time of creation stays.
    """
    name = glue.job("", MaxRetries=3, Description="first", DefaultArguments={"--a": "1"})
    old = glue.api.get_job(JobName=name)["Job"]
    glue.api.update_job(JobName=name, JobUpdate={"Role": ROLE, "Command": SPARK, "Description": "second"})
    new = glue.api.get_job(JobName=name)["Job"]
    assert ("second", 0, SPARK) == (new["Description"], new["MaxRetries"], new["Command"])
    assert "DefaultArguments" not in new
    assert old["CreatedOn"] == new["CreatedOn"]
    code, _ = refusal(glue.api.update_job, JobName="nobody", JobUpdate={"Role": ROLE, "Command": SPARK})
    assert "EntityNotFoundException" == code


def test_listing_and_deletion(glue):
    """
    Jobs are found by name, by batch and by tag; a deleted one is gone, and deleting it again does no harm.
    """
    first, second = glue.job("", Tags={"team": "a"}), glue.job("", Tags={"team": "b"})
    pages = glue.api.get_paginator("get_jobs").paginate(PaginationConfig={"PageSize": 1})
    assert {first, second} <= {job["Name"] for page in pages for job in page["Jobs"]}
    assert [second] == glue.api.list_jobs(Tags={"team": "b"})["JobNames"]
    arn = f"arn:aws:glue:us-east-1:123456789012:job/{first}"
    assert {"team": "a"} == glue.api.get_tags(ResourceArn=arn)["Tags"]
    for _ in range(2):
        assert {"JobName": first} == {"JobName": glue.api.delete_job(JobName=first)["JobName"]}
    found = glue.api.batch_get_jobs(JobNames=[first, second])
    assert ([second], [first]) == ([job["Name"] for job in found["Jobs"]], found["JobsNotFound"])
    assert ("EntityNotFoundException", "Job not found.") == refusal(glue.api.get_job, JobName=first)
