"""Records of a batch transform: an object split, packed into payloads, and its answers put together again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from localaws.algorithms.frames import frames
from localaws.jobs.failure import JobFailure

MIB = 1 << 20


@dataclass(frozen=True)
class Batch:
    """Consecutive records of an object that go to the model in one request.

    Attributes:
        first: Number of its first record, from 0.
        records: What each holds, as the model gets them.
        separator: What is between them.
    """

    first: int
    records: list[bytes]
    separator: bytes = b"\n"

    @property
    def payload(self) -> bytes:
        """The body of the request."""
        return self.separator.join(self.records)

    @property
    def last(self) -> int:
        """Number of its last record."""
        return self.first + len(self.records) - 1


def split(data: bytes, split_type: str) -> list[bytes]:
    """The records of an object: its lines, its RecordIO frames, or itself.

    Raises:
        JobFailure: It is not RecordIO.
    """
    if split_type == "RecordIO":
        try:
            return list(frames(data))
        except ValueError as error:
            raise JobFailure("ClientError", f"SplitType is RecordIO, but {error}") from error
    if split_type != "Line":
        return [data]
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def batches(
    records: list[bytes], *, several: bool, max_bytes: int, separator: bytes = b"\n"
) -> Iterator[Batch]:
    """Pack records into payloads: one each, or as many as fit.

    Args:
        records: In order.
        several: Whether a payload may hold more than one.
        max_bytes: Of a payload; 0 is without bound.
        separator: What a payload has between records.

    Raises:
        JobFailure: A record alone is larger.
    """
    first, size = 0, 0
    for number, record in enumerate(records):
        if max_bytes and len(record) > max_bytes:
            raise JobFailure(
                "ClientError",
                f"record {number + 1} has {len(record)} bytes, more than MaxPayloadInMB ({max_bytes // MIB})",
            )
        full = max_bytes and size + len(record) > max_bytes
        if number > first and (not several or full):
            yield Batch(first, records[first:number], separator)
            first, size = number, 0
        size += len(record) + len(separator)
    if first < len(records):
        yield Batch(first, records[first:], separator)


def assemble(parts: list[bytes], assemble_with: str) -> bytes:
    """The output object: the parts one after the other, each on lines of its own if asked."""
    if assemble_with != "Line":
        return b"".join(parts)
    return b"".join(part.removesuffix(b"\n") + b"\n" for part in parts)
