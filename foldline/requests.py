"""The parts that SageMaker requests share: resources, network, keys. Pure: settings in, plain dicts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foldline.layout import S3Uri

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.steps.settings import JobSettings

Request = dict[str, Any]
JOB_ROOT = "/opt/ml"
"""SageMaker's own root of a job's files; the container side reads it from FOLDLINE_JOB_DIR."""
GIB = 1024**3


def resources(job: JobSettings, environment: Environment) -> Request:
    """``ResourceConfig`` of a training job and ``ClusterConfig`` of a processing job."""
    cluster: Request = {
        "InstanceType": job.instance,
        "InstanceCount": job.instances,
        "VolumeSizeInGB": max(1, -(-job.volume // GIB)),
    }
    if environment.kms_key:
        cluster["VolumeKmsKeyId"] = environment.kms_key
    return cluster


def network(environment: Environment) -> Request:
    """The VPC of a job or model; empty where the environment names no subnets."""
    if not environment.subnets:
        return {}
    return {"Subnets": list(environment.subnets), "SecurityGroupIds": list(environment.security_groups)}


def container_environment(job: JobSettings, code_folder: str) -> dict[str, str]:
    """Environment variables of a job that runs our container side."""
    return {
        "PYTHONPATH": code_folder,
        "FOLDLINE_JOB_DIR": JOB_ROOT,
        "PYTHONUNBUFFERED": "1",
        **job.environment,
    }


def s3_input(uri: S3Uri, *, manifest: bool = False) -> Request:
    """An ``S3DataSource`` of a training channel: everything below a prefix, or what a manifest lists."""
    return {
        "S3DataType": "ManifestFile" if manifest else "S3Prefix",
        "S3Uri": str(uri),
        "S3DataDistributionType": "FullyReplicated",
    }


def channel(name: str, uri: S3Uri, *, manifest: bool = False) -> Request:
    """One channel of ``InputDataConfig``."""
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": s3_input(uri, manifest=manifest)},
        "InputMode": "File",
    }


def processing_request(
    job: JobSettings,
    environment: Environment,
    *,
    role: str,
    module: str,
    code: S3Uri,
    inputs: Mapping[str, S3Uri],
    outputs: Mapping[str, S3Uri],
    manifests: frozenset[str] = frozenset(),
) -> Request:
    """A CreateProcessingJob request that runs ``python3 -m module`` over ``inputs``, without its name.

    Args:
        job: Image, instance and limits.
        environment: Images, network and keys.
        role: ARN of the role the job runs under.
        module: Container-side module to run.
        code: Source tree.
        inputs: S3 address by input name; arrives at ``processing/input/<name>/``.
        outputs: S3 prefix by output name; filled from ``processing/output/<name>/`` at the end of the job.
        manifests: Names of those inputs that are S3 manifests.
    """
    base = f"{JOB_ROOT}/processing"

    def arrives(name: str, uri: S3Uri) -> Request:
        source = {
            **s3_input(uri, manifest=name in manifests),
            "LocalPath": f"{base}/input/{name}",
            "S3InputMode": "File",
        }
        return {"InputName": name, "S3Input": source}

    def leaves(name: str, uri: S3Uri) -> Request:
        target = {"S3Uri": str(uri), "LocalPath": f"{base}/output/{name}", "S3UploadMode": "EndOfJob"}
        return {"OutputName": name, "S3Output": target}

    output: Request = {"Outputs": [leaves(name, uri) for name, uri in outputs.items()]}
    if environment.kms_key:
        output["KmsKeyId"] = environment.kms_key
    isolation: Request = {"EnableNetworkIsolation": environment.network_isolation}
    if job.instances > 1:
        isolation["EnableInterContainerTrafficEncryption"] = True
    if network(environment):
        isolation["VpcConfig"] = network(environment)
    return {
        "RoleArn": role,
        "AppSpecification": {
            "ImageUri": environment.image(job.image),
            "ContainerEntrypoint": ["python3", "-m", module],
        },
        "Environment": container_environment(job, f"{base}/input/code"),
        "ProcessingInputs": [arrives("code", code), *(arrives(name, uri) for name, uri in inputs.items())],
        "ProcessingOutputConfig": output,
        "ProcessingResources": {"ClusterConfig": resources(job, environment)},
        "StoppingCondition": {"MaxRuntimeInSeconds": int(job.max_runtime)},
        "NetworkConfig": isolation,
    }


def training_request(
    job: JobSettings,
    environment: Environment,
    *,
    role: str,
    module: str,
    code: S3Uri,
    channels: list[Request],
    hyperparameters: Mapping[str, str],
    output: S3Uri,
    metrics: Mapping[str, str],
) -> Request:
    """A CreateTrainingJob request that runs ``python3 -m module``, without its name.

    Args:
        job: Image, instance and limits.
        environment: Images, network and keys.
        role: ARN of the role the job runs under.
        module: Container-side module to run.
        code: Source tree; arrives as the channel ``code``.
        channels: The data channels (see :func:`channel`).
        hyperparameters: Encoded by :func:`foldline.trials.encode`.
        output: Prefix below which SageMaker writes ``<job>/output/model.tar.gz``.
        metrics: Regular expression by metric name, applied to the job's log.
    """
    output_config: Request = {"S3OutputPath": str(output)}
    if environment.kms_key:
        output_config["KmsKeyId"] = environment.kms_key
    request: Request = {
        "RoleArn": role,
        "AlgorithmSpecification": {
            "TrainingImage": environment.image(job.image),
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-m", module],
            "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in metrics.items()],
        },
        "HyperParameters": dict(hyperparameters),
        "InputDataConfig": [channel("code", code), *channels],
        "OutputDataConfig": output_config,
        "ResourceConfig": resources(job, environment),
        "StoppingCondition": {"MaxRuntimeInSeconds": int(job.max_runtime)},
        "Environment": container_environment(job, f"{JOB_ROOT}/input/data/code"),
        "EnableNetworkIsolation": environment.network_isolation,
        "EnableInterContainerTrafficEncryption": job.instances > 1,
    }
    if network(environment):
        request["VpcConfig"] = network(environment)
    return request


def merged(request: Request, override: Mapping[str, Any]) -> Request:
    """``request`` with the raw API fields of a step's ``request:`` merged over it, maps member by member."""
    out = dict(request)
    for key, value in override.items():
        mine = out.get(key)
        out[key] = merged(mine, value) if isinstance(mine, dict) and isinstance(value, Mapping) else value
    return out
