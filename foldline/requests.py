"""The parts that SageMaker requests share: resources, network, keys. Pure: settings in, plain dicts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foldline.layout import S3Uri

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.steps.settings import JobSettings, TrainingMachine

Request = dict[str, Any]
JOB_ROOT = "/opt/ml"
"""SageMaker's own root of a job's files; the container side reads it from FOLDLINE_JOB_DIR."""
PROCESSING_ROOT = f"{JOB_ROOT}/processing"
CODE_CHANNEL = f"{JOB_ROOT}/input/data/code"
"""Where the source tree of a training job arrives."""
GIB = 1024**3


def resources(job: JobSettings, environment: Environment) -> Request:
    """``ResourceConfig`` of a training job and ``ClusterConfig`` of a processing job."""
    cluster: Request = {
        "InstanceType": job.instance[0],
        "InstanceCount": job.instances,
        "VolumeSizeInGB": max(1, -(-job.volume // GIB)),
    }
    if environment.kms_key:
        cluster["VolumeKmsKeyId"] = environment.kms_key
    return cluster


def training_machine(job: TrainingMachine, environment: Environment) -> Request:
    """The members of a training job that say where it runs, for how long, and what follows a fault of AWS."""
    machine: Request = {
        "ResourceConfig": resources(job, environment),
        "StoppingCondition": {"MaxRuntimeInSeconds": int(job.max_runtime)},
    }
    if job.keep_alive is not None:
        machine["ResourceConfig"]["KeepAlivePeriodInSeconds"] = job.keep_alive
    if job.spot:
        machine["EnableManagedSpotTraining"] = True
        machine["StoppingCondition"]["MaxWaitTimeInSeconds"] = job.spot_wait
    if job.retries:
        machine["RetryStrategy"] = {"MaximumRetryAttempts": job.retries}
    return machine


def with_checkpoints(request: Request, job: TrainingMachine, below: S3Uri, key: str) -> Request:
    """``request`` with its checkpoints in S3, by ``key``: every generation of the same work finds them.

    Args:
        request: A training job, or a training job's definition.
        job: Whether checkpoints are kept, and where.
        below: The run's place of checkpoints.
        key: Digest of who asks for what.
    """
    if job.checkpoints is False:
        return request
    place = below if job.checkpoints is True else S3Uri.parse(job.checkpoints)
    return {**request, "CheckpointConfig": {"S3Uri": str(place / f"{key}/")}}


def network(environment: Environment) -> Request:
    """The VPC of a job or model; empty where the environment names no subnets."""
    if not environment.subnets:
        return {}
    return {"Subnets": list(environment.subnets), "SecurityGroupIds": list(environment.security_groups)}


def container_environment(job: JobSettings, code_folder: str | None) -> dict[str, str]:
    """Environment variables of a job; one without code of its own has only those of its settings."""
    if code_folder is None:
        return dict(job.environment)
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
    """One plain channel of ``InputDataConfig``."""
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
    return processing_job(
        job,
        environment,
        role=role,
        container={"ContainerEntrypoint": ["python3", "-m", module]},
        code=code,
        inputs=inputs,
        outputs=outputs,
        manifests=manifests,
    )


def processing_job(
    job: JobSettings,
    environment: Environment,
    *,
    role: str,
    container: Request,
    code: S3Uri | None,
    inputs: Mapping[str, S3Uri],
    outputs: Mapping[str, S3Uri],
    manifests: frozenset[str] = frozenset(),
) -> Request:
    """A CreateProcessingJob request of any program, without its name.

    Args are those of :func:`processing_request`, but for ``container``, the members of ``AppSpecification``
    that say what is run (empty: what the image itself runs), and ``code``, which may be None.
    """
    base = PROCESSING_ROOT

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
        "AppSpecification": {"ImageUri": environment.image(job.image), **container},
        "Environment": container_environment(job, f"{base}/input/code" if code else None),
        "ProcessingInputs": [
            arrives(name, uri) for name, uri in {**({"code": code} if code else {}), **inputs}.items()
        ],
        "ProcessingOutputConfig": output,
        "ProcessingResources": {"ClusterConfig": resources(job, environment)},
        "StoppingCondition": {"MaxRuntimeInSeconds": int(job.max_runtime)},
        "NetworkConfig": isolation,
    }


def training_request(
    job: TrainingMachine,
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
        job: Image, instances and limits.
        environment: Images, network and keys.
        role: ARN of the role the job runs under.
        module: Container-side module to run.
        code: Source tree; arrives as the channel ``code``.
        channels: The data channels (see :func:`channel`).
        hyperparameters: Encoded by :func:`foldline.trials.encode`.
        output: Prefix below which SageMaker writes ``<job>/output/model.tar.gz``.
        metrics: Regular expression by metric name, applied to the job's log.
    """
    return training_job(
        job,
        environment,
        role=role,
        container={"ContainerEntrypoint": ["python3", "-m", module]},
        code=code,
        channels=channels,
        hyperparameters=hyperparameters,
        output=output,
        metrics=metrics,
    )


def training_job(
    job: TrainingMachine,
    environment: Environment,
    *,
    role: str,
    container: Request,
    code: S3Uri | None,
    channels: list[Request],
    hyperparameters: Mapping[str, str],
    output: S3Uri,
    metrics: Mapping[str, str],
) -> Request:
    """A CreateTrainingJob request of any program, without its name.

    Args are those of :func:`training_request`, but for ``container``, the members of
    ``AlgorithmSpecification`` that say what is run (empty: what the image itself runs), and ``code``, which
    may be None.
    """
    output_config: Request = {"S3OutputPath": str(output)}
    if environment.kms_key:
        output_config["KmsKeyId"] = environment.kms_key
    definitions = [{"Name": name, "Regex": regex} for name, regex in metrics.items()]
    request: Request = {
        "RoleArn": role,
        "AlgorithmSpecification": {
            "TrainingImage": environment.image(job.image),
            "TrainingInputMode": "File",
            **container,
            **({"MetricDefinitions": definitions} if definitions else {}),
        },
        "HyperParameters": dict(hyperparameters),
        "InputDataConfig": [*([channel("code", code)] if code else []), *channels],
        "OutputDataConfig": output_config,
        **training_machine(job, environment),
        "Environment": container_environment(job, CODE_CHANNEL if code else None),
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
