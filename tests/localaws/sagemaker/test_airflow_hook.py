"""Airflow's own SageMakerHook works against the endpoint, unmodified: an outside client that reads texts and fields."""

from __future__ import annotations

import pytest

hooks = pytest.importorskip("airflow.providers.amazon.aws.hooks.sagemaker")


@pytest.fixture
def hook(endpoint, monkeypatch):
    """A hook that reaches the endpoint by the environment alone."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return hooks.SageMakerHook(aws_conn_id=None)


def test_training_and_its_failure(hook, account):
    """
    The hook waits for a job to complete, and raises with the reason of one that fails.
    """
    good = account.training_request("print('hello')")
    hook.create_training_job(good, wait_for_completion=True, print_log=False, check_interval=0)
    assert "Completed" == hook.describe_training_job(good["TrainingJobName"])["TrainingJobStatus"]
    bad = account.training_request("raise SystemExit('no rows')")
    with pytest.raises(Exception, match="AlgorithmError: no rows, exit code: 1"):
        hook.create_training_job(bad, wait_for_completion=True, print_log=False, check_interval=0)


def test_a_model_package_group_is_created_once(hook, account):
    """
    The hook tells by the message whether it made the group.
    """
    group = f"hook-{account.bucket}"
    assert [True, False] == [hook.create_model_package_group(group) for _ in range(2)]


def test_an_endpoint(hook, account):
    """
    The hook waits until an endpoint is in service.
    """
    config = account.config(
        main=account.model("def model_fn(d): return 1\ndef transform_fn(*a): return 'x', 'a/b'")
    )
    name = f"hook-{account.bucket}"
    request = {"EndpointName": name, "EndpointConfigName": config}
    hook.create_endpoint(request, wait_for_completion=True, check_interval=0)
    assert "InService" == hook.describe_endpoint(name)["EndpointStatus"]
    account.sagemaker.delete_endpoint(EndpointName=name)
