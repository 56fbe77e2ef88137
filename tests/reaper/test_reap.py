"""The reaper on real things of the local endpoint: what it finds, and what it does about it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from foldline.errors import EnvironmentFault
from foldline.layout import RunLayout, S3Uri
from foldline.names import Identity
from foldline.reaper import OneOfSeveral, Reaper, deployed
from foldline.reaping import EXPIRES, Limits, RunState, TaskState, Verdict
from foldline.remote.calls import SystemClock
from tests.reaper.conftest import DAG, IMAGE, ROOT, Place

AT_ONCE = Limits(grace=-5.0, staging=-5.0, upload=-5.0, keep=1)
"""AWS's clock tells whole seconds, so what was made a moment ago may seem to be of the future."""
TABLE, RECORD, MODEL = "table/a/part-0", "record/ingest.json", "jobs/a/output/model.tar.gz"


@dataclass
class Told:
    """An Airflow that knows what a test says, and nothing else."""

    runs: dict[str, RunState]
    tasks: dict[str, TaskState] = field(default_factory=dict)

    def run(self, dag: str, run: str) -> RunState:
        return self.runs.get(run, "unknown")

    def task(self, dag: str, run: str, task: str, map_index: int) -> TaskState:
        return self.tasks.get(task, "unknown")


@pytest.fixture
def run() -> str:
    """A run id that no other test has."""
    return f"scheduled__{uuid.uuid4().hex[:8]}T00:00:00+00:00"


def reaper(place: Place, runs: Any, limits: Limits = AT_ONCE) -> Reaper:
    """A reaper in a hurry."""
    return Reaper(place.environment, place.clients, SystemClock(20.0), runs, limits, pause=0.0)


def mine(found: list[Verdict], *names: str) -> list[str]:
    """Which of the names were found; other tests' things are none of this one's business."""
    return [verdict.name for verdict in found if verdict.name in names]


def audit(place: Place, uri: S3Uri) -> list[dict[str, Any]]:
    """What a sweep noted."""
    return json.loads(place.clients.client("s3").get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read())[
        "actions"
    ]


def test_jobs_that_nobody_owns_are_stopped_and_all_others_run_on(place: Place, run: str) -> None:
    """
    Of a failed run, and of a cleared task; not of a living task, of another environment, or without tags.
    """
    orphan = place.begin(f"{run}-failed", "training")
    old = place.begin(run, "tuning/trial-001", epoch=0)
    spared = [
        place.begin(run, "tuning/trial-001", epoch=1),
        place.begin(f"{run}-failed", "training", env="dev"),
        place.begin(f"{run}-strange", "training"),
    ]
    names = [work.name for work in (orphan, old, *spared)]
    found = reaper(place, Told({f"{run}-failed": "failed", run: "living"}, {"tuning": "living"})).found()
    wanted = [verdict for verdict in found if verdict.name in names]

    assert {orphan.name, old.name} == {verdict.name for verdict in wanted}
    assert {"InProgress"} == {place.status(name) for name in names}

    uri = reaper(place, Told({})).apply(wanted)

    for name in (orphan.name, old.name):
        place.settle(name)
        assert "Stopped" == place.status(name)
    assert {"InProgress"} == {place.status(work.name) for work in spared}
    assert [("stop", "done")] * 2 == [(entry["action"], entry["outcome"]) for entry in audit(place, uri)]
    for work in spared:
        place.clients.client("sagemaker").stop_processing_job(ProcessingJobName=work.name)


def test_a_run_that_one_airflow_of_several_lacks_is_nobodys_to_judge(place: Place, run: str) -> None:
    """
    It may live in the other one; only the sole Airflow of an environment may call a run gone.
    """
    work = place.begin(run, "training")
    told = Told({run: "gone"})

    assert [] == mine(reaper(place, OneOfSeveral(told)).found(), work.name)
    assert [work.name] == mine(reaper(place, told).found(), work.name)
    assert [] == mine(reaper(place, told, Limits()).found(), work.name)
    place.clients.client("sagemaker").stop_processing_job(ProcessingJobName=work.name)


def test_staged_data_go_and_artifacts_and_records_stay(place: Place, run: str) -> None:
    """
    Of a failed run without run.json; a run that has one keeps everything.
    """
    s3, bucket = place.clients.client("s3"), place.environment.bucket
    for name in (run, f"{run}-whole"):
        work = place.begin(name, "ingest", "print(1)")
        place.settle(work.name)
        for key in (TABLE, RECORD, MODEL, *(["run.json"] if name != run else [])):
            s3.put_object(Bucket=bucket, Key=(RunLayout(bucket, DAG, name).root / key).key, Body=b"x")
    sweeper = reaper(place, Told({run: "failed", f"{run}-whole": "failed"}))
    root = RunLayout(bucket, DAG, run).root
    wanted = [verdict for verdict in sweeper.found() if verdict.action == "delete-staging"]

    assert [f"{DAG}/{root.name}"] == [verdict.name for verdict in wanted]
    sweeper.apply(wanted)

    left = s3.list_objects_v2(Bucket=bucket, Prefix=root.key)["Contents"]
    assert {RECORD, MODEL} == {item["Key"].removeprefix(root.key) for item in left}


def test_uploads_that_nobody_completed_are_aborted(place: Place) -> None:
    """
    Below a pipeline's prefix; one elsewhere in the bucket goes on. A second sweep does not mind.
    """
    s3, bucket = place.clients.client("s3"), place.environment.bucket
    keys = [f"{DAG}/runs/x/big", "elsewhere/big"]
    begun = [s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in keys]
    sweeper = reaper(place, Told({}))
    wanted = [verdict for verdict in sweeper.found() if verdict.id in begun]

    assert [keys[0]] == [verdict.name for verdict in wanted]
    sweeper.apply(wanted)
    sweeper.apply(wanted)

    left = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    assert [keys[1]] == [item["Key"] for item in left if item["UploadId"] in begun]


def test_old_models_go_when_no_config_needs_them(place: Place, run: str) -> None:
    """
    The newest stays, and so does the older one that a person's own endpoint config names.
    """
    sagemaker, s3 = place.clients.client("sagemaker"), place.clients.client("s3")
    s3.put_object(Bucket=place.environment.bucket, Key="model.tar.gz", Body=b"x")
    family, tail = f"m{uuid.uuid4().hex[:8]}", "abcdefghij234567abc"
    tags = Identity("local", DAG, run, "deploy", -1, "endpoint", "s").tags()
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{place.environment.bucket}/model.tar.gz"}
    for letter in "abc":
        sagemaker.create_model(
            ModelName=f"{family}-{tail}{letter}",
            PrimaryContainer=container,
            ExecutionRoleArn=place.environment.role,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    variant = {"VariantName": "v", "ModelName": f"{family}-{tail}a", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName=f"{family}-theirs", ProductionVariants=[variant])
    sweeper = reaper(place, Told({run: "success"}))
    wanted = [verdict for verdict in sweeper.found() if verdict.name.startswith(family)]

    assert [f"{family}-{tail}b"] == [verdict.name for verdict in wanted]
    sweeper.apply(wanted)
    left = [model["ModelName"] for model in sagemaker.list_models(NameContains=family)["Models"]]
    assert {f"{family}-{tail}a", f"{family}-{tail}c"} == set(left)


def test_endpoints_of_deploy_steps_are_known_or_none_may_be_touched() -> None:
    """
    A pipeline whose files cannot be read might name any endpoint.
    """
    assert frozenset({"flight-delays"}) == deployed(["flight_delays"], "local", ROOT)
    assert deployed(["flight_delays", "no-such-pipeline"], "local", ROOT) is None


def test_what_fails_is_noted_and_does_not_keep_the_rest_from_being_done(place: Place, run: str) -> None:
    """
    The sweep ends with an error that names the audit; what is gone already is no failure.
    """
    work = place.begin(run, "training")
    impossible = Verdict("delete-model", "model", "not a name!", "a test says so")
    gone = Verdict("delete-endpoint", "endpoint", f"gone-{uuid.uuid4().hex}", "a test says so")
    stop = Verdict("stop", "processing", work.name, "a test says so")

    with pytest.raises(EnvironmentFault, match="1 of 3 actions failed") as fault:
        reaper(place, Told({})).apply([impossible, gone, stop])

    place.settle(work.name)
    assert "Stopped" == place.status(work.name)
    first, *rest = audit(place, S3Uri.parse(fault.value.where))
    assert first["outcome"].startswith("failed: ")
    assert ["done", "done"] == [entry["outcome"] for entry in rest]


def test_without_an_airflow_nothing_is_known_and_nothing_is_stopped(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    The command says so; a job of a run nobody can ask about is not found, even with --sole.
    """
    work = place.begin(run, "training")

    told = foldline("reap", "--sole")

    assert "no run's state is known" in told
    assert work.name not in told
    assert "InProgress" == place.status(work.name)
    place.clients.client("sagemaker").stop_processing_job(ProcessingJobName=work.name)


def test_an_expired_endpoint_is_deleted_and_its_config_stays(place: Place, run: str) -> None:
    """
    An endpoint for a trial carries the moment at which it is to go; one without such a tag serves on.
    """
    sagemaker, s3 = place.clients.client("sagemaker"), place.clients.client("s3")
    s3.put_object(Bucket=place.environment.bucket, Key="model.tar.gz", Body=b"no archive")
    name = f"trial-{uuid.uuid4().hex[:8]}"
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{place.environment.bucket}/model.tar.gz"}
    sagemaker.create_model(
        ModelName=name, PrimaryContainer=container, ExecutionRoleArn=place.environment.role
    )
    variant = {"VariantName": "v", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    tags = Identity("local", DAG, run, "deploy", -1, "endpoint", "s").tags()
    for end, more in (("expired", {EXPIRES: "2026-01-01T00:00:00+00:00"}), ("forever", {})):
        pairs = [{"Key": key, "Value": value} for key, value in {**tags, **more}.items()]
        sagemaker.create_endpoint(EndpointName=f"{name}-{end}", EndpointConfigName=name, Tags=pairs)
    while "Creating" in {
        one["EndpointStatus"] for one in sagemaker.list_endpoints(NameContains=name)["Endpoints"]
    }:
        time.sleep(0.05)
    sweeper = reaper(place, Told({}))
    wanted = [verdict for verdict in sweeper.found() if verdict.name.startswith(name)]

    assert [("delete-endpoint", f"{name}-expired")] == [(one.action, one.name) for one in wanted]
    sweeper.apply(wanted)
    while len(left := sagemaker.list_endpoints(NameContains=name)["Endpoints"]) > 1:
        time.sleep(0.05)
    assert [f"{name}-forever"] == [one["EndpointName"] for one in left]
    assert name == sagemaker.describe_endpoint_config(EndpointConfigName=name)["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName=f"{name}-forever")
