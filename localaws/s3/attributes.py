"""GetObjectAttributes: what is known of an object, without its data."""

from __future__ import annotations

from email.utils import formatdate

from localaws.errors import AwsError
from localaws.s3 import checksums, documents
from localaws.s3.blobs import Objects
from localaws.s3.listing import PAGE
from localaws.s3.place import Place
from localaws.s3.rows import StoredObject
from localaws.s3.versions import version_header, version_of
from localaws.wire import Request, Response

NAMES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


class Attributes:
    """GetObjectAttributes."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def get(self, request: Request, place: Place) -> Response:
        """GetObjectAttributes: those that are asked for."""
        lines = request.headers.get_all("x-amz-object-attributes") or []
        asked = [name.strip() for name in ",".join(lines).split(",")]
        if not all(name in NAMES for name in asked):
            message = "Invalid attribute name specified."
            raise AwsError(
                "InvalidArgument",
                message,
                ArgumentName="x-amz-object-attributes",
                ArgumentValue=",".join(asked),
            )
        item = self._objects.get(place.bucket, place.key, version_of(request))
        found: dict[str, documents.Node] = {
            "ETag": item.etag,
            "Checksum": [
                (checksums.member(name), value.partition("-")[0]) for name, value in item.checksums.items()
            ]
            or None,
            "ObjectParts": _parts(request, item) if item.parts else None,
            "StorageClass": item.headers.get("x-amz-storage-class", "STANDARD"),
            "ObjectSize": item.size,
        }
        headers = {"Last-Modified": formatdate(int(item.modified), usegmt=True)}
        headers |= version_header(self._objects.index, item)
        children = [(name, found[name]) for name in NAMES if name in asked]
        return documents.answer("GetObjectAttributesResponse", *children, headers=headers)


def _parts(request: Request, item: StoredObject) -> list[documents.Element]:
    """How many parts the object has; each of them, where each has a checksum."""
    children: list[documents.Element] = [("PartsCount", len(item.parts))]
    if not item.part_checksums:
        return children
    limit = min(_number(request, "x-amz-max-parts", PAGE), PAGE)
    marker = _number(request, "x-amz-part-number-marker", 0)
    algorithm = next(name for name in item.checksums if name != "type")
    numbers = range(marker + 1, len(item.parts) + 1)
    shown = numbers[:limit]
    children += [
        ("PartNumberMarker", marker),
        ("NextPartNumberMarker", shown[-1] if shown else marker),
        ("MaxParts", limit),
        ("IsTruncated", len(numbers) > limit),
    ]
    for number in shown:
        size, value = item.parts[number - 1], item.part_checksums[number - 1]
        part: list[documents.Element] = [("PartNumber", number), ("Size", size)]
        children.append(("Part", [*part, (checksums.member(algorithm), value)]))
    return children


def _number(request: Request, header: str, default: int) -> int:
    text = request.headers.get(header) or str(default)
    if not text.isdecimal():
        message = f"Provided {header} not an integer or within integer range"
        raise AwsError("InvalidArgument", message, ArgumentName=header, ArgumentValue=text)
    return int(text)
