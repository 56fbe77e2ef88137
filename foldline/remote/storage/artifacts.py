"""What a job left in S3, looked at before it is believed: model artifacts, and records in and out."""

from __future__ import annotations

import tarfile
import zlib
from dataclasses import dataclass
from typing import Any

from foldline.layout import S3Uri
from foldline.remote.calls import error_code
from foldline.remote.storage.objects import Stored, stored

HEAD_BYTES = 64 * 1024
"""How much of an artifact is read."""
UNPACKED_BYTES = 1 << 20
"""How much of what it unpacks to is looked at: a small archive may unpack to terabytes."""
CHUNK_BYTES = 1 << 20


def artifact_uri(description: dict[str, Any]) -> str:
    """Where a described training job's model lies; empty when it names none."""
    return str(description.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""))


def artifact_problem(s3: Any, owner: str, uri: str) -> str:
    """What is wrong with a model artifact; empty when it is a tar archive with a file in it.

    Args:
        s3: boto3 S3 client, which retries by itself.
        owner: Account that must own the bucket.
        uri: S3 address of ``model.tar.gz``, or the prefix of an uncompressed model.
    """
    if not uri:
        return "the job names no model artifact"
    place = S3Uri.parse(uri)
    if not place.key.endswith(".tar.gz"):
        sizes = [item.size for item in stored(s3, owner, place)]
        return "" if any(sizes) else f"there is nothing in {uri}"
    request = {"Bucket": place.bucket, "Key": place.key, "ExpectedBucketOwner": owner}
    try:
        answer = s3.get_object(**request, Range=f"bytes=0-{HEAD_BYTES - 1}")
    except Exception as error:
        if error_code(error) in ("NoSuchKey", "404", "NotFound"):
            return f"there is no {uri}"
        if error_code(error) == "InvalidRange":
            return f"{uri} is empty"
        raise
    return head_problem(answer["Body"].read(), uri)


def head_problem(head: bytes, name: str) -> str:
    """What is wrong with the first bytes of a ``.tar.gz``; empty when a file begins there."""
    if not head:
        return f"{name} is empty"
    unpacker = zlib.decompressobj(wbits=31)
    try:
        block = unpacker.decompress(head, UNPACKED_BYTES)[: tarfile.BLOCKSIZE]
        if len(block) == tarfile.BLOCKSIZE and not any(block):
            return f"{name} is an archive without a file"
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except zlib.error as error:
        return f"{name} is no gzip file: {error}"
    except tarfile.HeaderError as error:
        return f"{name} holds no tar archive: {error}"
    return ""


def lines(s3: Any, owner: str, objects: list[Stored]) -> int:
    """Lines with something in them, over all objects; read in pieces, never whole."""
    return sum(_lines(s3, owner, item.uri) for item in objects if item.size)


def _lines(s3: Any, owner: str, uri: S3Uri) -> int:
    body = s3.get_object(Bucket=uri.bucket, Key=uri.key, ExpectedBucketOwner=owner)["Body"]
    count, rest = 0, b""
    for chunk in body.iter_chunks(CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        count += sum(1 for line in whole if line.strip())
    return count + bool(rest.strip())


@dataclass(frozen=True)
class Counts:
    """What went into a batch transform and what came out.

    Attributes:
        objects_in: Objects of data.
        objects_out: Objects of answers.
        records_in: Lines of data; None when they were not counted.
        records_out: Lines of answers, likewise.
    """

    objects_in: int
    objects_out: int
    records_in: int | None = None
    records_out: int | None = None

    @property
    def problem(self) -> str:
        """What is missing; empty when nothing is."""
        if self.objects_in == 0:
            return "there were no data"
        if self.objects_out < self.objects_in:
            return f"{self.objects_in} objects went in, {self.objects_out} came out"
        if self.records_in is not None and (self.records_out or 0) < self.records_in:
            return f"{self.records_in:,} records went in, {self.records_out or 0:,} came out"
        return ""


def counts(s3: Any, owner: str, data: S3Uri, answers: S3Uri, *, by_line: bool, up_to: int) -> Counts:
    """What a batch transform was given and what it left.

    Args:
        s3: boto3 S3 client, which retries by itself.
        owner: Account that must own the buckets.
        data: What was predicted.
        answers: Prefix of the answers.
        by_line: Whether a line is a record.
        up_to: Bytes of data up to which lines are counted.
    """
    given = list(stored(s3, owner, data))
    left = [item for item in stored(s3, owner, answers) if item.uri.key.endswith(".out")]
    if not by_line or sum(item.size for item in given) > up_to:
        return Counts(len(given), len(left))
    return Counts(len(given), len(left), lines(s3, owner, given), lines(s3, owner, left))
