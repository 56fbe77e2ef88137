"""Application Auto Scaling: registered variants get more instances when the alarms of their policies go off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.conftest import Account, fresh

SAY = """
def model_fn(folder):
    return "x"
def transform_fn(model, data, content_type, accept):
    return model, "text/plain"
"""
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
TRACKING = {
    "TargetValue": 10.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}


@pytest.fixture(scope="module")
def served(client) -> Iterator[tuple[Account, str]]:
    """An account and the name of an endpoint in it, shared by the tests of this file."""
    bucket = fresh("bucket")
    client("s3").create_bucket(Bucket=bucket)
    account = Account(client, bucket)
    name = account.endpoint(account.config(main=account.model(SAY)))["EndpointName"]
    yield account, name
    account.settled(name)
    account.sagemaker.delete_endpoint(EndpointName=name)


@pytest.fixture
def target(served) -> Iterator[dict[str, str]]:
    """The registered variant, of one to five instances; it has one again afterwards."""
    account, name = served
    scaling = account.clients("application-autoscaling")
    resource = variant(name)
    scaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=5)
    yield resource
    scaling.deregister_scalable_target(**resource)
    account.settled(name)
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 1}],
    )
    account.settled(name)


def variant(endpoint: str, name: str = "main") -> dict[str, str]:
    """The members that name a variant."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{name}",
        "ScalableDimension": DIMENSION,
    }


def until(reached: Callable[[], Any]) -> Any:
    """What a question gives once it is not empty."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = reached()
        if found:
            return found
        threading.Event().wait(0.05)
    raise AssertionError("it never came")


def count(account: Account, name: str) -> int:
    """The instances the variant has."""
    [found] = account.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
    return found["CurrentInstanceCount"]


def done(account: Account, resource: dict[str, str]) -> list[dict[str, Any]]:
    """The activities that succeeded, newest first."""
    found = account.clients("application-autoscaling").describe_scaling_activities(**resource)
    return [item for item in found["ScalingActivities"] if item["StatusCode"] == "Successful"]


class TestTargets:
    """What is registered."""

    def test_a_variant_is_registered_changed_and_forgotten(self, served):
        """
        A second registration changes a bound and keeps the ARN; a target that is gone is ObjectNotFoundException.
        """
        account, name = served
        scaling, resource = account.clients("application-autoscaling"), variant(name)
        arn = scaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=2)["ScalableTargetARN"]
        again = scaling.register_scalable_target(**resource, MaxCapacity=3)["ScalableTargetARN"]
        [found] = scaling.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[resource["ResourceId"]]
        )["ScalableTargets"]
        assert arn == again == found["ScalableTargetARN"]
        assert (1, 3) == (found["MinCapacity"], found["MaxCapacity"])
        scaling.deregister_scalable_target(**resource)
        with pytest.raises(scaling.exceptions.ObjectNotFoundException, match="No scalable target found"):
            scaling.deregister_scalable_target(**resource)
        with pytest.raises(scaling.exceptions.ObjectNotFoundException, match="No scalable target registered"):
            scaling.put_scaling_policy(
                **resource,
                PolicyName="p",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration=TRACKING,
            )

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"ResourceId": "endpoint/nobody/variant/main"}, "doesn't exist"),
            ({"ResourceId": "table/x"}, "Unsupported service namespace, resource type"),
            ({"MinCapacity": 3, "MaxCapacity": 2}, "at most MaxCapacity"),
            ({"MaxCapacity": None}, "MaxCapacity is required"),
        ],
    )
    def test_a_target_must_make_sense(self, served, change, said):
        """
        ValidationException for a resource that is not there and for bounds the wrong way round.
        """
        account, name = served
        request = {**variant(name), "MinCapacity": 1, "MaxCapacity": 2, **change}
        with pytest.raises(ClientError, match=said) as refused:
            account.clients("application-autoscaling").register_scalable_target(
                **{key: value for key, value in request.items() if value is not None}
            )
        assert "ValidationException" == refused.value.response["Error"]["Code"]

    def test_another_service_is_refused_by_name(self, served):
        """
        Scaling a DynamoDB table is NotImplemented.
        """
        account, _ = served
        with pytest.raises(ClientError, match="dynamodb:table:ReadCapacityUnits") as refused:
            account.clients("application-autoscaling").register_scalable_target(
                ServiceNamespace="dynamodb",
                ResourceId="table/x",
                ScalableDimension="dynamodb:table:ReadCapacityUnits",
                MinCapacity=1,
                MaxCapacity=2,
            )
        assert "NotImplemented" == refused.value.response["Error"]["Code"]

    def test_deleting_an_endpoint_deregisters_it(self, account):
        """
        Its target, policy and alarms go with it.
        """
        name = account.endpoint(account.config(main=account.model(SAY)))["EndpointName"]
        scaling, resource = account.clients("application-autoscaling"), variant(name)
        scaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=2)
        alarms = scaling.put_scaling_policy(
            **resource,
            PolicyName="p",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )["Alarms"]
        names = [alarm["AlarmName"] for alarm in alarms]
        watch = account.clients("cloudwatch")
        assert 2 == len(watch.describe_alarms(AlarmNames=names)["MetricAlarms"])
        account.sagemaker.delete_endpoint(EndpointName=name)
        found = scaling.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[resource["ResourceId"]]
        )
        assert [] == found["ScalableTargets"]
        assert [] == watch.describe_alarms(AlarmNames=names)["MetricAlarms"]


class TestScaling:
    """What policies do."""

    def test_target_tracking_scales_out_within_the_bounds(self, served, target):
        """
        The policy's high alarm in ALARM adds an instance, as an activity that names the alarm.
        """
        account, name = served
        before = len(done(account, target))
        policy = account.clients("application-autoscaling").put_scaling_policy(
            **target,
            PolicyName="invocations",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={**TRACKING, "ScaleOutCooldown": 600},
        )
        high, low = (alarm["AlarmName"] for alarm in policy["Alarms"])
        watch = account.clients("cloudwatch")
        [alarm] = watch.describe_alarms(AlarmNames=[high])["MetricAlarms"]
        assert ("InvocationsPerInstance", 10.0, 60, 3) == (
            alarm["MetricName"],
            alarm["Threshold"],
            alarm["Period"],
            alarm["EvaluationPeriods"],
        )
        assert 9.0 == watch.describe_alarms(AlarmNames=[low])["MetricAlarms"][0]["Threshold"]
        watch.set_alarm_state(AlarmName=high, StateValue="ALARM", StateReason="a test")
        until(lambda: len(done(account, target)) > before)
        assert high in done(account, target)[0]["Cause"]
        assert 2 == count(account, name)

    def test_step_scaling_follows_its_alarm(self, served, target):
        """
        An alarm of one-second periods on real invocations names the policy as its action: its step sets the count.
        """
        account, name = served
        scaling, watch = account.clients("application-autoscaling"), account.clients("cloudwatch")
        before = len(done(account, target))
        policy = scaling.put_scaling_policy(
            **target,
            PolicyName="steps",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ExactCapacity",
                "StepAdjustments": [
                    {
                        "MetricIntervalLowerBound": 0.0,
                        "MetricIntervalUpperBound": 1000.0,
                        "ScalingAdjustment": 9,
                    }
                ],
            },
        )
        watch.put_metric_alarm(
            AlarmName=f"steps-{name}",
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": name},
                {"Name": "VariantName", "Value": "main"},
            ],
            Statistic="Sum",
            Period=1,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[policy["PolicyARN"]],
        )
        [described] = scaling.describe_scaling_policies(**target)["ScalingPolicies"]
        assert [f"steps-{name}"] == [alarm["AlarmName"] for alarm in described["Alarms"]]
        for _ in range(30):
            account.invoke(name)
        until(lambda: len(done(account, target)) > before)
        watch.delete_alarms(AlarmNames=[f"steps-{name}"])
        assert 5 == count(account, name)

    def test_policies_are_checked(self, served, target):
        """
        A policy without its configuration is invalid, predictive scaling is NotImplemented.
        """
        account, _ = served
        scaling = account.clients("application-autoscaling")
        with pytest.raises(scaling.exceptions.ValidationException, match="StepScalingPolicyConfiguration"):
            scaling.put_scaling_policy(**target, PolicyName="p", PolicyType="StepScaling")
        with pytest.raises(ClientError, match="PredictiveScaling") as refused:
            scaling.put_scaling_policy(**target, PolicyName="p", PolicyType="PredictiveScaling")
        assert "NotImplemented" == refused.value.response["Error"]["Code"]
        with pytest.raises(scaling.exceptions.ObjectNotFoundException, match="No scaling policy found"):
            scaling.delete_scaling_policy(**target, PolicyName="nobody")

    def test_a_scaled_variant_keeps_its_instance_type(self, served, target):
        """
        UpdateEndpoint to another type is refused while the variant is registered; another model is not.
        """
        account, name = served
        model, config = account.model(SAY), fresh("config")
        account.sagemaker.create_endpoint_config(
            EndpointConfigName=config,
            ProductionVariants=[
                {
                    "VariantName": "main",
                    "ModelName": model,
                    "InstanceType": "ml.m5.xlarge",
                    "InitialInstanceCount": 1,
                }
            ],
        )
        with pytest.raises(ClientError, match="DeregisterScalableTarget") as refused:
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        assert "ValidationException" == refused.value.response["Error"]["Code"]
        other = account.config(main=model)
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
        assert other == account.settled(name)["EndpointConfigName"]
