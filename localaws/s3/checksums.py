"""S3's additional checksums: CRC32, SHA-1 and SHA-256 are computed, others kept as the client gave them."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Protocol

from localaws.errors import AwsError
from localaws.s3.files import PIECE

PREFIX = "x-amz-checksum-"
COMPUTED = ("crc32", "sha1", "sha256")
KNOWN = (*COMPUTED, "crc32c", "crc64nvme")  # the last two have no quick form in the standard library


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


class Digest(Protocol):
    """A running digest, one of hashlib's or ours."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def digest(self) -> bytes:
        """The digest so far."""


def digest(algorithm: str) -> Digest:
    """A new digest of one of the computed algorithms."""
    makers: dict[str, Callable[[], Digest]] = {
        "crc32": Crc32,
        "sha1": lambda: hashlib.sha1(usedforsecurity=False),
        "sha256": hashlib.sha256,
    }
    return makers[algorithm]()


def given(headers: Message | dict[str, str]) -> dict[str, str]:
    """The checksums a client sent, by algorithm, in base64."""
    found = {name: headers.get(PREFIX + name) for name in KNOWN}
    return {name: value for name, value in found.items() if value}


def encoded(value: bytes) -> str:
    """A digest as S3 writes it."""
    return base64.b64encode(value).decode()


def mismatch(algorithm: str) -> AwsError:
    """What S3 says of a body that is not the one the client summed."""
    return AwsError(
        "BadDigest", f"The {algorithm.upper()} you specified did not match the calculated checksum."
    )


def member(name: str) -> str:
    """A checksum's (or the type's) name inside XML: ``ChecksumCRC32``, ``ChecksumType``."""
    return "ChecksumType" if name == "type" else f"Checksum{name.upper()}"


def of_parts(algorithm: str, parts: list[str]) -> str:
    """A multipart object's composite checksum: the checksum of its parts' checksums, and their number."""
    total = digest(algorithm)
    for part in parts:
        total.update(base64.b64decode(part))
    return f"{encoded(total.digest())}-{len(parts)}"


def of_file(algorithm: str, path: Path) -> str:
    """The checksum of a whole file."""
    total = digest(algorithm)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            total.update(piece)
    return encoded(total.digest())
