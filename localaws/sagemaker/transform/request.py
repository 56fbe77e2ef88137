"""Which transform requests are taken: what AWS would refuse is refused so, what is not there by name.

Accepted and without effect here: the number of instances, encryption keys and ExperimentConfig.
"""

from __future__ import annotations

from typing import Any

from localaws.s3.blobs import split_uri
from localaws.sagemaker.refusals import invalid, refuse, refuse_value
from localaws.sagemaker.transform.record_filters import Filter

MAX_TOGETHER = 100  # MB of payloads under way
CSV = "text/csv"
JSON = ("application/json", "application/jsonlines", "application/x-jsonlines")


def check_transform_request(request: dict[str, Any]) -> None:
    """Check a CreateTransformJob request beyond its shape.

    Raises:
        AwsError: ValidationException or NotImplemented.
    """
    refuse("CreateTransformJob", request, ("DataCaptureConfig",))
    given, output = request["TransformInput"], request["TransformOutput"]
    source = given["DataSource"]["S3DataSource"]
    split_uri(source["S3Uri"])
    split_uri(output["S3OutputPath"])
    refuse_value("TransformInput.S3DataType", source["S3DataType"], ("S3Prefix", "ManifestFile"))
    refuse_value("TransformInput.SplitType", given.get("SplitType", "None"), ("None", "Line", "RecordIO"))
    refuse_value("TransformInput.CompressionType", given.get("CompressionType", "None"), ("None", "Gzip"))
    size, concurrent = request.get("MaxPayloadInMB", 0), request.get("MaxConcurrentTransforms", 1)
    if size * max(1, concurrent) > MAX_TOGETHER:
        raise invalid(
            f"MaxPayloadInMB ({size}) times MaxConcurrentTransforms ({concurrent}) must not exceed "
            f"{MAX_TOGETHER} MB"
        )
    _check_processing(request)


def _check_processing(request: dict[str, Any]) -> None:
    processing = request.get("DataProcessing", {})
    given, output = request["TransformInput"], request["TransformOutput"]
    for member in ("InputFilter", "OutputFilter"):
        Filter.parse(processing.get(member, "$"))
    joins = processing.get("JoinSource", "None") == "Input"
    if processing.get("InputFilter", "$") != "$" or joins:
        _require_type("TransformInput.ContentType", given.get("ContentType"))
        _require_lines(given)
    if processing.get("OutputFilter", "$") != "$" or joins:
        _require_type("TransformOutput.Accept", output.get("Accept"))
        _require_lines(given)
    if joins and (given.get("ContentType") == CSV) != (output.get("Accept") == CSV):
        raise invalid(
            "JoinSource Input needs the same format on both sides, got ContentType "
            f"{given.get('ContentType')!r} and Accept {output.get('Accept')!r}"
        )
    lines = given.get("SplitType", "None") == "Line"
    if joins and lines != (output.get("AssembleWith", "None") == "Line"):
        raise invalid("JoinSource Input needs AssembleWith to match SplitType")


def _require_type(where: str, value: str | None) -> None:
    if value not in (CSV, *JSON):
        raise invalid(f"DataProcessing needs {where} to be one of {', '.join((CSV, *JSON))}, got {value!r}")


def _require_lines(given: dict[str, Any]) -> None:
    if given.get("ContentType") == CSV and given.get("SplitType", "None") != "Line":
        raise invalid("DataProcessing of text/csv needs SplitType Line")
