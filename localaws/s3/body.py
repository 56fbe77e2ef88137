"""Bodies of uploads: plain or aws-chunked, written to a blob while their digests are checked."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass

from localaws.errors import AwsError
from localaws.s3 import checksums
from localaws.s3.files import PIECE, Blob, BlobWriter
from localaws.wire import LINE_LIMIT, Request

MAX_SIZE = 5 << 30  # bytes of one PUT or part


@dataclass(frozen=True)
class Received:
    """A body taken in: its blob, and its checksums by algorithm."""

    blob: Blob
    checksums: dict[str, str]


def receive(request: Request, writer: BlobWriter, default: str | None = None) -> Received:
    """Write an upload's body to a blob and check it against every digest the client gave.

    Args:
        request: The upload.
        writer: Takes the data.
        default: The checksum to compute where the client gives none.

    Raises:
        AwsError: MissingContentLength, EntityTooLarge, IncompleteBody, InvalidDigest, BadDigest, …
    """
    headers = request.headers
    if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        raise AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    announced = headers.get("x-amz-decoded-content-length") or headers.get("Content-Length") or "0"
    if not announced.isdecimal() or int(announced) > MAX_SIZE:
        raise AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    algorithm = checksums.expected(headers) or default
    digest = checksums.digest(algorithm) if algorithm else None
    trailers: dict[str, str] = {}
    for piece in _pieces(request, trailers):
        writer.write(piece)
        if digest:
            digest.update(piece)
    blob = writer.seal()
    _check_md5(headers.get("Content-MD5"), blob)
    if _chunked(request) and headers.get("x-amz-decoded-content-length") not in (None, str(blob.size)):
        raise incomplete()
    sums = {algorithm: checksums.encoded(digest.digest())} if algorithm and digest else {}
    _check_sums(request, trailers, sums)
    return Received(blob, sums)


def _check_sums(request: Request, trailers: dict[str, str], sums: dict[str, str]) -> None:
    """Hold the computed checksum against the one in the headers or behind the body."""
    if request.headers.get("x-amz-trailer", "").lower().startswith(checksums.PREFIX) and not trailers:
        message = (
            "The request contained trailing data that was not well-formed or did not conform to our "
            "published schema."
        )
        raise AwsError("MalformedTrailerError", message)
    for name, value in (checksums.given(request.headers) | checksums.given(trailers)).items():
        if sums.get(name) != value:
            raise checksums.mismatch(name)


def _check_md5(wanted: str | None, blob: Blob) -> None:
    if wanted is None:
        return
    try:
        digest = base64.b64decode(wanted, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 16:
        raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
    if digest.hex() != blob.md5:
        raise AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.")


def _chunked(request: Request) -> bool:
    encoding = request.headers.get("Content-Encoding", "")
    return "aws-chunked" in encoding or request.headers.get("x-amz-content-sha256", "").startswith(
        "STREAMING-"
    )


def _pieces(request: Request, trailers: dict[str, str]) -> Iterator[bytes]:
    if _chunked(request):
        yield from _unwrapped(request.body, trailers)
        return
    while piece := request.body.read(PIECE):
        yield piece


def _unwrapped(body: io.BufferedReader, trailers: dict[str, str]) -> Iterator[bytes]:
    """The data of an aws-chunked body (signatures are not checked); trailers land in the mapping."""
    while True:
        head = body.readline(LINE_LIMIT)
        try:
            left = int(head.split(b";")[0].strip(), 16)
        except ValueError:
            raise incomplete() from None
        if not left:
            break
        while left:
            piece = body.read(min(left, PIECE))
            if not piece:
                raise incomplete()
            left -= len(piece)
            yield piece
        body.readline(LINE_LIMIT)
    while line := body.readline(LINE_LIMIT).strip():
        name, _, value = line.decode("latin-1").partition(":")
        trailers[name.strip().lower()] = value.strip()


def incomplete() -> AwsError:
    """What S3 says of a body that ends early."""
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
    return AwsError("IncompleteBody", message)
