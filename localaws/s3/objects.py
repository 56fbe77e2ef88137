"""Objects: put, copy, get (ranges, parts, conditions), delete one or many."""

from __future__ import annotations

import re
from urllib.parse import unquote

from localaws.errors import AwsError
from localaws.s3 import checksums, documents, headers
from localaws.s3.blobs import Objects
from localaws.s3.body import MAX_SIZE, receive
from localaws.s3.conditions import NotModified, check_read, failed, write_expectation
from localaws.s3.index import StoredObject
from localaws.s3.place import Place
from localaws.wire import FileRange, Request, Response

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
MANY = 1000
NOT_MODIFIED_HEADERS = ("ETag", "Last-Modified", "Cache-Control", "Expires")


class ObjectRequests:
    """The object operations that move data."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put(self, request: Request, place: Place) -> Response:
        """PutObject."""
        self._objects.index.need_bucket(place.bucket)
        expect = write_expectation(request)
        kept, metadata = headers.system_headers(request), headers.user_metadata(request.headers)
        tags = headers.tags(request)
        with self._objects.files.writer() as writer:
            received = receive(request, writer)
            sums = received.checksums and received.checksums | {"type": "FULL_OBJECT"}
            item = self._objects.publish(
                place.bucket,
                place.key,
                received.blob,
                metadata=metadata,
                headers=kept,
                checksums=sums,
                tags=tags,
                expect=expect,
            )
        return Response(200, _written(item))

    def copy(self, request: Request, place: Place) -> Response:
        """CopyObject, with new or the source's metadata and tags."""
        source = source_of_copy(self._objects, request)
        replace = request.headers.get("x-amz-metadata-directive", "COPY") == "REPLACE"
        kept, metadata = source.headers, source.metadata
        given = headers.system_headers(request)
        if replace:
            kept, metadata = given, headers.user_metadata(request.headers)
        else:
            kept = kept | {name: value for name, value in given.items() if name.startswith("x-amz-")}
        if (
            (source.bucket, source.key) == (place.bucket, place.key)
            and not replace
            and kept == source.headers
        ):
            raise AwsError(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without "
                "changing the object's metadata, storage class, website redirect location or encryption "
                "attributes.",
            )
        if source.size > MAX_SIZE:
            message = "The specified copy source is larger than the maximum allowable size for a copy source"
            raise AwsError("InvalidRequest", message)
        own_tags = request.headers.get("x-amz-tagging-directive", "COPY") == "REPLACE"
        with self._objects.files.writer() as writer:
            writer.append(source.path)
            blob = writer.seal_as_written() if source.parts else writer.seal(source.etag)
            item = self._objects.publish(
                place.bucket,
                place.key,
                blob,
                metadata=metadata,
                headers=kept,
                checksums=_sums_of_copy(request, source),
                tags=headers.tags(request) if own_tags else source.tags,
                expect=write_expectation(request),
            )
        return documents.answer(
            "CopyObjectResult",
            ("ETag", f'"{item.etag}"'),
            ("LastModified", documents.iso(item.modified)),
            headers=_encryption(item),
        )

    def get(self, request: Request, place: Place) -> Response:
        """GetObject and HeadObject: whole, a range, or one part of a multipart object."""
        for _ in range(3):
            item = self._objects.get(place.bucket, place.key)
            try:
                return self._read(request, item)
            except FileNotFoundError:  # replaced, and swept, since its row was read
                continue
        return self._read(request, self._objects.get(place.bucket, place.key))

    def _read(self, request: Request, item: StoredObject) -> Response:
        found = headers.of_object(item, request)
        try:
            check_read(request, item)
        except NotModified:
            shown = {name: found[name] for name in NOT_MODIFIED_HEADERS if name in found}
            raise NotModified(shown) from None
        part = _part(request, item)
        chosen = part or _range(request.headers.get("Range"), item.size)
        status, (start, length) = (206, chosen) if chosen else (200, (0, item.size))
        if chosen:
            found["Content-Range"] = f"bytes {start}-{start + length - 1}/{item.size}"
            for name in [name for name in found if name.startswith(checksums.PREFIX)]:
                del found[name]  # they are of the whole object
        if part and item.parts:
            found["x-amz-mp-parts-count"] = str(len(item.parts))
        if request.method == "HEAD":
            return Response(status, found | {"Content-Length": str(length)})
        return Response(status, found, FileRange.of(item.path, start, length))

    def delete(self, request: Request, place: Place) -> Response:
        """DeleteObject; nothing to delete is no error."""
        match = request.headers.get("If-Match")
        if match is None:
            self._objects.delete(place.bucket, place.key)
            return Response(204)
        with self._objects.index.database.transaction():
            item = self._objects.get(place.bucket, place.key)
            if match.strip('"') not in ("*", item.etag):
                raise failed("If-Match")
            self._objects.delete(place.bucket, place.key)
        return Response(204)

    def delete_many(self, request: Request, place: Place) -> Response:
        """DeleteObjects: up to 1,000 keys, in one step."""
        self._objects.index.need_bucket(place.bucket)
        if "Content-MD5" not in request.headers and not checksums.given(request.headers):
            raise AwsError("InvalidRequest", "Missing required header for this request: Content-MD5")
        tree = documents.parse(request)
        keys = [element.findtext("Key") or "" for element in tree.findall("Object")]
        if tree.tag != "Delete" or not 0 < len(keys) <= MANY or not all(keys):
            raise documents.malformed()
        if any(element.findtext("VersionId") for element in tree.findall("Object")):
            raise AwsError("NotImplemented", "localaws does not implement s3 object versions", 501)
        with self._objects.index.database.transaction():
            for key in keys:
                self._objects.index.delete(place.bucket, key)
        self._objects.index.collect()
        quiet = (tree.findtext("Quiet") or "false").lower() == "true"
        deleted: list[documents.Element] = [] if quiet else [("Deleted", [("Key", key)]) for key in keys]
        return documents.answer("DeleteResult", *deleted)


def source_of_copy(objects: Objects, request: Request) -> StoredObject:
    """The object a copy request names, its conditions checked.

    Raises:
        AwsError: InvalidArgument, NoSuchBucket, NoSuchKey or PreconditionFailed.
    """
    path, _, version = request.headers.get("x-amz-copy-source", "").partition("?versionId=")
    if version:
        raise AwsError("NotImplemented", "localaws does not implement s3 object versions", 501)
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not key:
        raise AwsError(
            "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        )
    source = objects.get(bucket, key)
    try:
        check_read(request, source, prefix="x-amz-copy-source-")
    except NotModified:
        raise failed("x-amz-copy-source-If-None-Match") from None
    return source


def _sums_of_copy(request: Request, source: StoredObject) -> dict[str, str]:
    """The checksums of a copy: the asked one, or the source's; of the whole where they were of parts."""
    asked = request.headers.get("x-amz-checksum-algorithm", "").lower()
    kept = source.checksums.keys() - {"type"}
    names = {asked} if asked else kept
    if names == kept and not source.parts:
        return source.checksums
    sums = {name: checksums.of_file(name, source.path) for name in names & set(checksums.COMPUTED)}
    return sums and {**sums, "type": "FULL_OBJECT"}


def _written(item: StoredObject) -> dict[str, str]:
    return {"ETag": f'"{item.etag}"', **_encryption(item), **headers.checksum_headers(item.checksums)}


def _encryption(item: StoredObject) -> dict[str, str]:
    given = {
        name: value for name, value in item.headers.items() if name.startswith("x-amz-server-side-encryption")
    }
    return given or {"x-amz-server-side-encryption": "AES256"}


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
