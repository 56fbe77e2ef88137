"""CompleteMultipartUpload: the parts become one object, in one step."""

from __future__ import annotations

import hashlib
from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3 import checksums, documents
from localaws.s3.blobs import Objects
from localaws.s3.conditions import write_expectation
from localaws.s3.files import Blob
from localaws.s3.place import Place
from localaws.s3.uploads import Part, Upload, Uploads
from localaws.wire import Request, Response

MIN_PART = 5 << 20  # bytes of every part but the last


class Completion:
    """The completion of multipart uploads."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._uploads = Uploads(objects)

    def complete(self, request: Request, place: Place) -> Response:
        """CompleteMultipartUpload: the named parts, in order, become the object."""
        upload = self._uploads.get(request.query.get("uploadId", ""), place.bucket, place.key)
        parts = _chosen(documents.parse(request), {part.number: part for part in self._uploads.parts(upload)})
        expect = write_expectation(request)
        md5s = b"".join(bytes.fromhex(part.md5) for part in parts)
        etag = f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(parts)}"
        with self._objects.files.writer() as writer:
            for part in parts:
                writer.append(self._objects.files.path(part.blob))
            blob = writer.seal(etag)
            sums = self._checksums(upload, parts, blob, checksums.given(request.headers))
            with self._objects.index.database.transaction():
                self._uploads.get(
                    upload.id, place.bucket, place.key
                )  # another completion may have won meanwhile
                self._objects.publish(
                    place.bucket,
                    place.key,
                    blob,
                    metadata=upload.metadata,
                    headers=upload.headers,
                    tags=upload.tags,
                    checksums=sums,
                    parts=tuple(part.size for part in parts),
                    expect=expect,
                )
                self._uploads.drop(upload)
        return documents.answer(
            "CompleteMultipartUploadResult",
            ("Location", f"http://{request.headers.get('Host', 'localhost')}{request.path}"),
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("ETag", f'"{etag}"'),
            *[(checksums.member(name), value) for name, value in sums.items()],
        )

    def _checksums(
        self, upload: Upload, parts: list[Part], blob: Blob, given: dict[str, str]
    ) -> dict[str, str]:
        """The object's checksum, of its bytes or of its parts' checksums; checked against the given one."""
        algorithm, kind = upload.algorithm, upload.checksum_type
        if algorithm not in checksums.COMPUTED or kind is None:
            return given and {**given, "type": kind or "FULL_OBJECT"}
        if kind == "FULL_OBJECT":
            total = checksums.of_file(algorithm, self._objects.files.path(blob.name))
        elif any(algorithm not in part.checksums for part in parts):
            raise AwsError(
                "InvalidRequest",
                f"The upload was created using a {algorithm} checksum. The complete request must include the "
                "checksum for each part.",
            )
        else:
            total = checksums.of_parts(algorithm, [part.checksums[algorithm] for part in parts])
        if given.get(algorithm, total) != total:
            raise checksums.mismatch(algorithm)
        return {algorithm: total, "type": kind}


def _chosen(tree: Element, have: dict[int, Part]) -> list[Part]:
    """The parts a completion names, when each is as named, in order and large enough.

    Raises:
        AwsError: MalformedXML, InvalidPartOrder, InvalidPart or EntityTooSmall.
    """
    entries = tree.findall("Part")
    texts = [entry.findtext("PartNumber") or "" for entry in entries]
    if tree.tag != "CompleteMultipartUpload" or not entries or not all(text.isdecimal() for text in texts):
        raise documents.malformed()
    numbers = [int(text) for text in texts]
    if sorted(set(numbers)) != numbers:
        message = "The list of parts was not in ascending order. Parts must be ordered by part number."
        raise AwsError("InvalidPartOrder", message)
    parts = [
        _checked(number, entry, have.get(number)) for number, entry in zip(numbers, entries, strict=True)
    ]
    for part in parts[:-1]:
        if part.size < MIN_PART:
            message = "Your proposed upload is smaller than the minimum allowed size"
            size = {"ProposedSize": part.size, "MinSizeAllowed": MIN_PART, "PartNumber": part.number}
            raise AwsError("EntityTooSmall", message, **size)
    return parts


def _checked(number: int, entry: Element, part: Part | None) -> Part:
    """The part, when the completion's entry is of it."""
    etag = (entry.findtext("ETag") or "").strip('"')
    if part is not None and etag == part.md5:
        given = {name: entry.findtext(checksums.member(name)) for name in part.checksums}
        if all(value in (None, part.checksums[name]) for name, value in given.items()):
            return part
    raise AwsError(
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
        "specified entity tag may not match the part's entity tag.",
        PartNumber=number,
        ETag=etag,
    )
