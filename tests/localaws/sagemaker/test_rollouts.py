"""Updates shift traffic step by step, and alarms really roll them back."""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

SAY = """
def model_fn(folder):
    return {word!r}
def transform_fn(model, data, content_type, accept):
    return model, "text/plain"
"""
FAIL = """
def model_fn(folder):
    return 1
def transform_fn(model, data, content_type, accept):
    raise RuntimeError("bad weights")
"""
BROKEN = "def model_fn(folder): raise RuntimeError('weights are missing')"
PATIENCE = 30.0


@pytest.fixture
def old(account) -> str:
    """A configuration whose model says old, of four instances."""
    return configured(account, account.model(SAY.format(word="old")))


@pytest.fixture
def new(account) -> str:
    """A configuration whose model says new."""
    return configured(account, account.model(SAY.format(word="new")))


@pytest.fixture
def name(account, old) -> Iterator[str]:
    """An endpoint that serves the old model."""
    endpoint = account.endpoint(old)
    assert "InService" == endpoint["EndpointStatus"], endpoint.get("FailureReason")
    yield endpoint["EndpointName"]
    account.settled(endpoint["EndpointName"])
    account.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


def configured(account, model: str, count: int = 4, kind: str = "ml.m5.large") -> str:
    """A configuration of one variant with several instances; its name."""
    config = f"{model}-config"
    variant = {
        "VariantName": "main",
        "ModelName": model,
        "InstanceType": kind,
        "InitialInstanceCount": count,
        "InitialVariantWeight": 1.0,
    }
    account.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    return config


def blue_green(kind: str, wait: int = 0, **members: Any) -> dict[str, Any]:
    """A DeploymentConfig of a blue/green policy; sizes are instances."""
    sizes = {
        key: {"Type": "INSTANCE_COUNT", "Value": value}
        for key, value in members.items()
        if key in ("CanarySize", "LinearStepSize")
    }
    rest = {key: value for key, value in members.items() if key not in sizes and key != "alarm"}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}
    config: dict[str, Any] = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **rest}}
    if "alarm" in members:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": members["alarm"]}]}
    return config


def update(account, name: str, config: str, deployment: dict[str, Any], **members: Any) -> None:
    """Update an endpoint."""
    account.sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=config, DeploymentConfig=deployment, **members
    )


def until(account, name: str, reached: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The endpoint's description once it is as wanted."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        described = account.sagemaker.describe_endpoint(EndpointName=name)
        if reached(described):
            return described
        threading.Event().wait(0.02)
    raise AssertionError(f"the endpoint never got there: {described}")


def baking(described: dict[str, Any]) -> bool:
    """Whether the new fleet is being watched."""
    variants = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    return [status["Status"] for variant in variants for status in variant["VariantStatus"]] == ["Baking"]


def alarm(account, endpoint: str, metric: str = "Invocation5XXErrors", **members: Any) -> str:
    """An alarm of one-second periods on an endpoint's metric; its name."""
    request = {
        "AlarmName": f"{endpoint}-{metric}",
        "Namespace": "AWS/SageMaker",
        "MetricName": metric,
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": "main"},
        ],
        "Statistic": "Sum",
        "Period": 1,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **members,
    }
    account.clients("cloudwatch").put_metric_alarm(**request)
    return request["AlarmName"]


class TestShifting:
    """How the traffic goes over."""

    def test_a_canary_takes_its_share_while_it_bakes(self, account, name, old, new):
        """
        One instance of four answers about a quarter of the calls; the description shows weights, counts and Baking.
        """
        update(account, name, new, blue_green("CANARY", wait=3, CanarySize=1))
        during = until(account, name, baking)
        words = collections.Counter(account.invoke(name)["Body"] for _ in range(120))
        still = account.sagemaker.describe_endpoint(EndpointName=name)
        assert ("Updating", old, new) == (
            during["EndpointStatus"],
            during["EndpointConfigName"],
            during["PendingDeploymentSummary"]["EndpointConfigName"],
        )
        [green] = during["PendingDeploymentSummary"]["ProductionVariants"]
        [blue] = during["ProductionVariants"]
        assert (0.25, 1, 4) == (
            green["CurrentWeight"],
            green["CurrentInstanceCount"],
            green["DesiredInstanceCount"],
        )
        assert (0.75, 4) == (blue["CurrentWeight"], blue["CurrentInstanceCount"])
        assert "Updating" == still["EndpointStatus"]
        assert 10 <= words[b"new"] <= 55, words
        described = account.settled(name)
        assert ("InService", new) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert "PendingDeploymentSummary" not in described
        assert "FailureReason" not in described
        assert {b"new"} == {account.invoke(name)["Body"] for _ in range(10)}

    def test_linear_and_rolling_go_in_equal_steps(self, account, name, new):
        """
        Half by half: the new fleet has two of four instances, then four; a rolling update takes them from the old.
        """
        update(account, name, new, blue_green("LINEAR", wait=1, LinearStepSize=2))
        first = until(account, name, baking)
        assert 0.5 == first["PendingDeploymentSummary"]["ProductionVariants"][0]["CurrentWeight"]
        second = until(
            account,
            name,
            lambda found: (
                found.get("PendingDeploymentSummary", {})
                .get("ProductionVariants", [{}])[0]
                .get("CurrentWeight")
                == 1.0
            ),
        )
        assert 4 == second["PendingDeploymentSummary"]["ProductionVariants"][0]["CurrentInstanceCount"]
        assert new == account.settled(name)["EndpointConfigName"]
        rolling = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": 1,
            }
        }
        update(account, name, new, rolling)
        during = until(account, name, baking)
        assert 2 == during["ProductionVariants"][0]["CurrentInstanceCount"]
        assert rolling == account.settled(name)["LastDeploymentConfig"]

    def test_a_model_that_does_not_load_rolls_back_before_any_traffic(self, account, name, old):
        """
        A canary whose server does not answer its ping leaves the old configuration, and says why.
        """
        broken = configured(account, account.model(BROKEN))
        update(account, name, broken, blue_green("CANARY", wait=1, CanarySize=1))
        described = account.settled(name)
        assert ("InService", old) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert "did not pass the ping health check" in described["FailureReason"]

    def test_the_last_deployment_config_may_be_retained(self, account, name, new):
        """
        With RetainDeploymentConfig the next update bakes as the last one did.
        """
        guards = blue_green("ALL_AT_ONCE", wait=1)
        update(account, name, new, guards)
        assert guards == account.settled(name)["LastDeploymentConfig"]
        account.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=new, RetainDeploymentConfig=True
        )
        assert "Updating" == until(account, name, baking)["EndpointStatus"]

    def test_no_request_is_lost_on_the_way(self, account, name, new):
        """
        Four clients call without pause through two shifts; every call is answered.
        """
        answers, done = [], threading.Event()

        def call() -> None:
            while not done.is_set():
                answers.append(account.invoke(name)["Body"])

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        update(account, name, new, blue_green("CANARY", wait=1, CanarySize=2))
        described = account.settled(name)
        alive = [caller.is_alive() for caller in callers]
        done.set()
        for caller in callers:
            caller.join()
        assert new == described["EndpointConfigName"]
        assert [True] * 4 == alive
        assert {b"old", b"new"} == set(answers)


class TestAlarms:
    """Rollback."""

    def test_an_alarm_rolls_the_canary_back(self, account, name, old):
        """
        The new model fails its calls, its 5XX metric trips the alarm: RollingBack, then InService on the old one.
        """
        bad = configured(account, account.model(FAIL))
        trip = alarm(account, name)
        update(account, name, bad, blue_green("CANARY", wait=60, CanarySize=2, alarm=trip))
        until(account, name, baking)
        statuses, done = [], threading.Event()

        def call() -> None:
            while not done.is_set():
                try:
                    account.invoke(name)
                except ClientError as error:
                    assert "ModelError" == error.response["Error"]["Code"]
                threading.Event().wait(0.02)

        caller = threading.Thread(target=call)
        caller.start()
        described = until(
            account,
            name,
            lambda found: statuses.append(found["EndpointStatus"]) or found["EndpointStatus"] == "InService",
        )
        done.set()
        caller.join()
        assert ("InService", old) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert f'the CloudWatch alarm "{trip}" is in the ALARM state' in described["FailureReason"]
        assert "PendingDeploymentSummary" not in described
        assert {"Updating", "RollingBack", "InService"} >= set(statuses)
        assert {b"old"} == {account.invoke(name)["Body"] for _ in range(20)}

    def test_an_alarm_of_the_new_configuration_only_is_not_tripped_by_the_old(self, account, name, new):
        """
        Metrics carry EndpointConfigName too, so an alarm may watch the new servers alone.
        """
        dimensions = [
            {"Name": "EndpointName", "Value": name},
            {"Name": "VariantName", "Value": "main"},
            {"Name": "EndpointConfigName", "Value": new},
        ]
        account.invoke(name)
        trip = alarm(account, name, "Invocations", Dimensions=dimensions)
        update(account, name, new, blue_green("ALL_AT_ONCE", TerminationWaitInSeconds=60, alarm=trip))
        until(account, name, baking)
        account.invoke(name)
        described = until(account, name, lambda found: found["EndpointStatus"] == "InService")
        assert trip in described["FailureReason"]

    def test_an_alarm_that_is_in_alarm_ends_the_update_at_once(self, account, name, old, new):
        """
        With an alarm in ALARM when the update begins the old configuration stays.
        """
        trip = alarm(account, name, TreatMissingData="breaching")
        alarms = account.clients("cloudwatch")
        alarms.get_waiter("alarm_exists").wait(AlarmNames=[trip])
        alarms.set_alarm_state(AlarmName=trip, StateValue="ALARM", StateReason="a test")
        update(account, name, new, blue_green("CANARY", wait=60, CanarySize=1, alarm=trip))
        described = account.settled(name)
        assert old == described["EndpointConfigName"]
        assert trip in described["FailureReason"]

    def test_an_alarm_in_ok_lets_the_update_pass(self, account, name, new):
        """
        An alarm on errors that do not come does nothing.
        """
        update(account, name, new, blue_green("ALL_AT_ONCE", wait=1, alarm=alarm(account, name)))
        described = account.settled(name)
        assert (new, None) == (described["EndpointConfigName"], described.get("FailureReason"))


class TestRefusals:
    """What an update may not ask for."""

    @pytest.mark.parametrize(
        ("deployment", "said"),
        [
            (blue_green("CANARY", CanarySize=3), "CanarySize must be at most 50%"),
            (blue_green("CANARY"), "needs CanarySize"),
            (blue_green("ALL_AT_ONCE", CanarySize=1), "does not take CanarySize"),
            (blue_green("LINEAR", LinearStepSize=3), "LinearStepSize must be between 10% and 50%"),
            (
                {
                    **blue_green("ALL_AT_ONCE"),
                    "RollingUpdatePolicy": {
                        "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                        "WaitIntervalInSeconds": 1,
                    },
                },
                "only one of",
            ),
            (
                {
                    "RollingUpdatePolicy": {
                        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 4},
                        "WaitIntervalInSeconds": 1,
                    }
                },
                "MaximumBatchSize must be between 5% and 50%",
            ),
            (
                blue_green("CANARY", wait=400, CanarySize=1, MaximumExecutionTimeoutInSeconds=600),
                "must be larger than the total waiting time",
            ),
            (blue_green("ALL_AT_ONCE", alarm="nobody"), "do not exist: nobody"),
        ],
    )
    def test_sizes_and_alarms_must_make_sense(self, shared, deployment, said):
        """
        ValidationException, naming the member.
        """
        account, name, config = shared
        with pytest.raises(ClientError, match=said) as refused:
            update(account, name, config, deployment)
        assert "ValidationException" == refused.value.response["Error"]["Code"]

    def test_an_endpoint_that_bakes_is_in_progress(self, account, name, new):
        """
        Update and Delete are refused until the deployment is over.
        """
        update(account, name, new, blue_green("ALL_AT_ONCE", wait=1))
        until(account, name, baking)
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            update(account, name, new, {})
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            account.sagemaker.delete_endpoint(EndpointName=name)


@pytest.fixture(scope="module")
def shared(client) -> Iterator[tuple[Any, str, str]]:
    """An account with an endpoint that refusals leave as it is: (account, endpoint, configuration)."""
    from tests.localaws.sagemaker.conftest import Account, fresh

    bucket = fresh("bucket")
    client("s3").create_bucket(Bucket=bucket)
    account = Account(client, bucket)
    config = configured(account, account.model(SAY.format(word="x")))
    endpoint = account.endpoint(config)["EndpointName"]
    yield account, endpoint, config
    account.sagemaker.delete_endpoint(EndpointName=endpoint)
