"""Training jobs of the local endpoint that run warm: the same contract, without the imports' time."""

from __future__ import annotations

import io
import sys
import tarfile
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.localaws.warmbed import WARM_UP_SECONDS, is_warm

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="warm starts need Linux"),
    pytest.mark.xdist_group("warm"),
]
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


class Trainer:
    """Trains at the session's endpoint."""

    def __init__(self, client: Callable, bucket: str) -> None:
        self.s3, self.sagemaker, self.logs = client("s3"), client("sagemaker"), client("logs")
        self.bucket = bucket

    def start(self, script: str, **members: Any) -> str:
        """Start a script-mode job; its name."""
        self.put_archive("source.tar.gz", "train.py", script)
        name = f"warm-{uuid.uuid4().hex[:12]}"
        request: dict[str, Any] = {
            "TrainingJobName": name,
            "RoleArn": "arn:aws:iam::123456789012:role/any",
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": f"s3://{self.bucket}/source.tar.gz",
                "rate": "0.1",
            },
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out/"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        }
        self.sagemaker.create_training_job(**(request | members))
        return name

    def put_archive(self, key: str, name: str, text: str) -> None:
        """Store an archive of one file."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=archive.getvalue())

    def finish(self, name: str) -> dict[str, Any]:
        """The job's description once it has ended."""
        while True:
            job = self.sagemaker.describe_training_job(TrainingJobName=name)
            if job["TrainingJobStatus"] not in ("InProgress", "Stopping"):
                return job
            time.sleep(0.02)

    def lines(self, name: str) -> list[str]:
        """What the job has logged."""
        group = "/aws/sagemaker/TrainingJobs"
        events = self.logs.filter_log_events(logGroupName=group, logStreamNamePrefix=f"{name}/")["events"]
        return [event["message"] for event in events]

    def warm(self, script: str, **members: Any) -> tuple[dict[str, Any], list[str]]:
        """The first job to run warm, and its lines; jobs before it ran while the zygote got ready."""
        deadline = time.monotonic() + WARM_UP_SECONDS
        while time.monotonic() < deadline:
            name = self.start(is_warm() + script, **members)
            job = self.finish(name)
            lines = self.lines(name)
            if "warm" in lines:
                return job, lines
        raise TimeoutError("no job ran warm")


@pytest.fixture
def trainer(client: Callable, bucket: str) -> Trainer:
    return Trainer(client, bucket)


def test_a_warm_job_keeps_the_contract(trainer: Trainer) -> None:
    """
    A warm script sees /opt/ml, its hyperparameters and channels as files and variables, and its model is kept.
    """
    script = (
        "import sys, json, numpy\n"
        "print(sys.argv[1:], os.environ['SM_HP_RATE'], os.environ['TRAINING_JOB_NAME'][:5])\n"
        "root = os.environ['SAGEMAKER_BASE_DIR']\n"
        "print(json.load(open(root + '/input/config/resourceconfig.json'))['current_host'])\n"
        "open(os.environ['SM_MODEL_DIR'] + '/m', 'w').write('model')\n"
    )
    job, lines = trainer.warm(script)
    assert ["warm", "['--rate', '0.1'] 0.1 warm-", "algo-1"] == lines
    assert "Completed" == job["TrainingJobStatus"]
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{trainer.bucket}/")
    with tarfile.open(
        fileobj=trainer.s3.get_object(Bucket=trainer.bucket, Key=key)["Body"], mode="r|gz"
    ) as tar:
        assert ["m"] == tar.getnames()


def test_a_warm_job_that_fails_says_why(trainer: Trainer) -> None:
    """
    The traceback of a warm script shows its own frames only and becomes the reason of the failure.
    """
    job, lines = trainer.warm("raise KeyError('tenure')")
    assert "Failed" == job["TrainingJobStatus"]
    assert job["FailureReason"].startswith("AlgorithmError: ")
    assert job["FailureReason"].endswith("KeyError: 'tenure', exit code: 1")
    assert ["warm", "Traceback (most recent call last):"] == lines[:2]
    assert 1 == sum('File "' in line for line in lines)


def test_code_from_a_channel_runs_warm(trainer: Trainer) -> None:
    """
    ``python3 -m`` of a package in a channel on PYTHONPATH runs warm, and cannot edit the stored code.
    """
    code = is_warm() + "print(__name__, __package__)\nopen(__file__, 'a').write('edited')\n"
    for key, body in {"code/package/fit.py": code, "code/package/__init__.py": "#"}.items():
        trainer.s3.put_object(Bucket=trainer.bucket, Key=key, Body=body.encode())
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{trainer.bucket}/code/"}
    job, lines = trainer.warm(
        "",
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-m", "package.fit"],
        },
        InputDataConfig=[{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        Environment={"PYTHONPATH": "/opt/ml/input/data/code"},
    )
    assert ("Completed", ["warm", "__main__ package"]) == (job["TrainingJobStatus"], lines)
    kept = trainer.s3.get_object(Bucket=trainer.bucket, Key="code/package/fit.py")["Body"].read()
    assert code.encode() == kept


def test_stopping_a_warm_job_ends_it_by_sigterm(trainer: Trainer) -> None:
    """
    A stopped warm job may handle SIGTERM and keep its model.
    """
    trainer.warm("")
    script = is_warm() + (
        "import signal, sys\n"
        "def end(*_):\n    print('ending')\n    open(os.environ['SM_MODEL_DIR'] + '/m', 'w')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('waiting')\nsignal.pause()\n"
    )
    name = trainer.start(script)
    while "waiting" not in trainer.lines(name):
        time.sleep(0.05)
    trainer.sagemaker.stop_training_job(TrainingJobName=name)
    job = trainer.finish(name)
    assert ("Stopped", ["waiting", "ending"]) == (job["TrainingJobStatus"], trainer.lines(name)[1:])
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("/model.tar.gz")


def test_model_servers_start_warm(trainer: Trainer, client: Callable) -> None:
    """
    An endpoint's model server is forked from a warm interpreter too, with its listening socket.
    """
    sagemaker, runtime = trainer.sagemaker, client("sagemaker-runtime")
    handlers = (
        "def model_fn(folder):\n    return 1\n\n\ndef transform_fn(*_):\n    return kind, 'text/plain'\n"
    )
    trainer.put_archive(
        "model.tar.gz", "code/inference.py", is_warm().replace("print(", "kind = (") + handlers
    )
    name = f"warm-{uuid.uuid4().hex[:12]}"
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{trainer.bucket}/model.tar.gz"}
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn="arn:aws:iam::123456789012:role/any", PrimaryContainer=container
    )
    variant = {
        "VariantName": "all",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    deadline, answer = time.monotonic() + WARM_UP_SECONDS, b""
    for number in range(1000):
        endpoint = f"{name}-{number}"
        sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=name)
        while sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "Creating":
            time.sleep(0.02)
        answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=b"1")["Body"].read()
        sagemaker.delete_endpoint(EndpointName=endpoint)
        if answer == b"warm" or time.monotonic() > deadline:
            break
    assert b"warm" == answer
