"""CopyObject, and the source of every copy."""

from __future__ import annotations

from urllib.parse import unquote

from localaws.errors import AwsError
from localaws.s3 import checksums, documents, headers
from localaws.s3.acl import acl_of
from localaws.s3.blobs import Objects
from localaws.s3.body import MAX_SIZE
from localaws.s3.conditions import NotModified, check_read, failed, write_expectation
from localaws.s3.encryption import encryption, with_default
from localaws.s3.index import Index
from localaws.s3.place import Place
from localaws.s3.rows import StoredObject
from localaws.s3.versions import check_version, version_header
from localaws.wire import Request, Response


class Copies:
    """CopyObject."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._index = objects.index

    def copy(self, request: Request, place: Place) -> Response:
        """CopyObject, with new or the source's metadata and tags."""
        source = source_of_copy(self._objects, request)
        self._index.need_bucket(place.bucket)
        kept, metadata = _kept(request, source)
        _check_change(request, source, place, kept)
        own_tags = directive(request, "tagging") == "REPLACE"
        acl = acl_of(self._index, place.bucket, request)
        expect = write_expectation(request)
        with self._objects.files.writer() as writer:
            writer.append(source.path)
            blob = writer.seal_as_written() if source.parts else writer.seal(source.etag)
            item = self._objects.publish(
                place.bucket,
                place.key,
                blob,
                metadata=metadata,
                headers=with_default(self._index, place.bucket, kept),
                checksums=_sums_of_copy(request, source),
                tags=headers.tags(request) if own_tags else source.tags,
                acl=acl,
                expect=expect,
            )
        found = encryption(item) | version_header(self._index, item) | source_header(self._index, source)
        return documents.answer(
            "CopyObjectResult",
            ("ETag", f'"{item.etag}"'),
            ("LastModified", documents.iso(item.modified)),
            *[(checksums.member(name), value) for name, value in item.checksums.items()],
            headers=found,
        )


def _kept(request: Request, source: StoredObject) -> tuple[dict[str, str], dict[str, str]]:
    """System headers and metadata of a copy."""
    given = headers.system_headers(request)
    if directive(request, "metadata") == "REPLACE":
        return given, headers.user_metadata(request.headers)
    own = {name: value for name, value in source.headers.items() if name not in headers.NOT_COPIED}
    return own | {name: value for name, value in given.items() if name.startswith("x-amz-")}, source.metadata


def _check_change(request: Request, source: StoredObject, place: Place, kept: dict[str, str]) -> None:
    """Refuse a copy of an object onto itself that changes nothing, and one too large for one step."""
    same = (source.bucket, source.key) == (place.bucket, place.key)
    named = "versionId=" in request.headers.get("x-amz-copy-source", "")
    if same and not named and directive(request, "metadata") == "COPY" and kept == source.headers:
        raise AwsError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without "
            "changing the object's metadata, storage class, website redirect location or encryption "
            "attributes.",
        )
    if source.size > MAX_SIZE:
        message = "The specified copy source is larger than the maximum allowable size for a copy source"
        raise AwsError("InvalidRequest", f"{message}: {MAX_SIZE}")


def directive(request: Request, what: str) -> str:
    """``COPY`` or ``REPLACE``: whether a copy takes the source's metadata (or tags) or those of the request.

    Raises:
        AwsError: InvalidArgument.
    """
    name = f"x-amz-{what}-directive"
    value = request.headers.get(name, "COPY").upper()
    if value not in ("COPY", "REPLACE"):
        message = f"Unknown {what} directive."
        raise AwsError("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)
    return value


def source_of_copy(objects: Objects, request: Request) -> StoredObject:
    """The object a copy request names, its conditions checked.

    Raises:
        AwsError: InvalidArgument, NoSuchBucket, NoSuchKey or PreconditionFailed.
    """
    path, named, version = request.headers.get("x-amz-copy-source", "").partition("?versionId=")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if not bucket or not key:
        raise AwsError(
            "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        )
    try:
        source = objects.get(bucket, key, check_version(version) if named else None)
    except AwsError as error:
        if error.code != "MethodNotAllowed":
            raise
        message = "The source of a copy request may not specifically refer to a delete marker by version id."
        raise AwsError("InvalidRequest", message) from error
    try:
        check_read(request, source, prefix="x-amz-copy-source-")
    except NotModified:
        raise failed("x-amz-copy-source-If-None-Match") from None
    return source


def source_header(index: Index, source: StoredObject) -> dict[str, str]:
    """The header that names the version a copy was made of."""
    return {"x-amz-copy-source-version-id": source.version} if index.versioning(source.bucket) else {}


def _sums_of_copy(request: Request, source: StoredObject) -> dict[str, str]:
    """The checksum of a copy: the asked one, or the source's; of the whole where it was of parts."""
    asked = request.headers.get("x-amz-checksum-algorithm")
    kept = next((name for name in source.checksums if name != "type"), None)
    name = checksums.known(asked) if asked else kept
    if name is None or (name == kept and source.checksums["type"] == checksums.FULL):
        return source.checksums if name else {}
    return {name: checksums.of_file(name, source.path), "type": checksums.FULL}
