"""S3's additional checksums: which one a request gives, how each is computed, what a multipart object has."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping
from email.message import Message
from functools import partial
from pathlib import Path
from typing import Protocol

from localaws.errors import AwsError
from localaws.s3 import crc
from localaws.s3.errors import not_implemented
from localaws.s3.files import PIECE

PREFIX = "x-amz-checksum-"
REFUSED = ("xxhash64", "xxhash3", "xxhash128")  # the standard library has none of them
FULL, COMPOSITE = "FULL_OBJECT", "COMPOSITE"


class Digest(Protocol):
    """A running digest, one of hashlib's or ours."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def digest(self) -> bytes:
        """The digest so far."""


class Crc32:
    """CRC32 with hashlib's manners."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        """Take in more bytes."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """Four bytes, big-endian."""
        return self._value.to_bytes(4, "big")


MAKERS: dict[str, Callable[[], Digest]] = {
    "crc32": Crc32,
    "crc32c": partial(crc.Crc, "crc32c"),
    "crc64nvme": partial(crc.Crc, "crc64nvme"),
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": partial(hashlib.md5, usedforsecurity=False),
}
LENGTHS = {name: len(maker().digest()) for name, maker in MAKERS.items()}
KINDS = {
    "crc32": (COMPOSITE, FULL),
    "crc32c": (COMPOSITE, FULL),
    "crc64nvme": (FULL,),
}
"""The types a multipart object's checksum may have, the usual one first; those not named are composite."""


def known(algorithm: str) -> str:
    """An algorithm's name in lower case.

    Raises:
        AwsError: InvalidRequest, or NotImplemented for one that is not computed here.
    """
    name = algorithm.lower()
    if name in REFUSED:
        raise not_implemented(f"{algorithm.upper()} checksums")
    if name not in MAKERS:
        valid = ", ".join(MAKERS).upper()
        message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        raise AwsError("InvalidRequest", f"{message}[{valid}]")
    return name


def given(headers: Message | Mapping[str, str], composite: bool = False) -> dict[str, str]:
    """The one checksum a client sent, by algorithm, in base64; empty when it sent none.

    Args:
        headers: The headers, or the trailers.
        composite: Whether a number of parts may stand behind it.

    Raises:
        AwsError: InvalidRequest for several, or one that is none; NotImplemented.
    """
    sent = {name.lower().removeprefix(PREFIX): value for name, value in headers.items() if _is_ours(name)}
    for name in sent.keys() & set(REFUSED):
        known(name)
    found = {name: value for name, value in sent.items() if name in MAKERS}
    if len(found) > 1:
        message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        raise AwsError("InvalidRequest", message)
    for name, value in found.items():
        text = value.partition("-")[0] if composite else value
        if _length(text) != LENGTHS[name]:
            raise AwsError("InvalidRequest", f"Value for {PREFIX}{name} header is invalid.")
    return found


def _is_ours(header: str) -> bool:
    return header[: len(PREFIX)].lower() == PREFIX


def _length(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except binascii.Error:
        return -1


def expected(headers: Message) -> str | None:
    """The algorithm of the checksum that comes with a body, ahead or behind it; None for none.

    Raises:
        AwsError: InvalidRequest when the headers contradict each other.
    """
    names = list(given(headers))
    trailer = headers.get("x-amz-trailer", "").lower()
    if trailer.startswith(PREFIX):
        names.append(known(trailer.removeprefix(PREFIX)))
    if len(names) > 1:
        message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        raise AwsError("InvalidRequest", message)
    said = headers.get("x-amz-sdk-checksum-algorithm")
    if said and not names:
        raise AwsError(
            "InvalidRequest",
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
            "headers were found.",
        )
    if said and known(said) != names[0]:
        raise AwsError("InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.")
    return names[0] if names else None


def digest(algorithm: str) -> Digest:
    """A new digest."""
    return MAKERS[algorithm]()


def encoded(value: bytes) -> str:
    """A digest as S3 writes it."""
    return base64.b64encode(value).decode()


def mismatch(algorithm: str) -> AwsError:
    """What S3 says of a body that is not the one the client summed."""
    return AwsError(
        "BadDigest", f"The {algorithm.upper()} you specified did not match the calculated checksum."
    )


def wrong_kind(expected: str, actual: str | None) -> AwsError:
    """What S3 says of a checksum (or its type) that is not the one the upload was created with."""
    message = f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: "
    return AwsError("InvalidRequest", message + (actual or "null"))


def member(name: str) -> str:
    """A checksum's (or the type's) name inside XML: ``ChecksumCRC32``, ``ChecksumType``."""
    return "ChecksumType" if name == "type" else f"Checksum{name.upper()}"


def kind_of(algorithm: str, asked: str | None) -> str:
    """The type of a multipart upload's checksum: the asked one, or the algorithm's usual one.

    Raises:
        AwsError: InvalidRequest, when the algorithm cannot have that type.
    """
    kinds = KINDS.get(algorithm, (COMPOSITE,))
    if asked is None or asked in kinds:
        return asked or kinds[0]
    message = f"The {asked} checksum type cannot be used with the {algorithm} checksum algorithm."
    raise AwsError("InvalidRequest", message)


def of_parts(algorithm: str, parts: list[str]) -> str:
    """A multipart object's composite checksum: the checksum of its parts' checksums, and their number."""
    total = digest(algorithm)
    for part in parts:
        total.update(base64.b64decode(part))
    return f"{encoded(total.digest())}-{len(parts)}"


def joined(algorithm: str, parts: list[tuple[str, int]]) -> str:
    """A multipart object's full CRC, from its parts' CRCs and sizes."""
    total = base64.b64decode(parts[0][0])
    for part, size in parts[1:]:
        total = crc.combined(algorithm, total, base64.b64decode(part), size)
    return encoded(total)


def of_file(algorithm: str, path: Path) -> str:
    """The checksum of a whole file."""
    total = digest(algorithm)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            total.update(piece)
    return encoded(total.digest())
