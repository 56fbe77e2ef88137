"""CompleteMultipartUpload: the parts become one object, in one step."""

from __future__ import annotations

import hashlib
from xml.etree.ElementTree import Element

from localaws.errors import AwsError
from localaws.s3 import checksums, documents
from localaws.s3.blobs import Objects
from localaws.s3.conditions import write_expectation
from localaws.s3.encryption import encryption
from localaws.s3.files import Blob
from localaws.s3.place import Place
from localaws.s3.rows import StoredObject
from localaws.s3.uploads import Part, Upload, Uploads
from localaws.s3.versions import version_header
from localaws.wire import Request, Response

MIN_PART = 5 << 20  # bytes of every part but the last
QUOTE = '"'


class Completion:
    """The completion of multipart uploads."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._uploads = Uploads(objects)

    def complete(self, request: Request, place: Place) -> Response:
        """CompleteMultipartUpload: the named parts, in order, become the object.

        Asked again, when the answer was lost on its way, it says once more what it did.
        """
        tree = documents.parse(request)
        upload_id = request.query.get("uploadId", "")
        if done := self._done(upload_id, place, tree):
            return self._answer(request, place, done)
        upload = self._uploads.get(upload_id, place.bucket, place.key)
        parts = _chosen(tree, {part.number: part for part in self._uploads.parts(upload)}, upload)
        expect = write_expectation(request)
        _check_size(request, parts)
        md5s = b"".join(bytes.fromhex(part.md5) for part in parts)
        etag = f"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-{len(parts)}"
        with self._objects.files.writer() as writer:
            for part in parts:
                writer.append(self._objects.files.path(part.blob))
            blob = writer.seal(etag)
            sums = self._checksums(upload, parts, blob, request)
            with self._objects.index.database.transaction():
                self._uploads.get(
                    upload.id, place.bucket, place.key
                )  # another may have completed it meanwhile
                item = self._objects.publish(
                    place.bucket,
                    place.key,
                    blob,
                    metadata=upload.metadata,
                    headers=upload.headers,
                    tags=upload.tags,
                    checksums=sums,
                    parts=tuple(part.size for part in parts),
                    part_checksums=_part_checksums(upload, parts),
                    acl=upload.acl,
                    expect=expect,
                )
                self._uploads.finish(upload, _etags(tree), item)
        return self._answer(request, place, item)

    def _done(self, upload: str, place: Place, tree: Element) -> StoredObject | None:
        """The object an upload became, while that is still there and the same parts are named."""
        found = self._uploads.finished(upload, place.bucket, place.key)
        if found is None or found.etags != _etags(tree):
            return None
        item = self._objects.index.find_version(place.bucket, place.key, found.version)
        return item if isinstance(item, StoredObject) and item.number == found.number else None

    def _answer(self, request: Request, place: Place, item: StoredObject) -> Response:
        return documents.answer(
            "CompleteMultipartUploadResult",
            ("Location", f"http://{request.headers.get('Host', 'localhost')}{request.path}"),
            ("Bucket", place.bucket),
            ("Key", place.key),
            ("ETag", f'"{item.etag}"'),
            *[(checksums.member(name), value) for name, value in item.checksums.items()],
            headers=encryption(item) | version_header(self._objects.index, item),
        )

    def _checksums(self, upload: Upload, parts: list[Part], blob: Blob, request: Request) -> dict[str, str]:
        """The object's checksum, of its bytes or of its parts' checksums; checked against the given one."""
        given = checksums.given(request.headers, composite=upload.checksum_type == checksums.COMPOSITE)
        algorithm = upload.algorithm or next(iter(given), None)
        if algorithm is None:
            return {}
        kind = upload.checksum_type or checksums.FULL
        asked = request.headers.get("x-amz-checksum-type", kind)
        if asked != kind:
            raise checksums.wrong_kind(kind, asked)
        sums = [part.checksums.get(algorithm) for part in parts]
        known = [value for value in sums if value]
        if kind == checksums.COMPOSITE:
            total = checksums.of_parts(algorithm, known)
        elif len(known) == len(parts) and algorithm in checksums.KINDS:
            total = checksums.joined(algorithm, list(zip(known, (part.size for part in parts), strict=True)))
        else:
            total = checksums.of_file(algorithm, self._objects.files.path(blob.name))
        if given.get(algorithm, total).partition("-")[0] != total.partition("-")[0]:
            raise checksums.mismatch(algorithm)
        return {algorithm: total, "type": kind}


def _etags(tree: Element) -> str:
    """The parts a completion names, as one text."""
    texts = ((entry.findtext("PartNumber"), entry.findtext("ETag") or "") for entry in tree.findall("Part"))
    return " ".join(f"{number}:{etag.strip(QUOTE)}" for number, etag in texts)


def _part_checksums(upload: Upload, parts: list[Part]) -> tuple[str, ...]:
    if upload.algorithm is None:
        return ()
    return tuple(part.checksums[upload.algorithm] for part in parts)


def _check_size(request: Request, parts: list[Part]) -> None:
    """Hold the object's size against the one the client says it is."""
    size = request.headers.get("x-amz-mp-object-size")
    total = sum(part.size for part in parts)
    if size is not None and size != str(total):
        message = "The provided 'x-amz-mp-object-size' header value does not match what was computed."
        raise AwsError("InvalidRequest", message)


def _chosen(tree: Element, have: dict[int, Part], upload: Upload) -> list[Part]:
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
        _checked(number, entry, have.get(number), upload)
        for number, entry in zip(numbers, entries, strict=True)
    ]
    for part in parts[:-1]:
        if part.size < MIN_PART:
            message = "Your proposed upload is smaller than the minimum allowed size"
            size = {"ProposedSize": part.size, "MinSizeAllowed": MIN_PART, "PartNumber": part.number}
            raise AwsError("EntityTooSmall", message, **size)
    return parts


def _checked(number: int, entry: Element, part: Part | None, upload: Upload) -> Part:
    """The part, when the completion's entry is of it."""
    etag = (entry.findtext("ETag") or "").strip(QUOTE)
    if part is not None and etag == part.md5:
        given = {name: entry.findtext(checksums.member(name)) for name in part.checksums}
        if upload.checksum_type == checksums.COMPOSITE and not given.get(upload.algorithm or ""):
            raise AwsError(
                "InvalidRequest",
                f"The upload was created using a {upload.algorithm} checksum. The complete request must "
                f"include the checksum for each part. It was missing for part {number} in the request.",
            )
        if all(value in (None, part.checksums[name]) for name, value in given.items()):
            return part
    raise AwsError(
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the "
        "specified entity tag may not match the part's entity tag.",
        PartNumber=number,
        ETag=etag,
    )
