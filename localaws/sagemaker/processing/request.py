"""Which processing requests are taken: what AWS would refuse is refused so, what is not there by name.

Accepted and without effect here: RoleArn, NetworkConfig, encryption keys, ExperimentConfig, volume size.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from localaws.s3.blobs import split_uri
from localaws.sagemaker.refusals import invalid, refuse, refuse_value

ROOT = PurePosixPath("/opt/ml/processing")


def check_processing_request(request: dict[str, Any]) -> None:
    """Check a CreateProcessingJob request beyond its shape.

    Raises:
        AwsError: ValidationException or NotImplemented.
    """
    inputs, outputs = request.get("ProcessingInputs", []), processing_outputs(request)
    _require_unique("ProcessingInputs", (item["InputName"] for item in inputs))
    _require_unique("ProcessingOutputConfig.Outputs", (item["OutputName"] for item in outputs))
    for item in inputs:
        _check_input(item)
    for item in outputs:
        _check_output(item)


def processing_outputs(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs a request names."""
    outputs: list[dict[str, Any]] = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return outputs


def _check_input(item: dict[str, Any]) -> None:
    where = f"ProcessingInputs[{item['InputName']}]"
    refuse(where, item, ("DatasetDefinition", "AppManaged"))
    source = item.get("S3Input")
    if not source:
        raise invalid(f"{where} has no S3Input")
    split_uri(source["S3Uri"])
    _check_path(where, source.get("LocalPath", ""))
    refuse_value(f"{where}.S3DataType", source["S3DataType"], ("S3Prefix", "ManifestFile"))
    refuse_value(f"{where}.S3InputMode", source.get("S3InputMode", "File"), ("File",))
    refuse_value(f"{where}.S3CompressionType", source.get("S3CompressionType", "None"), ("None",))


def _check_output(item: dict[str, Any]) -> None:
    where = f"ProcessingOutputConfig.Outputs[{item['OutputName']}]"
    refuse(where, item, ("FeatureStoreOutput", "AppManaged"))
    target = item.get("S3Output")
    if not target:
        raise invalid(f"{where} has no S3Output")
    split_uri(target["S3Uri"])
    _check_path(where, target.get("LocalPath", ""))
    refuse_value(f"{where}.S3UploadMode", target["S3UploadMode"], ("EndOfJob", "Continuous"))


def _check_path(where: str, path: str) -> None:
    if ROOT not in PurePosixPath(path).parents or ".." in PurePosixPath(path).parts:
        raise invalid(f"{where}: LocalPath must begin with {ROOT}/, got {path!r}")


def _require_unique(where: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise invalid(f"The names in {where} must be unique, {name!r} is there twice")
        seen.add(name)
