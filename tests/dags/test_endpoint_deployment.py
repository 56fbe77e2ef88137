"""Endpoints: what serves is what was asked for, or what served before serves on; whatever is killed in between."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from foldline.errors import DeploymentError, JobTimedOut
from tests.dags.deploybed import ACCOUNT, BUCKET, Bed, Fragile, Killed

pytestmark = pytest.mark.xdist_group("endpoint_deployment")
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def bucket(client: Callable[[str], Any]) -> str:
    """A bucket for models, notes and locks."""
    client("s3").create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture
def bed(client: Callable[[str], Any], bucket: str) -> Bed:
    """An endpoint's name of this test's own."""
    return Bed(client, f"bed-{next(NUMBERS)}")


def test_a_deployment_killed_at_any_call_goes_on_at_the_first_missing_piece(bed: Bed) -> None:
    """
    Before and after each of the three creates: the next try makes what is missing, once.
    """
    artifact = bed.model(1.0)
    made: list[str] = []
    for at, after in [(1, False), (1, True), (1, True), (1, False), (1, True)]:
        fragile = Fragile(bed.client("sagemaker"), at, after)
        with pytest.raises(Killed):
            bed.deployment("first", artifact, 1.0, sagemaker=fragile).carry_out()
        made += fragile.calls

    deployed = bed.deployment("first", artifact, 1.0).carry_out()

    assert ["create_model", "create_endpoint_config", "create_endpoint"] == made
    assert "created" == deployed.action


def test_a_retry_after_the_update_still_knows_what_served_before(bed: Bed) -> None:
    """
    Killed after UpdateEndpoint was accepted: the next try says updated, and can still go back.
    """
    bed.deploy("first", 1.0)
    old = bed.served()["EndpointConfigName"]
    artifact = bed.model(2.0)
    fragile = Fragile(bed.client("sagemaker"), at=3, after=True)
    with pytest.raises(Killed):
        bed.deployment("second", artifact, 2.0, sagemaker=fragile).carry_out()
    assert "update_endpoint" == fragile.calls[-1]

    watched = Fragile(bed.client("sagemaker"))
    assert "updated" == bed.deployment("second", artifact, 2.0, sagemaker=watched).carry_out().action
    assert [] == watched.calls

    wrong = bed.deployment("second", artifact, 99.0)
    with pytest.raises(DeploymentError, match="answers known record 0"):
        wrong.carry_out()
    assert old == bed.served()["EndpointConfigName"]
    with pytest.raises(DeploymentError, match="answers known record 0"):
        replace(wrong).carry_out()
    assert ("InService", old) == (bed.served()["EndpointStatus"], bed.served()["EndpointConfigName"])


def test_an_update_that_aws_rolled_back_fails_and_is_not_asked_for_again(bed: Bed) -> None:
    """
    InService on the old config is a failure; a try that was killed before it saw so does not update again.
    """
    bed.deploy("first", 1.0)
    artifact = bed.model(2.0, load="raise RuntimeError('weights are missing')")
    fragile = Fragile(bed.client("sagemaker"), at=3, after=True)
    with pytest.raises(Killed):
        bed.deployment("second", artifact, 2.0, sagemaker=fragile).carry_out()
    watched = Fragile(bed.client("sagemaker"))

    with pytest.raises(DeploymentError, match="does not serve what was asked for") as told:
        bed.deployment("second", artifact, 2.0, sagemaker=watched).carry_out()

    assert "rolled back" in told.value.cause
    assert [] == watched.calls
    assert "InService" == bed.served()["EndpointStatus"]


def test_a_deferred_deployment_is_replayed_to_the_same_end(bed: Bed) -> None:
    """
    Every wait lets go of the worker: three creates in all, and the action is told as it was.
    """
    artifact, fragile = bed.model(1.0), Fragile(bed.client("sagemaker"))

    deployed, looks = bed.deferring(
        lambda: bed.deployment("first", artifact, 1.0, sagemaker=fragile, defer=True)
    )

    assert "created" == deployed.action
    assert looks > 1
    assert ["create_model", "create_endpoint_config", "create_endpoint"] == fragile.calls


def test_what_somebody_else_deployed_meanwhile_is_left_alone(bed: Bed) -> None:
    """
    A try that was dead for long finds another config than before: it changes nothing.
    """
    bed.deploy("first", 1.0)
    artifact = bed.model(2.0)
    with pytest.raises(Killed):
        bed.deployment("second", artifact, 2.0, sagemaker=Fragile(bed.client("sagemaker"), 3)).carry_out()
    bed.lock("second").release()
    bed.deploy("third", 3.0)
    theirs = bed.served()["EndpointConfigName"]

    with pytest.raises(DeploymentError, match="changed by somebody else"):
        bed.deployment("second", artifact, 2.0).carry_out()

    assert theirs == bed.served()["EndpointConfigName"]


def test_an_endpoint_that_somebody_else_updates_is_waited_for(bed: Bed) -> None:
    """
    No update is sent into another one: AWS would refuse it, or the other's would be lost half-way.
    """
    bed.deploy("first", 1.0)
    theirs = bed.wanted(bed.model(2.0))
    sagemaker = bed.client("sagemaker")
    sagemaker.create_model(**theirs.model)
    sagemaker.create_endpoint_config(**theirs.config)
    sagemaker.update_endpoint(**theirs.endpoint)
    fragile = Fragile(sagemaker)

    deployed = bed.deploy("second", 3.0, sagemaker=fragile)

    assert "updated" == deployed.action
    assert ["create_model", "create_endpoint_config", "update_endpoint"] == fragile.calls


def test_a_broken_endpoint_ends_the_deployment_at_once(bed: Bed) -> None:
    """
    Failed passes by no waiting: the first task says why it failed, the next one that nothing was changed.
    """
    artifact = bed.model(1.0, load="raise RuntimeError('weights are missing')")
    with pytest.raises(DeploymentError, match="does not serve what was asked for") as told:
        bed.deployment("first", artifact, 1.0).carry_out()
    assert "the endpoint is Failed" in told.value.cause
    watched = Fragile(bed.client("sagemaker"))

    with pytest.raises(DeploymentError, match="is Failed; nothing was changed"):
        bed.deploy("second", 2.0, sagemaker=watched)

    assert [] == watched.calls


def test_the_lock_has_one_holder_who_finds_it_again(bed: Bed) -> None:
    """
    A second task waits and gives up at its limit; the first one's retry has it at once.
    """
    bed.lock("one").acquire()

    with pytest.raises(JobTimedOut, match="held by another run"):
        bed.lock("two", waited=1e9).acquire()
    bed.lock("one").acquire()
    bed.lock("two").release()
    with pytest.raises(JobTimedOut):
        bed.lock("two", waited=1e9).acquire()
    bed.lock("one").release()

    bed.lock("two").acquire()


def write_record_after(bed: Bed, task: str) -> None:
    """Leave the record of a task's run, later than its lock; S3's dates are whole seconds."""
    s3, lock = bed.client("s3"), bed.lock(task)
    taken = s3.head_object(Bucket=BUCKET, Key=lock.place.key)["LastModified"]
    while True:
        s3.put_object(Bucket=BUCKET, Key=lock.record.key, Body=b"{}")
        if s3.head_object(Bucket=BUCKET, Key=lock.record.key)["LastModified"] > taken:
            return
        threading.Event().wait(0.1)


def test_a_dead_holder_loses_the_lock(bed: Bed) -> None:
    """
    Its run left a record after it took the lock, or it has not renewed it for as long as a deployment may take.
    """
    bed.lock("finished", seconds=3600.0).acquire()
    write_record_after(bed, "finished")
    bed.lock("next", seconds=-1.0).acquire()

    bed.lock("last").acquire()

    held = bed.client("s3").get_object(Bucket=BUCKET, Key=bed.lock("last").place.key)["Body"].read()
    assert "last" == json.loads(held)["holder"]
    with pytest.raises(DeploymentError, match="taken over"):
        bed.lock("next").renew()


def test_a_failed_deployment_gives_the_lock_back(bed: Bed) -> None:
    """
    The next run need not wait for it to expire.
    """
    with pytest.raises(DeploymentError):
        bed.deployment("first", bed.model(1.0), 99.0).carry_out()

    answer = bed.client("s3").list_objects_v2(
        Bucket=BUCKET, Prefix=f"locks/{bed.name}", ExpectedBucketOwner=ACCOUNT
    )
    assert 0 == answer["KeyCount"]
    assert "created" == bed.deploy("second", 1.0).action
