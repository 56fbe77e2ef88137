"""Which training requests are taken: what AWS would refuse is refused so, what is not there by name.

Accepted and without effect here: RoleArn, VpcConfig, network isolation, encryption keys, debugger, profiler,
TensorBoard and experiment settings, volume size, warm pools.
"""

from __future__ import annotations

import re
from typing import Any

from localaws.jobs.metrics import MetricScanner
from localaws.s3.blobs import split_uri
from localaws.sagemaker.refusals import invalid, not_implemented, refuse, refuse_value

MAX_RUNTIME = 86_400  # seconds, SageMaker's default
CHECKPOINTS = "/opt/ml/checkpoints"
UNKNOWN_RESOURCES = ("TrainingPlanArn", "InstancePlacementConfig", "InstancePreferences")
CHANNEL_MEMBERS = ("FileSystemDataSource", "DatasetSource")


def check_training_request(request: dict[str, Any]) -> None:
    """Check a CreateTrainingJob request beyond its shape.

    Raises:
        AwsError: ValidationException or NotImplemented.
    """
    where = "CreateTrainingJob"
    refuse(
        where, request, ("ServerlessJobConfig", "ModelPackageConfig", "MlflowConfig", "SessionChainingConfig")
    )
    algorithm = request.get("AlgorithmSpecification")
    if not algorithm:
        raise invalid("AlgorithmSpecification must be given")
    refuse(f"{where}.AlgorithmSpecification", algorithm, ("AlgorithmName", "TrainingImageConfig"))
    if not algorithm.get("TrainingImage"):
        raise invalid("You must specify exactly one of TrainingImage and AlgorithmName")
    if "ContainerArguments" in algorithm and "ContainerEntrypoint" not in algorithm:
        raise not_implemented("AlgorithmSpecification.ContainerArguments without ContainerEntrypoint")
    MetricScanner(algorithm.get("MetricDefinitions", []))
    groups = _checked_groups(where, request.get("ResourceConfig", {}))
    mode = algorithm.get("TrainingInputMode", "File")
    refuse_value("AlgorithmSpecification.TrainingInputMode", mode, ("File", "FastFile"))
    _check_spot(request)
    names = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    if len(names) != len(set(names)):
        raise invalid(f"Channel names must be unique within a job, got {', '.join(names)}")
    for channel in request.get("InputDataConfig", []):
        _check_channel(channel, groups)
    split_uri(request["OutputDataConfig"]["S3OutputPath"])
    checkpoints = request.get("CheckpointConfig", {}).get("LocalPath", CHECKPOINTS)
    if not re.match(r"/opt/ml/[\w.-]", checkpoints) or ".." in checkpoints.split("/"):
        raise not_implemented(f"CheckpointConfig.LocalPath {checkpoints!r} outside /opt/ml")


def _checked_groups(where: str, resources: dict[str, Any]) -> list[str]:
    """The names of the instance groups; none where a type and a count are given instead."""
    refuse(f"{where}.ResourceConfig", resources, UNKNOWN_RESOURCES)
    groups = resources.get("InstanceGroups", [])
    if groups and ("InstanceType" in resources or "InstanceCount" in resources):
        raise invalid("ResourceConfig must give either InstanceGroups or InstanceType and InstanceCount")
    if not groups and "InstanceType" not in resources:
        raise invalid("ResourceConfig must give InstanceType and InstanceCount")
    names = [group["InstanceGroupName"] for group in groups]
    if len(names) != len(set(names)):
        raise invalid(f"The names of InstanceGroups must be unique, got {', '.join(names)}")
    return names


def _check_spot(request: dict[str, Any]) -> None:
    stopping = request.get("StoppingCondition", {})
    longest = stopping.get("MaxWaitTimeInSeconds", 0)
    if request.get("EnableManagedSpotTraining") and longest < stopping.get(
        "MaxRuntimeInSeconds", MAX_RUNTIME
    ):
        raise invalid(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )


def _check_channel(channel: dict[str, Any], groups: list[str]) -> None:
    where = f"InputDataConfig[{channel['ChannelName']}]"
    refuse(f"{where}.DataSource", channel["DataSource"], CHANNEL_MEMBERS)
    source = channel["DataSource"].get("S3DataSource")
    if not source:
        raise invalid(f"The channel {channel['ChannelName']} has no S3DataSource")
    refuse_value(f"{where}.InputMode", channel.get("InputMode", "File"), ("File", "FastFile"))
    refuse_value(f"{where}.S3DataType", source["S3DataType"], ("S3Prefix", "ManifestFile"))
    refuse_value(f"{where}.CompressionType", channel.get("CompressionType", "None"), ("None",))
    refuse_value(f"{where}.RecordWrapperType", channel.get("RecordWrapperType", "None"), ("None",))
    refuse(f"{where}.S3DataSource", source, ("ModelAccessConfig", "HubAccessConfig", "AttributeNames"))
    for name in source.get("InstanceGroupNames", []):
        if name not in groups:
            raise invalid(f"{where}.InstanceGroupNames: ResourceConfig has no instance group {name!r}")
    refuse(where, channel, ("ShuffleConfig",))
