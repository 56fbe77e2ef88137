"""F43-F50: deployments that AWS refuses, rolls back or leaves half-way; what served before serves on."""

from __future__ import annotations

import io
import itertools
import tarfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from foldline.errors import DeploymentError
from foldline.remote.calls import SystemClock
from foldline.remote.hosting.deployment import Deployment
from foldline.waiting import Staying
from tests.dags.deploybed import BUCKET, Bed, Fragile
from tests.faults.awsbed import BadDay

pytestmark = pytest.mark.xdist_group("fault-table")
NUMBERS = itertools.count(1)
UNWELL = """
def model_fn(folder):
    return 1
def transform_fn(model, data, content_type, accept):
    raise RuntimeError("bad weights")
"""
NO_WEIGHTS = "raise RuntimeError('weights are missing')"


@pytest.fixture
def bed(bad_day: BadDay) -> Bed:
    """An endpoint's name of this test's own."""
    bad_day.client("s3").create_bucket(Bucket=BUCKET)
    return Bed(bad_day.client, f"bad-day-{next(NUMBERS)}")


def unwell(bed: Bed) -> str:
    """S3 address of a model that loads, and then fails each call."""
    packed, body = io.BytesIO(), UNWELL.encode()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(body)
        tar.addfile(member, io.BytesIO(body))
    key = f"{bed.name}/unwell/model.tar.gz"
    bed.client("s3").put_object(Bucket=BUCKET, Key=key, Body=packed.getvalue())
    return f"s3://{BUCKET}/{key}"


def asked(bed: Bed) -> float:
    """What the endpoint answers now."""
    answer = bed.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=bed.name, ContentType="text/csv", Accept="text/csv", Body=b"1,2"
    )
    return float(answer["Body"].read())


def watched(deployment: Deployment, look: Callable[[Any], None]) -> Deployment:
    """A deployment that calls ``look`` during each of its waits."""
    waits = Staying(SystemClock(10.0), meanwhile=look)
    return replace(deployment, endpoints=replace(deployment.endpoints, waits=waits))


def test_the_old_model_answers_while_a_new_one_cannot_be_loaded(bed: Bed) -> None:
    """
    F43: the new container never answers its ping; the task fails, and no call was lost meanwhile.
    """
    bed.deploy("first", 1.0)
    answers: list[float] = []
    deployment = bed.deployment("second", bed.model(2.0, load=NO_WEIGHTS), 2.0)

    with pytest.raises(DeploymentError, match="does not serve what was asked for") as told:
        watched(deployment, lambda watch: answers.append(asked(bed))).carry_out()

    assert "rolled back" in told.value.cause
    assert {1.0} == set(answers)
    assert 1.0 == asked(bed)


def test_an_update_that_an_alarm_rolled_back_fails_the_task(bed: Bed) -> None:
    """
    F44: InService on the old config is no success; the cause names the alarm, and nothing is asked for again.
    """
    bed.deploy("first", 1.0)
    old, alarms = bed.served()["EndpointConfigName"], bed.client("cloudwatch")
    alarm = f"{bed.name}-errors"
    alarms.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": bed.name}, {"Name": "VariantName", "Value": "main"}],
        Statistic="Sum",
        Period=1,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="breaching",
    )
    alarms.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="a test")
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    guarded = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
    }
    fragile = Fragile(bed.client("sagemaker"))
    deployment = bed.deployment("second", bed.model(2.0), 2.0, sagemaker=fragile)
    plain = deployment.plan.change

    def change(endpoint: dict[str, Any] | None, counts: dict[str, int]) -> tuple[str, dict[str, Any]]:
        method, request = plain(endpoint, counts)
        return method, {**request, "DeploymentConfig": guarded}

    with pytest.raises(DeploymentError, match="does not serve what was asked for") as told:
        replace(deployment, plan=replace(deployment.plan, change=change)).carry_out()

    assert alarm in told.value.cause
    assert ("InService", old) == (bed.served()["EndpointStatus"], bed.served()["EndpointConfigName"])
    assert 1 == fragile.calls.count("update_endpoint")


def test_a_model_that_fails_its_calls_is_taken_back(bed: Bed) -> None:
    """
    F45: it loads, so AWS lets it serve; known records find it out, and the old model serves again.
    """
    bed.deploy("first", 1.0)
    old = bed.served()["EndpointConfigName"]

    with pytest.raises(DeploymentError, match="does not answer known record 0"):
        bed.deployment("second", unwell(bed), 1.0).carry_out()

    assert old == bed.served()["EndpointConfigName"]
    assert 1.0 == asked(bed)


def test_a_first_model_that_fails_its_calls_does_not_serve(bed: Bed) -> None:
    """
    F45: there is nothing to go back to, so the endpoint is deleted.
    """
    with pytest.raises(DeploymentError, match="does not answer known record 0"):
        bed.deployment("first", unwell(bed), 1.0).carry_out()

    assert bed.deployment("first", unwell(bed), 1.0).endpoints.at_rest(bed.name, 10.0) is None


def test_a_variant_of_another_name_is_refused(bed: Bed) -> None:
    """
    F47: AWS would switch all traffic at once and watch no alarm; nothing is sent, the old model serves on.
    """
    bed.deploy("first", 1.0)
    fragile = Fragile(bed.client("sagemaker"))
    wanted = bed.wanted

    def renamed(artifact: str) -> Any:
        found = wanted(artifact)
        (variant,) = found.config["ProductionVariants"]
        return replace(
            found, config={**found.config, "ProductionVariants": [{**variant, "VariantName": "b"}]}
        )

    bed.wanted = renamed  # type: ignore[method-assign]  # the settings were edited
    with pytest.raises(DeploymentError, match="serves variants main, the settings name b; nothing was"):
        bed.deploy("second", 2.0, sagemaker=fragile)

    assert "update_endpoint" not in fragile.calls
    assert 1.0 == asked(bed)


class Broken:
    """A SageMaker whose endpoint is in a state that no waiting mends; it is not to be changed."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.reads = 0

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        self.reads += 1
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{EndpointName}"
        return {"EndpointStatus": self.status, "EndpointConfigName": "old", "EndpointArn": arn}


@pytest.mark.parametrize(
    ("status", "recipe"),
    [
        ("Failed", "AWS allows nothing else"),
        ("OutOfService", "takes no requests"),
        ("UpdateRollbackFailed", "a mix of old and new"),
    ],
)
def test_a_broken_endpoint_ends_the_task_at_once_with_its_recipe(bed: Bed, status: str, recipe: str) -> None:
    """
    F49: one look, no change, and what a person does about this very state.
    """
    broken = Broken(status)

    with pytest.raises(DeploymentError, match=f"is {status}; nothing was changed") as told:
        bed.deployment("first", bed.model(1.0), 1.0, sagemaker=broken).carry_out()

    assert recipe in told.value.mend
    assert 1 == broken.reads


def test_what_autoscaling_set_outlives_a_new_model(bed: Bed) -> None:
    """
    F50: the endpoint was scaled to two instances; the next model serves on two.
    """
    bed.deploy("first", 1.0)
    scaled = [{"VariantName": "main", "DesiredInstanceCount": 2}]
    sagemaker = bed.client("sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=bed.name, DesiredWeightsAndCapacities=scaled
    )

    bed.deploy("second", 2.0)

    assert [2] == [variant["CurrentInstanceCount"] for variant in bed.served()["ProductionVariants"]]


def test_a_config_that_does_not_show_yet_is_asked_for_again(bed: Bed, bad_day: BadDay) -> None:
    """
    F29: CreateEndpoint does not see the config that was just made; AWS's advice is to try again.
    """
    unseen = {"code": "ValidationException", "message": "Could not find endpoint configuration."}
    with bad_day.faults.rule(effect="error", operation="CreateEndpoint", count=3, **unseen) as hits:
        deployed = bed.deploy("first", 1.0)
        assert 3 == hits()

    assert "created" == deployed.action


def test_lost_answers_deploy_once(bed: Bed, bad_day: BadDay) -> None:
    """
    F03: each create is carried out, its answer lost, and refused when it is sent again: one endpoint.
    """

    with bad_day.faults.rule(effect="commit_then_drop", operation="Create*", every=2, count=3) as hits:
        deployed = bed.deploy("first", 1.0)
        assert 3 == hits()

    assert "created" == deployed.action
    assert 1.0 == asked(bed)
