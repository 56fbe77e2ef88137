"""Objects: put, and get (ranges, parts, conditions)."""

from __future__ import annotations

import re

from localaws.errors import AwsError
from localaws.s3 import checksums, headers
from localaws.s3.acl import acl_of
from localaws.s3.blobs import Objects
from localaws.s3.body import receive
from localaws.s3.conditions import NotModified, check_read, write_expectation
from localaws.s3.encryption import encryption, with_default
from localaws.s3.place import Place
from localaws.s3.rows import StoredObject
from localaws.s3.versions import version_header, version_of
from localaws.wire import FileRange, Request, Response

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
NOT_MODIFIED_HEADERS = ("ETag", "Last-Modified", "Cache-Control", "Expires", "x-amz-version-id")


class ObjectRequests:
    """The object operations that move data."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._index = objects.index

    def put(self, request: Request, place: Place) -> Response:
        """PutObject."""
        self._index.need_bucket(place.bucket)
        expect = write_expectation(request)
        kept, metadata = headers.system_headers(request), headers.user_metadata(request.headers)
        tags, acl = headers.tags(request), acl_of(self._index, place.bucket, request)
        with self._objects.files.writer() as writer:
            received = receive(request, writer)
            sums = received.checksums and received.checksums | {"type": checksums.FULL}
            item = self._objects.publish(
                place.bucket,
                place.key,
                received.blob,
                metadata=metadata,
                headers=with_default(self._index, place.bucket, kept),
                checksums=sums,
                tags=tags,
                acl=acl,
                expect=expect,
            )
        found = {"ETag": f'"{item.etag}"', **encryption(item), **headers.checksum_headers(item.checksums)}
        return Response(200, found | version_header(self._index, item))

    def get(self, request: Request, place: Place) -> Response:
        """GetObject and HeadObject: whole, a range, or one part of a multipart object."""
        version = version_of(request)
        for _ in range(3):
            item = self._objects.get(place.bucket, place.key, version)
            try:
                return self._read(request, item)
            except FileNotFoundError:  # replaced, and swept, since its row was read
                continue
        return self._read(request, self._objects.get(place.bucket, place.key, version))

    def _read(self, request: Request, item: StoredObject) -> Response:
        found = headers.of_object(item, request) | version_header(self._index, item)
        try:
            check_read(request, item)
        except NotModified:
            shown = {name: found[name] for name in NOT_MODIFIED_HEADERS if name in found}
            raise NotModified(shown) from None
        _check_question(request)
        part = _part(request, item)
        chosen = part or _range(request.headers.get("Range"), item.size)
        status, (start, length) = (206, chosen) if chosen else (200, (0, item.size))
        if chosen:
            found["Content-Range"] = f"bytes {start}-{start + length - 1}/{item.size}"
            for name in [name for name in found if name.startswith(checksums.PREFIX)]:
                del found[name]  # they are of the whole object
        if part and item.parts:
            found |= _part_headers(request, item)
        if request.method == "HEAD":
            return Response(status, found | {"Content-Length": str(length)})
        return Response(status, found, FileRange.of(item.path, start, length))


def _check_question(request: Request) -> None:
    """Refuse to read a part and a range at once, and what no object here has: a customer's key.

    Raises:
        AwsError: InvalidRequest.
    """
    if "Range" in request.headers and "partNumber" in request.query:
        message = "Cannot specify both Range header and partNumber query parameter"
        raise AwsError("InvalidRequest", message)
    if "x-amz-server-side-encryption-customer-algorithm" in request.headers:
        message = "The encryption parameters are not applicable to this object."
        raise AwsError("InvalidRequest", message)


def _range(text: str | None, size: int) -> tuple[int, int] | None:
    """Start and length of a Range header; None for the whole, also when it is no range of one piece.

    Raises:
        AwsError: InvalidRange, when no byte of it exists.
    """
    found = RANGE.fullmatch(text or "")
    if not found or not (found[1] or found[2]):
        return None
    if found[1]:
        start, last = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
        if found[2] and int(found[2]) < start:
            return None
    else:
        start, last = max(0, size - int(found[2])), size - 1
    if start >= size or start > last:
        message = "The requested range is not satisfiable"
        raise AwsError("InvalidRange", message, 416, RangeRequested=text or "", ActualObjectSize=size)
    return start, last - start + 1


def _part(request: Request, item: StoredObject) -> tuple[int, int] | None:
    """Start and length of the part the query names; None when it names none."""
    text = request.query.get("partNumber")
    if text is None:
        return None
    sizes = item.parts or (item.size,)
    if not text.isdecimal() or not 1 <= int(text) <= len(sizes):
        raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
    number = int(text)
    return (sum(sizes[: number - 1]), sizes[number - 1]) if item.size else None


def _part_headers(request: Request, item: StoredObject) -> dict[str, str]:
    """What is said of one part of a multipart object."""
    found = {"x-amz-mp-parts-count": str(len(item.parts))}
    algorithm = next((name for name in item.checksums if name != "type"), None)
    if algorithm and item.part_checksums and headers.wants_checksums(request):
        found[checksums.PREFIX + algorithm] = item.part_checksums[int(request.query["partNumber"]) - 1]
        found[checksums.PREFIX + "type"] = item.checksums["type"]
    return found
