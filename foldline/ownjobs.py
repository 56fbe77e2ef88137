"""Requests of jobs that run one's own program, or the image's. Pure: settings in, plain dicts out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foldline.layout import S3Uri
from foldline.requests import (
    CODE_CHANNEL,
    GIB,
    PROCESSING_ROOT,
    Request,
    merged,
    processing_job,
    s3_input,
    training_job,
)
from foldline.steps.kinds import kind_of

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.steps.sagemaker import (
        Channel,
        ProcessingJobSettings,
        TrainingJobSettings,
        TransformJobSettings,
        TuningJobSettings,
    )

MIB = GIB // 1024
SCRIPT, SUBMITTED = "sagemaker_program", "sagemaker_submit_directory"
"""Hyperparameters of script mode: the only way of starting a program that a tuning job knows."""
_MODES = {"file": "File", "fast_file": "FastFile", "pipe": "Pipe"}
_SPLITS = {"line": "Line", "record_io": "RecordIO", "none": "None"}
_STRATEGIES = {"bayesian": "Bayesian", "random": "Random", "grid": "Grid", "hyperband": "Hyperband"}
_GOALS = {"maximize": "Maximize", "minimize": "Minimize"}


@dataclass(frozen=True)
class Data:
    """Where a channel's data are.

    Attributes:
        uri: Prefix, object or manifest.
        manifest: Whether it is an S3 manifest.
    """

    uri: S3Uri
    manifest: bool = False


def container(program: str | None, arguments: tuple[str, ...], folder: str) -> Request:
    """The members that say what a container runs; empty where the image's own program runs without arguments.

    Args:
        program: A script below ``folder``, or a module; None runs what the image runs.
        arguments: Command-line arguments.
        folder: Where the source folder arrives.
    """
    members: Request = {}
    if program is not None:
        script = program.endswith(".py")
        members["ContainerEntrypoint"] = [
            "python3",
            *([f"{folder}/{program}"] if script else ["-m", program]),
        ]
    if arguments:
        members["ContainerArguments"] = list(arguments)
    return members


def plain(hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """Hyperparameters as SageMaker's map of texts: a text as it is, all else as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        for name, value in hyperparameters.items()
    }


def processing_job_request(
    settings: ProcessingJobSettings,
    environment: Environment,
    *,
    code: S3Uri | None,
    inputs: Mapping[str, S3Uri],
    outputs: Mapping[str, S3Uri],
) -> Request:
    """The processing job of a `processing_job` step, without its name.

    Args:
        settings: The step.
        environment: Role, image, network.
        code: The source folder in S3, when the step has one.
        inputs: S3 address by name.
        outputs: S3 prefix by name.
    """
    request = processing_job(
        settings.job,
        environment,
        role=environment.role_for(kind_of(settings)),
        container=container(settings.program, settings.arguments, f"{PROCESSING_ROOT}/input/code"),
        code=code,
        inputs=inputs,
        outputs=outputs,
    )
    for item in request["ProcessingInputs"]:
        if item["InputName"] in settings.sharded:
            item["S3Input"]["S3DataDistributionType"] = "ShardedByS3Key"
    return merged(request, settings.request)


def channels(settings: Mapping[str, Channel], data: Mapping[str, Data]) -> list[Request]:
    """``InputDataConfig`` of a step's channels.

    Args:
        settings: Channels by name.
        data: Where the data of each are.
    """

    def one(name: str, channel: Channel) -> Request:
        place = data[name]
        source = s3_input(place.uri, manifest=place.manifest)
        if channel.sharded:
            source["S3DataDistributionType"] = "ShardedByS3Key"
        request: Request = {
            "ChannelName": name,
            "DataSource": {"S3DataSource": source},
            "InputMode": _MODES[channel.mode],
        }
        return {**request, **({"ContentType": channel.content_type} if channel.content_type else {})}

    return [one(name, channel) for name, channel in settings.items()]


def training_job_request(
    settings: TrainingJobSettings,
    environment: Environment,
    *,
    code: S3Uri | None,
    data: Mapping[str, Data],
    hyperparameters: Mapping[str, Any],
    output: S3Uri,
) -> Request:
    """The training job of a `training_job` step, without its name.

    Args:
        settings: The step.
        environment: Role, image, network.
        code: The source folder in S3, when the step has one.
        data: Where the data of each channel are.
        hyperparameters: The step's, with those of a search over them.
        output: Prefix of artifacts.
    """
    request = training_job(
        settings.job,
        environment,
        role=environment.role_for(kind_of(settings)),
        container=container(settings.program, settings.arguments, CODE_CHANNEL),
        code=code,
        channels=channels(settings.channels, data),
        hyperparameters=plain(hyperparameters),
        output=output,
        metrics=settings.metrics,
    )
    return merged(request, settings.request)


def tuning_job_request(
    settings: TuningJobSettings,
    environment: Environment,
    *,
    archive: S3Uri | None,
    data: Mapping[str, Data],
    output: S3Uri,
    parents: tuple[str, ...] = (),
) -> Request:
    """The search of a `tuning_job` step, without its name.

    Args:
        settings: The step.
        environment: Role, image, network.
        archive: ``sourcedir.tar.gz`` of the source folder, when the step has one.
        data: Where the data of each channel are.
        output: Prefix of artifacts.
        parents: Earlier searches to begin with, beside those of the step.
    """
    fixed = plain(settings.hyperparameters)
    if archive is not None and settings.program is not None:
        fixed |= {SCRIPT: settings.program, SUBMITTED: str(archive)}
    definition = training_job(
        settings.job,
        environment,
        role=environment.role_for(kind_of(settings)),
        container={},
        code=None,
        channels=channels(settings.channels, data),
        hyperparameters={},
        output=output,
        metrics=settings.metrics,
    )
    del definition["HyperParameters"]
    request: Request = {
        "HyperParameterTuningJobConfig": search_config(settings),
        "TrainingJobDefinition": {**definition, "StaticHyperParameters": fixed},
    }
    warm = settings.warm_start
    if names := (*(warm.parents if warm else ()), *parents):
        request["WarmStartConfig"] = {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name} for name in names],
            "WarmStartType": "TransferLearning" if warm and not warm.same else "IdenticalDataAndAlgorithm",
        }
    return merged(request, settings.request)


def search_config(settings: TuningJobSettings) -> Request:
    """``HyperParameterTuningJobConfig``: strategy, objective, limits and ranges."""
    search, objective = settings.search, settings.objective
    limits: Request = {
        "MaxParallelTrainingJobs": search.max_parallel,
        "MaxRuntimeInSeconds": search.max_runtime,
    }
    if search.trials is not None:
        limits["MaxNumberOfTrainingJobs"] = search.trials
    config: Request = {
        "Strategy": _STRATEGIES[search.strategy],
        "HyperParameterTuningJobObjective": {
            "Type": _GOALS[objective.direction],
            "MetricName": objective.metric,
        },
        "ResourceLimits": limits,
        "ParameterRanges": ranges(settings),
        "TrainingJobEarlyStoppingType": "Auto" if search.early_stopping else "Off",
    }
    if search.strategy == "hyperband":
        bounds = {"MinResource": search.min_resource, "MaxResource": search.max_resource}
        config["StrategyConfig"] = {"HyperbandStrategyConfig": bounds}
    if search.seed is not None:
        config["RandomSeed"] = search.seed
    return config


def ranges(settings: TuningJobSettings) -> Request:
    """``ParameterRanges``: texts, as AWS wants them."""
    integers, floats, categories = list[Request](), list[Request](), list[Request]()
    for name, axis in settings.space.items():
        scaling = "Logarithmic" if axis.log else "Linear"
        if axis.categorical is not None:
            values = list(
                plain({str(number): value for number, value in enumerate(axis.categorical)}).values()
            )
            categories.append({"Name": name, "Values": values})
        else:
            low, high = axis.integers or axis.floats or (0, 0)
            numbers = integers if axis.integers is not None else floats
            numbers.append(
                {"Name": name, "MinValue": str(low), "MaxValue": str(high), "ScalingType": scaling}
            )
    found = {
        "IntegerParameterRanges": integers,
        "ContinuousParameterRanges": floats,
        "CategoricalParameterRanges": categories,
    }
    return {member: axes for member, axes in found.items() if axes}


def transform_job_request(
    settings: TransformJobSettings, environment: Environment, *, model: str, data: S3Uri, output: S3Uri
) -> Request:
    """The batch transform of a `transform_job` step, without its name.

    Args:
        settings: The step.
        environment: Keys.
        model: Name of the model.
        data: What is predicted.
        output: Prefix of the answers.
    """
    resources: Request = {"InstanceType": settings.instance[0], "InstanceCount": settings.instances}
    target: Request = {"S3OutputPath": str(output), "Accept": settings.accept}
    if settings.split != "none":
        target["AssembleWith"] = "Line"
    if environment.kms_key:
        resources["VolumeKmsKeyId"] = environment.kms_key
        target["KmsKeyId"] = environment.kms_key
    request: Request = {
        "ModelName": model,
        "BatchStrategy": {"many": "MultiRecord", "one": "SingleRecord"}[settings.batch],
        "MaxPayloadInMB": max(1, settings.max_payload // MIB),
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": str(data)}},
            "ContentType": settings.content_type,
            "SplitType": _SPLITS[settings.split],
        },
        "TransformOutput": target,
        "TransformResources": resources,
        "DataProcessing": {
            "InputFilter": settings.input_filter,
            "OutputFilter": settings.output_filter,
            "JoinSource": "Input" if settings.join else "None",
        },
    }
    return merged(request, settings.request)
