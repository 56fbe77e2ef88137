"""Multipart uploads over HTTP: create, parts, abort, list; ``completion.py`` ends them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from localaws.errors import AwsError
from localaws.s3 import checksums, documents, headers
from localaws.s3.acl import acl_of
from localaws.s3.blobs import Objects
from localaws.s3.body import MAX_SIZE, receive
from localaws.s3.copies import source_header, source_of_copy
from localaws.s3.encryption import with_default
from localaws.s3.listing import page, page_size, spelling, whole_number
from localaws.s3.place import Place
from localaws.s3.uploads import Part, Upload, Uploads
from localaws.wire import Request, Response

MAX_PARTS = 10_000
COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Multipart:
    """The multipart operations but the completion."""

    def __init__(self, objects: Objects, account: str) -> None:
        self._objects = objects
        self._uploads = Uploads(objects)
        self._account = account

    def create(self, request: Request, place: Place) -> Response:
        """CreateMultipartUpload."""
        self._objects.index.need_bucket(place.bucket)
        algorithm, kind = _checksum_asked(request)
        kept = headers.system_headers(request)
        upload = self._uploads.create(
            place.bucket,
            place.key,
            headers=with_default(self._objects.index, place.bucket, kept),
            metadata=headers.user_metadata(request.headers),
            tags=headers.tags(request),
            algorithm=algorithm,
            checksum_type=kind,
            acl=acl_of(self._objects.index, place.bucket, request),
        )
        echo = {"x-amz-checksum-algorithm": algorithm and algorithm.upper(), "x-amz-checksum-type": kind}
        return documents.answer(
            "InitiateMultipartUploadResult",
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("UploadId", upload.id),
            headers={name: value for name, value in echo.items() if value},
        )

    def put_part(self, request: Request, place: Place) -> Response:
        """UploadPart."""
        upload, number = self._upload(request, place), _part_number(request)
        default = upload.algorithm if upload.checksum_type == checksums.FULL else None
        given = checksums.expected(request.headers) or default
        if upload.algorithm and given != upload.algorithm:
            raise checksums.wrong_kind(upload.algorithm, given)
        with self._objects.files.writer() as writer:
            received = receive(request, writer, default)
            self._uploads.keep(upload, number, received.blob, received.checksums)
        found = {"ETag": f'"{received.blob.md5}"', **headers.checksum_headers(received.checksums)}
        return Response(200, found)

    def copy_part(self, request: Request, place: Place) -> Response:
        """UploadPartCopy: an object, or a range of it, as a part."""
        upload, number = self._upload(request, place), _part_number(request)
        source = source_of_copy(self._objects, request)
        start, length = _copy_range(request, source.size)
        with self._objects.files.writer() as writer:
            writer.append(source.path, start, length)
            blob = writer.seal_as_written()
            sums = {}
            if upload.algorithm:
                path = self._objects.files.path(blob.name)
                sums[upload.algorithm] = checksums.of_file(upload.algorithm, path)
            self._uploads.keep(upload, number, blob, sums)
        return documents.answer(
            "CopyPartResult",
            ("ETag", f'"{blob.md5}"'),
            ("LastModified", documents.iso(time.time())),
            *[(checksums.member(name), value) for name, value in sums.items()],
            headers=source_header(self._objects.index, source),
        )

    def abort(self, request: Request, place: Place) -> Response:
        """AbortMultipartUpload."""
        self._uploads.drop(self._upload(request, place))
        self._objects.index.collect()
        return Response(204)

    def parts(self, request: Request, place: Place) -> Response:
        """ListParts."""
        upload = self._upload(request, place)
        limit = page_size(request.query, "max-parts")
        marker = whole_number(request.query, "part-number-marker", 0)
        found = [part for part in self._uploads.parts(upload) if part.number > marker]
        shown = found[:limit]
        return documents.answer(
            "ListPartsResult",
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("UploadId", upload.id),
            ("Initiator", [("ID", self._account)]),
            ("Owner", [("ID", self._account)]),
            ("ChecksumAlgorithm", upload.algorithm and upload.algorithm.upper()),
            ("ChecksumType", upload.checksum_type),
            ("StorageClass", upload.headers.get("x-amz-storage-class", "STANDARD")),
            ("PartNumberMarker", marker),
            ("NextPartNumberMarker", shown[-1].number if shown else 0),
            ("MaxParts", limit),
            ("IsTruncated", len(found) > limit),
            *[("Part", _described(part)) for part in shown],
        )

    def uploads(self, request: Request, place: Place) -> Response:
        """ListMultipartUploads, by key and upload."""
        query = request.query
        self._objects.index.need_bucket(place.bucket)
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit, spell = page_size(query, "max-uploads"), spelling(query)
        marker, upload_marker = query.get("key-marker", ""), query.get("upload-id-marker", "")
        under = [upload for upload in self._uploads.of_bucket(place.bucket) if upload.key.startswith(prefix)]

        def scan(after: str) -> Iterator[Upload]:
            """The uploads behind a key; at the marker's key, those behind the marked one too."""
            same = bool(upload_marker) and after == marker
            for upload in under:
                if upload.key > after or (same and upload.key == after and upload.id > upload_marker):
                    yield upload

        found = page(scan, prefix=prefix, delimiter=delimiter, after=marker, limit=limit)
        last = found.items[-1] if found.items and found.items[-1].key == found.last else None
        entries: list[documents.Element] = [
            (
                "Upload",
                [
                    ("Key", spell(upload.key)),
                    ("UploadId", upload.id),
                    ("Initiated", documents.iso(upload.started)),
                    ("StorageClass", upload.headers.get("x-amz-storage-class", "STANDARD")),
                    ("Initiator", [("ID", self._account)]),
                    ("Owner", [("ID", self._account)]),
                    ("ChecksumAlgorithm", upload.algorithm and upload.algorithm.upper()),
                    ("ChecksumType", upload.checksum_type),
                ],
            )
            for upload in found.items
        ]
        entries += [("CommonPrefixes", [("Prefix", spell(common))]) for common in found.prefixes]
        return documents.answer(
            "ListMultipartUploadsResult",
            ("Bucket", place.bucket),
            ("KeyMarker", spell(marker)),
            ("UploadIdMarker", upload_marker),
            ("NextKeyMarker", None if found.last is None else spell(found.last)),
            ("NextUploadIdMarker", last.id if last else None),
            ("Prefix", spell(prefix)),
            ("Delimiter", spell(delimiter) if delimiter else None),
            ("EncodingType", query.get("encoding-type")),
            ("MaxUploads", limit),
            ("IsTruncated", found.last is not None),
            *entries,
        )

    def _upload(self, request: Request, place: Place) -> Upload:
        return self._uploads.get(request.query.get("uploadId", ""), place.bucket, place.key)


def _checksum_asked(request: Request) -> tuple[str | None, str | None]:
    """The checksum algorithm of a new upload, and its type."""
    algorithm = request.headers.get("x-amz-checksum-algorithm")
    kind = request.headers.get("x-amz-checksum-type")
    if algorithm:
        name = checksums.known(algorithm)
        return name, checksums.kind_of(name, kind)
    if kind:
        message = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
        raise AwsError("InvalidRequest", message)
    return None, None


def _described(part: Part) -> list[documents.Element]:
    return [
        ("PartNumber", part.number),
        ("LastModified", documents.iso(part.modified)),
        ("ETag", f'"{part.md5}"'),
        ("Size", part.size),
        *[(checksums.member(name), value) for name, value in part.checksums.items()],
    ]


def _part_number(request: Request) -> int:
    text = request.query.get("partNumber", "")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PARTS:
        message = f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive"
        raise AwsError("InvalidArgument", message, ArgumentName="partNumber", ArgumentValue=text)
    return int(text)


def _copy_range(request: Request, size: int) -> tuple[int, int]:
    """Start and length of the source's range that a part copy names; the whole when it names none."""
    start, length = 0, size
    if text := request.headers.get("x-amz-copy-source-range"):
        found = COPY_RANGE.fullmatch(text)
        if not found or int(found[2]) < int(found[1]) or int(found[2]) >= size:
            raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
        start, length = int(found[1]), int(found[2]) - int(found[1]) + 1
    if length > MAX_SIZE:
        message = "The specified copy source is larger than the maximum allowable size for a copy source"
        raise AwsError("InvalidRequest", message)
    return start, length
