"""Multipart uploads: create, parts, complete, abort, list."""

from __future__ import annotations

import binascii
import hashlib
import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3 import checksums, documents, headers
from localaws.s3.blobs import Objects
from localaws.s3.body import MAX_SIZE, receive
from localaws.s3.conditions import write_expectation
from localaws.s3.files import Blob
from localaws.s3.listing import page_size, spelling
from localaws.s3.objects import source_of_copy
from localaws.s3.place import Place
from localaws.wire import Request, Response

MIN_PART = 5 << 20
MAX_PARTS = 10_000
COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass(frozen=True)
class Part:
    """One uploaded part."""

    number: int
    blob: str
    size: int
    md5: str
    modified: float
    checksums: dict[str, str]


class Multipart:
    """The multipart operations."""

    def __init__(self, objects: Objects, account: str) -> None:
        self._objects = objects
        self._database = objects.index.database
        self._account = account

    def create(self, request: Request, place: Place) -> Response:
        """CreateMultipartUpload."""
        self._objects.index.need_bucket(place.bucket)
        algorithm = request.headers.get("x-amz-checksum-algorithm")
        kind = request.headers.get("x-amz-checksum-type")
        if algorithm:
            kind = kind or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
        details = {
            "headers": headers.system_headers(request),
            "metadata": headers.user_metadata(request.headers),
            "tags": headers.tags(request),
            "algorithm": algorithm and algorithm.lower(),
            "type": kind,
        }
        upload = uuid.uuid4().hex
        sql = "INSERT INTO upload(id, bucket, key, started, details) VALUES(?, ?, ?, ?, ?)"
        self._database.change(sql, upload, place.bucket, place.key, time.time(), json.dumps(details))
        echo = {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": kind}
        return documents.answer(
            "InitiateMultipartUploadResult",
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("UploadId", upload),
            headers={name: value for name, value in echo.items() if value},
        )

    def put_part(self, request: Request, place: Place) -> Response:
        """UploadPart."""
        upload, number = self._upload(request, place)[0], _part_number(request)
        with self._objects.files.writer() as writer:
            received = receive(request, writer)
            self._keep(upload, number, received.blob, received.checksums)
        return Response(
            200, {"ETag": f'"{received.blob.md5}"', **headers.checksum_headers(received.checksums)}
        )

    def copy_part(self, request: Request, place: Place) -> Response:
        """UploadPartCopy: an object, or a range of it, as a part."""
        (upload, details), number = self._upload(request, place), _part_number(request)
        source = source_of_copy(self._objects, request)
        start, length = 0, source.size
        if text := request.headers.get("x-amz-copy-source-range"):
            found = COPY_RANGE.fullmatch(text)
            if not found or int(found[2]) < int(found[1]) or int(found[2]) >= source.size:
                raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
            start, length = int(found[1]), int(found[2]) - int(found[1]) + 1
        if length > MAX_SIZE:
            raise AwsError(
                "InvalidRequest", "The specified copy source is larger than the maximum allowable size"
            )
        with self._objects.files.writer() as writer:
            writer.append(source.path, start, length)
            blob = writer.seal_as_written()
            algorithm = details["algorithm"]
            sums = {}
            if algorithm in checksums.COMPUTED:
                sums[algorithm] = checksums.of_file(algorithm, self._objects.files.path(blob.name))
            self._keep(upload, number, blob, sums)
        return documents.answer(
            "CopyPartResult", ("ETag", f'"{blob.md5}"'), ("LastModified", documents.iso(time.time()))
        )

    def parts(self, request: Request, place: Place) -> Response:
        """ListParts."""
        upload, details = self._upload(request, place)
        limit = page_size(request.query, "max-parts")
        marker = int(request.query.get("part-number-marker") or 0)
        found = [part for part in self._parts(upload) if part.number > marker]
        shown = found[:limit]
        entries: list[documents.Element] = [
            (
                "Part",
                [
                    ("PartNumber", part.number),
                    ("LastModified", documents.iso(part.modified)),
                    ("ETag", f'"{part.md5}"'),
                    ("Size", part.size),
                    *[(f"Checksum{name.upper()}", value) for name, value in part.checksums.items()],
                ],
            )
            for part in shown
        ]
        return documents.answer(
            "ListPartsResult",
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("UploadId", upload),
            ("Owner", [("ID", self._account)]),
            ("StorageClass", details["headers"].get("x-amz-storage-class", "STANDARD")),
            ("PartNumberMarker", marker),
            ("NextPartNumberMarker", shown[-1].number if shown else 0),
            ("MaxParts", limit),
            ("IsTruncated", len(found) > limit),
            *entries,
        )

    def complete(self, request: Request, place: Place) -> Response:
        """CompleteMultipartUpload: the named parts, in order, become the object."""
        upload, details = self._upload(request, place)
        tree = documents.parse(request)
        chosen = self._chosen(tree, {part.number: part for part in self._parts(upload)})
        expect = write_expectation(request)
        md5s = b"".join(binascii.unhexlify(part.md5) for part in chosen)
        etag = f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(chosen)}"
        with self._objects.files.writer() as writer:
            for part in chosen:
                writer.append(self._objects.files.path(part.blob))
            blob = writer.seal(etag)
            sums = self._checksums(details, chosen, blob, checksums.given(request.headers))
            with self._database.transaction():
                self._upload(request, place)  # another completion or abort may have won meanwhile
                self._objects.publish(
                    place.bucket,
                    place.key,
                    blob,
                    metadata=details["metadata"],
                    headers=details["headers"],
                    tags=details["tags"],
                    checksums=sums,
                    parts=tuple(part.size for part in chosen),
                    expect=expect,
                )
                self._objects.index.drop_upload(upload)
        return documents.answer(
            "CompleteMultipartUploadResult",
            ("Location", f"http://{request.headers.get('Host', 'localhost')}{request.path}"),
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("ETag", f'"{etag}"'),
            *[(f"Checksum{_member(name)}", value) for name, value in sums.items()],
        )

    def abort(self, request: Request, place: Place) -> Response:
        """AbortMultipartUpload."""
        with self._database.transaction():
            self._objects.index.drop_upload(self._upload(request, place)[0])
        self._objects.index.collect()
        return Response(204)

    def uploads(self, request: Request, place: Place) -> Response:
        """ListMultipartUploads, by key and upload."""
        query = request.query
        self._objects.index.need_bucket(place.bucket)
        if query.get("delimiter"):
            raise AwsError(
                "NotImplemented", "localaws does not implement s3.ListMultipartUploads with a delimiter", 501
            )
        prefix, limit, spell = query.get("prefix", ""), page_size(query, "max-uploads"), spelling(query)
        marker = (query.get("key-marker", ""), query.get("upload-id-marker") or "\U0010ffff")
        rows = self._database.query(
            "SELECT key, id, started FROM upload WHERE bucket = ? ORDER BY key, id", place.bucket
        )
        found = [row for row in rows if row[0].startswith(prefix) and row[:2] > marker]
        shown = found[:limit]
        more = len(found) > limit
        entries: list[documents.Element] = [
            (
                "Upload",
                [
                    ("Key", spell(key)),
                    ("UploadId", upload),
                    ("Initiated", documents.iso(started)),
                    ("StorageClass", "STANDARD"),
                ],
            )
            for key, upload, started in shown
        ]
        return documents.answer(
            "ListMultipartUploadsResult",
            ("Bucket", place.bucket),
            ("KeyMarker", spell(query.get("key-marker", ""))),
            ("UploadIdMarker", query.get("upload-id-marker", "")),
            ("NextKeyMarker", spell(shown[-1][0]) if more else None),
            ("NextUploadIdMarker", shown[-1][1] if more else None),
            ("Prefix", spell(prefix)),
            ("EncodingType", query.get("encoding-type")),
            ("MaxUploads", limit),
            ("IsTruncated", more),
            *entries,
        )

    def _upload(self, request: Request, place: Place) -> tuple[str, dict[str, Any]]:
        upload = request.query.get("uploadId", "")
        sql = "SELECT details FROM upload WHERE id = ? AND bucket = ? AND key = ?"
        rows = self._database.query(sql, upload, place.bucket, place.key)
        if not rows:
            self._objects.index.need_bucket(place.bucket)
            raise AwsError(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
                "been aborted or completed.",
                404,
                UploadId=upload,
            )
        return upload, json.loads(rows[0][0])

    def _keep(self, upload: str, number: int, blob: Blob, sums: dict[str, str]) -> None:
        sql = """INSERT OR REPLACE INTO part(upload, number, blob, size, md5, modified, checksums)
                 VALUES(?, ?, ?, ?, ?, ?, ?)"""
        with self._database.transaction():
            old = self._database.query(
                "SELECT blob FROM part WHERE upload = ? AND number = ?", upload, number
            )
            for (name,) in old:
                self._objects.index.discard(name)
            values = (upload, number, blob.name, blob.size, blob.md5, time.time(), json.dumps(sums))
            self._database.change(sql, *values)

    def _parts(self, upload: str) -> list[Part]:
        sql = "SELECT number, blob, size, md5, modified, checksums FROM part WHERE upload = ? ORDER BY number"
        rows = self._database.query(sql, upload)
        return [
            Part(number, blob, size, md5, modified, json.loads(sums))
            for number, blob, size, md5, modified, sums in rows
        ]

    def _chosen(self, tree: Element, have: dict[int, Part]) -> list[Part]:
        """The parts a completion names, when each is as named, in order and large enough."""
        entries = tree.findall("Part")
        numbers = [
            int(text) if (text := entry.findtext("PartNumber") or "").isdecimal() else 0 for entry in entries
        ]
        if tree.tag != "CompleteMultipartUpload" or not entries or not all(numbers):
            raise documents.malformed()
        if sorted(set(numbers)) != numbers:
            message = "The list of parts was not in ascending order. Parts must be ordered by part number."
            raise AwsError("InvalidPartOrder", message)
        for number, entry in zip(numbers, entries, strict=True):
            _check_part(number, entry, have.get(number))
        chosen = [have[number] for number in numbers]
        for part in chosen[:-1]:
            if part.size < MIN_PART:
                message = "Your proposed upload is smaller than the minimum allowed size"
                size = {"ProposedSize": part.size, "MinSizeAllowed": MIN_PART, "PartNumber": part.number}
                raise AwsError("EntityTooSmall", message, **size)
        return chosen

    def _checksums(
        self, details: dict[str, Any], parts: list[Part], blob: Blob, given: dict[str, str]
    ) -> dict[str, str]:
        algorithm, kind = details["algorithm"], details["type"]
        if algorithm not in checksums.COMPUTED:
            return given and {**given, "type": kind or "FULL_OBJECT"}
        if kind == "FULL_OBJECT":
            total = checksums.of_file(algorithm, self._objects.files.path(blob.name))
        else:
            if any(algorithm not in part.checksums for part in parts):
                message = (
                    f"The upload was created using a {algorithm} checksum. The complete request must include "
                )
                raise AwsError("InvalidRequest", message + "the checksum for each part.")
            total = checksums.of_parts(algorithm, [part.checksums[algorithm] for part in parts])
        if given.get(algorithm, total) != total:
            raise checksums.mismatch(algorithm)
        return {algorithm: total, "type": kind}


def _check_part(number: int, entry: Element, part: Part | None) -> None:
    etag = (entry.findtext("ETag") or "").strip('"')
    sums_differ = part is not None and any(
        entry.findtext(f"Checksum{_member(name)}") not in (None, value)
        for name, value in part.checksums.items()
    )
    if part is None or etag != part.md5 or sums_differ:
        raise AwsError(
            "InvalidPart",
            "One or more of the specified parts could not be found. The part may not have been uploaded, or "
            "the specified entity tag may not match the part's entity tag.",
            PartNumber=number,
            ETag=etag,
        )


def _part_number(request: Request) -> int:
    text = request.query.get("partNumber", "")
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PARTS:
        message = f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive"
        raise AwsError("InvalidArgument", message, ArgumentName="partNumber", ArgumentValue=text)
    return int(text)


def _member(name: str) -> str:
    """A checksum's name inside XML: ``ChecksumCRC32``, ``ChecksumType``."""
    return "Type" if name == "type" else name.upper()
