"""Requests of the deployment stage. Read by Airflow; pure: settings in, plain dicts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foldline.names import NAME_LIMIT, digest, slug
from foldline.requests import GIB, Request, merged, network
from foldline.steps.kinds import kind_of

if TYPE_CHECKING:
    from foldline.environment import Environment
    from foldline.layout import RunLayout, S3Uri
    from foldline.steps.release import DeploySettings, RegisterSettings, TransformSettings
    from foldline.steps.sagemaker import ModelSettings

SERVING = {"SAGEMAKER_PROGRAM": "serve.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
"""Environment of every container that serves our models: the entry point travels in model.tar.gz."""
MIB = GIB // 1024
SPLIT_LINES = "Line"


def content_name(prefix: str, document: Any) -> str:
    """A name that is equal for equal content, for resources that are not jobs: models, endpoint configs."""
    tail = digest(document)
    return f"{slug(prefix, NAME_LIMIT - len(tail) - 1)}-{tail}"


def isolation(environment: Environment) -> Request:
    """Network members of a model."""
    request: Request = {"EnableNetworkIsolation": environment.network_isolation}
    if network(environment):
        request["VpcConfig"] = network(environment)
    return request


def tags(values: Mapping[str, str]) -> list[Request]:
    """Tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def candidate_model(
    environment: Environment, *, prefix: str, image: str, artifact: str, labels: Mapping[str, str]
) -> Request:
    """The model of a fitted candidate, not yet registered or approved.

    Args:
        environment: Role and network.
        prefix: Start of the name.
        image: Key of the environment's images, or an image URI.
        artifact: S3 address of ``model.tar.gz``.
        labels: Tags.
    """
    container = {
        "Image": environment.image(image),
        "ModelDataUrl": artifact,
        "Environment": SERVING,
    }
    body = {
        "PrimaryContainer": container,
        "ExecutionRoleArn": environment.role_for("transform"),
        **isolation(environment),
    }
    return {"ModelName": content_name(prefix, body), **body, "Tags": tags(labels)}


def model_request(
    settings: ModelSettings,
    environment: Environment,
    *,
    prefix: str,
    package: str | None,
    artifact: str | None,
    labels: Mapping[str, str],
) -> Request:
    """The model of a `model` step: one's own artifact and image, or a model package.

    Args:
        settings: The step.
        environment: Images, role, network.
        prefix: Start of the name.
        package: ARN of a model package, or None.
        artifact: S3 address of ``model.tar.gz``, or None.
        labels: Tags.
    """
    container: Request = {"ModelPackageName": package} if package else {"ModelDataUrl": artifact}
    if settings.image is not None:
        container["Image"] = environment.image(settings.image)
    if settings.environment:
        container["Environment"] = dict(settings.environment)
    body: Request = {
        "PrimaryContainer": container,
        "ExecutionRoleArn": environment.role_for(kind_of(settings)),
        **isolation(environment),
    }
    body = merged(body, settings.request)
    return {"ModelName": content_name(prefix, body), **body, "Tags": tags(labels)}


def package_group_request(settings: RegisterSettings, labels: Mapping[str, str]) -> Request:
    """The model package group."""
    return {
        "ModelPackageGroupName": settings.group,
        "ModelPackageGroupDescription": settings.description,
        "Tags": tags(labels),
    }


def package_request(
    settings: RegisterSettings,
    environment: Environment,
    *,
    image: str,
    artifact: str,
    metrics: S3Uri,
    properties: Mapping[str, str],
    token: str,
) -> Request:
    """The model package: artifact, image, metrics and where it came from.

    Args:
        settings: The step.
        environment: Images.
        image: Key of the environment's images, or an image URI.
        artifact: S3 address of ``model.tar.gz``.
        metrics: JSON document with the scores by fold.
        properties: Short facts shown in the registry.
        token: Who asks (36 characters at most); AWS makes one version of it.
    """
    container = {
        "Image": environment.image(image),
        "ModelDataUrl": artifact,
        "Environment": SERVING,
    }
    request: Request = {
        "ModelPackageGroupName": settings.group,
        "ModelPackageDescription": settings.description,
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv", "application/json"],
            "SupportedResponseMIMETypes": ["text/csv", "application/json"],
            "SupportedRealtimeInferenceInstanceTypes": list(settings.instances),
            "SupportedTransformInstanceTypes": list(settings.instances),
        },
        "ModelApprovalStatus": {"approved": "Approved", "pending": "PendingManualApproval"}[
            settings.approval
        ],
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": str(metrics)}}
        },
        "CustomerMetadataProperties": dict(properties),
        "ClientToken": token,
    }
    return merged(request, settings.request)


def transform_request(
    settings: TransformSettings, environment: Environment, layout: RunLayout, *, model: str, output: S3Uri
) -> Request:
    """The batch transform of the hold-out features; each output line is ``row_id,probability``.

    Args:
        settings: The step.
        environment: Keys.
        layout: The run's place: hold-out features.
        model: Name of the model.
        output: Prefix of the output files.
    """
    resources: Request = {"InstanceType": settings.instance[0], "InstanceCount": settings.instances}
    target: Request = {"S3OutputPath": str(output), "Accept": "text/csv", "AssembleWith": SPLIT_LINES}
    if environment.kms_key:
        resources["VolumeKmsKeyId"] = environment.kms_key
        target["KmsKeyId"] = environment.kms_key
    features = {"S3DataType": "S3Prefix", "S3Uri": str(layout.holdout / "features/")}
    request: Request = {
        "ModelName": model,
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": max(1, settings.max_payload // MIB),
        "TransformInput": {
            "DataSource": {"S3DataSource": features},
            "ContentType": "text/csv",
            "SplitType": SPLIT_LINES,
        },
        "TransformOutput": target,
        "TransformResources": resources,
        # The first column is the row id: the model does not see it, the output keeps it.
        "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    }
    return merged(request, settings.request)


def registered_model(
    environment: Environment, *, prefix: str, package: str, labels: Mapping[str, str]
) -> Request:
    """The model of an approved package; AWS refuses one that is not approved."""
    body = {
        "PrimaryContainer": {"ModelPackageName": package},
        "ExecutionRoleArn": environment.role_for("deploy"),
        **isolation(environment),
    }
    return {"ModelName": content_name(prefix, body), **body, "Tags": tags(labels)}


def endpoint_config_request(
    settings: DeploySettings, environment: Environment, *, model: str, labels: Mapping[str, str]
) -> Request:
    """The endpoint config; its name follows from its content, its variant's name never changes."""
    variant = {
        "VariantName": settings.variant,
        "ModelName": model,
        "InitialInstanceCount": settings.instances,
        "InstanceType": settings.instance,
        "InitialVariantWeight": 1.0,
    }
    body: Request = merged({"ProductionVariants": [variant]}, settings.request)
    if environment.kms_key:
        body["KmsKeyId"] = environment.kms_key
    return {"EndpointConfigName": content_name(settings.endpoint, body), **body, "Tags": tags(labels)}


def endpoint_request(settings: DeploySettings, *, config: str, labels: Mapping[str, str]) -> Request:
    """The endpoint."""
    return {"EndpointName": settings.endpoint, "EndpointConfigName": config, "Tags": tags(labels)}
