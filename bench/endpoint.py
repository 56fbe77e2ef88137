"""What single calls to the local endpoint cost, and what a long queue of jobs does to its memory."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.jobs import IMAGE, ROLE, training_request
from bench.measure import Row, seconds
from foldline.aws import Clients, endpoint_url
from foldline.environment import Environment
from foldline.local import endpoint_port, health

CALL_GOAL, INVOKE_GOAL, GROWTH_GOAL = 0.0015, 0.004, 32.0
QUEUED = 1000
TIMES = 300
SCRIPT = """\
def model_fn(folder):
    return None


def transform_fn(model, data, kind, accept):
    return data, kind
"""


def rows(environment: Environment) -> list[Row]:
    """Median calls, the median invocation, and memory with a thousand queued jobs."""
    clients = Clients(environment)
    return [calls(clients, environment.bucket), invocations(clients, environment.bucket), queue(clients)]


def calls(clients: Clients, bucket: str) -> Row:
    """The median of the calls pipelines make most: one of S3, of SageMaker, of Glue, of Athena."""
    s3, sagemaker = clients.client("s3"), clients.client("sagemaker")
    glue, athena = clients.client("glue"), clients.client("athena")
    s3.put_object(Bucket=bucket, Key="bench/small", Body=b"x" * 1024)
    name = f"call-{time.time_ns()}"
    sagemaker.create_training_job(**training_request(name, ["python3", "-c", "pass"]))
    made: dict[str, Callable[[], Any]] = {
        "put": lambda: s3.put_object(Bucket=bucket, Key="bench/small", Body=b"x" * 1024),
        "head": lambda: s3.head_object(Bucket=bucket, Key="bench/small"),
        "describe": lambda: sagemaker.describe_training_job(TrainingJobName=name),
        "databases": glue.get_databases,
        "workgroups": athena.list_work_groups,
    }
    found = {name: median(seconds(call) for _ in range(TIMES)) for name, call in made.items()}
    took = median(found.values())
    each = ", ".join(f"{name} {value * 1000:.2f}" for name, value in found.items())
    goal = f"at most {CALL_GOAL * 1000} ms"
    return Row(
        f"a boto3 call, median (ms: {each})", f"{took * 1000:.2f} ms", goal=goal, met=took <= CALL_GOAL
    )


def invocations(clients: Clients, bucket: str) -> Row:
    """The median InvokeEndpoint of a model that gives back what it gets."""
    runtime = clients.client("sagemaker-runtime")
    with _endpoint(clients, bucket) as name:
        took = median(
            seconds(lambda: runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=b"1,2"))
            for _ in range(TIMES)
        )
    goal = f"at most {INVOKE_GOAL * 1000:.0f} ms"
    return Row("InvokeEndpoint, median", f"{took * 1000:.2f} ms", goal=goal, met=took <= INVOKE_GOAL)


def queue(clients: Clients) -> Row:
    """How much the server grows by a thousand jobs that wait."""
    sagemaker = clients.client("sagemaker")
    server = health(endpoint_port())
    assert server is not None, endpoint_url(clients.environment)
    before, stamp = resident(server.pid), time.time_ns()
    names = [f"queued-{stamp}-{number}" for number in range(QUEUED + 2)]
    began = time.perf_counter()
    for name in names:  # the first ones hold the cores
        sagemaker.create_training_job(**training_request(name, ["sleep", "600"]))
    each = (time.perf_counter() - began) / len(names)
    grown = resident(server.pid) - before
    for name in reversed(names):
        sagemaker.stop_training_job(TrainingJobName=name)
    return Row(
        f"{QUEUED} queued training jobs: the server grows by",
        f"{grown:.0f} MB",
        f"CreateTrainingJob {each * 1000:.1f} ms each",
        goal=f"at most {GROWTH_GOAL:.0f} MB",
        met=grown <= GROWTH_GOAL,
    )


def resident(pid: int) -> float:
    """The memory a process holds, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@contextmanager
def _endpoint(clients: Clients, bucket: str) -> Iterator[str]:
    sagemaker, name = clients.client("sagemaker"), f"bench-{time.time_ns()}"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(SCRIPT)
        tar.addfile(member, io.BytesIO(SCRIPT.encode()))
    clients.client("s3").put_object(Bucket=bucket, Key="bench/model.tar.gz", Body=archive.getvalue())
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/bench/model.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {
        "VariantName": "all",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    try:
        yield name
    finally:
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
        sagemaker.delete_model(ModelName=name)
