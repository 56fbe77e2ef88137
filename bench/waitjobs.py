"""Requests of jobs that do nothing for a given time, and what they need in S3; read by `bench/waits/dags`."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import tarfile
from pathlib import Path
from typing import Any

from bench.endpoint import SCRIPT
from bench.jobs import IMAGE, ROLE, training_request

BUCKET = "foldline-local"
OUTPUT = f"s3://{BUCKET}/waits/output/"
DATA = f"s3://{BUCKET}/waits/data/"
PAUSE = f"s3://{BUCKET}/waits/pause.py"
MODEL = "waits"
MODES = ("staying", "deferring")
LENGTHS, LONG = (0, 2, 20), 90
KINDS = {"processing": 2, "transform": 0, "query": 0, "glue": 2}
"""Seconds of the work that is no training job."""
SETTINGS: dict[str, Any] = {
    "schedule": None,
    "start_date": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "max_active_tasks": 64,
}
"""Of both DAGs."""
PROJECT = Path(__file__).parent / "waits"
RESOURCES = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}


def lane(tasks: list[Any]) -> None:
    """Put tasks one after another."""
    for before, after in itertools.pairwise(tasks):
        before >> after


def training(name: str, seconds: float) -> dict[str, Any]:
    """A CreateTrainingJob request."""
    return training_request(name, ["python3", "-c", f"import time; time.sleep({seconds})"])


def processing(name: str, seconds: float) -> dict[str, Any]:
    """A CreateProcessingJob request."""
    return {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "-c", f"import time; time.sleep({seconds})"],
        },
        "ProcessingResources": {"ClusterConfig": RESOURCES},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def transform(name: str) -> dict[str, Any]:
    """A CreateTransformJob request."""
    return {
        "TransformJobName": name,
        "ModelName": MODEL,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": DATA}},
            "ContentType": "text/csv",
        },
        "TransformOutput": {"S3OutputPath": f"{OUTPUT}{name}/"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }


def prepare(client: Any) -> None:
    """Put data, script and model where the jobs look for them.

    Args:
        client: Gives a boto3 client of a service.
    """
    s3, archive = client("s3"), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(SCRIPT)
        tar.addfile(member, io.BytesIO(SCRIPT.encode()))
    s3.create_bucket(Bucket=BUCKET)
    objects = {
        "model.tar.gz": archive.getvalue(),
        "data/rows.csv": b"1,2\n",
        "pause.py": (PROJECT / "infra" / "waits" / "pause.py").read_bytes(),
    }
    for key, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=f"waits/{key}", Body=body)
    client("sagemaker").create_model(
        ModelName=MODEL,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/waits/model.tar.gz"},
    )
