"""Every AWS request of every pipeline in every environment: as AWS's model wants it, and secure by default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foldline.cli.plan import PlannedCall, planned_calls
from foldline.config import load_pipeline, pipelines
from foldline.contracts import violations
from foldline.project import environments

ROOT = Path(__file__).parents[2]
CASES = [(name, env) for name in pipelines(ROOT) for env in environments(ROOT)]


def calls(name: str, env: str) -> list[PlannedCall]:
    return planned_calls(load_pipeline(name, env=env, root=ROOT))


@pytest.mark.parametrize(("name", "env"), CASES)
def test_every_request_is_one_that_aws_takes(name: str, env: str) -> None:
    """
    Names, patterns, enums, lengths and required members, from botocore's own model.
    """
    found = {
        f"{one.step} {one.operation}": violations(one.service, one.operation, one.request)
        for one in calls(name, env)
    }

    assert found
    assert {} == {call: broken for call, broken in found.items() if broken}


@pytest.mark.parametrize("name", pipelines(ROOT))
def test_jobs_and_models_on_aws_are_isolated_and_encrypted(name: str) -> None:
    """
    Network isolation, a VPC and a KMS key on every job and model of the production environment.
    """
    for one in calls(name, "prod"):
        request = one.request
        if one.operation in ("CreateTrainingJob", "CreateModel"):
            assert request["EnableNetworkIsolation"], one
            assert request["VpcConfig"]["Subnets"], one
        if one.operation == "CreateTrainingJob":
            assert request["ResourceConfig"]["VolumeKmsKeyId"], one
            assert request["OutputDataConfig"]["KmsKeyId"], one
        if one.operation == "CreateProcessingJob":
            assert request["NetworkConfig"]["EnableNetworkIsolation"], one
            assert request["NetworkConfig"]["VpcConfig"]["Subnets"], one
            assert request["ProcessingOutputConfig"]["KmsKeyId"], one
        if one.operation == "CreateTransformJob":
            assert request["TransformOutput"]["KmsKeyId"], one
        if one.operation == "CreateEndpointConfig":
            assert request["KmsKeyId"], one
        if one.operation == "StartQueryExecution":
            assert request["ResultConfiguration"]["ExpectedBucketOwner"], one
            assert request["ResultConfiguration"]["EncryptionConfiguration"]["KmsKey"], one


def differences(one: Any, other: Any, path: str = "") -> set[str]:
    """Paths at which two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        return {d for key in keys for d in differences(one.get(key), other.get(key), f"{path}.{key}")}
    return set() if one == other else {path}


def test_a_laptop_and_aws_get_the_same_requests() -> None:
    """
    Local and dev differ in addresses, keys, network and what dev.yaml overrides: in no step, channel or argument.
    """
    allowed = (
        "Arn",
        "Image",
        "S3Uri",
        "Path",
        "KmsKey",
        "Vpc",
        "Isolation",
        "Encryption",
        "Name",
        "Tags",
        "Inputs",
        "Input",
        "Bucket",
        "Owner",
        "Location",
        "Query",
        "Token",
        "Variants",
        "Containers",
        "Uri",
        "Model",
        "Role",
        "S3Targets",
        "Output",
        "DataConfig",
        "Classifiers",
    )
    local, dev = calls("flight_delays", "local"), calls("flight_delays", "dev")

    assert [(one.step, one.operation) for one in local] == [(one.step, one.operation) for one in dev]
    for here, there in zip(local, dev, strict=True):
        for path in differences(here.request, there.request):
            assert any(word in path.rpartition(".")[2] for word in allowed), (here.step, path)


@pytest.mark.parametrize(("name", "env"), CASES)
def test_no_request_holds_a_credential(name: str, env: str) -> None:
    """
    Hyperparameters, environment, tags and query text can be read by many: no key, token or password in them.
    """
    for one in calls(name, env):
        text = json.dumps(one.request, default=str).lower()
        for word in ("aws_secret", "secret_access_key", "password", "akia", "session_token"):
            assert word not in text, (one.step, one.operation, word)
