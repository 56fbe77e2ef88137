"""RecordIO's frames: a magic number, a length, a record, zeros up to four bytes. Standard library only.

Source: Apache MXNet's RecordIO, as in AWS's documentation of common data formats for training.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = 0xCED7230A
HEADER = struct.Struct("<II")


def frames(data: bytes) -> Iterator[bytes]:
    """The frames of a file as they are, each with its header and its zeros.

    Raises:
        ValueError: The bytes are no such frames.
    """
    position = 0
    while position < len(data):
        if len(data) - position < HEADER.size:
            raise ValueError(f"the RecordIO header at byte {position} is cut off")
        magic, length = HEADER.unpack_from(data, position)
        if magic != MAGIC:
            raise ValueError(f"no RecordIO header at byte {position}: found {magic:#010x}, not {MAGIC:#x}")
        end = position + HEADER.size + length
        if end > len(data):
            raise ValueError(f"the RecordIO record at byte {position} is cut off")
        end += -length % 4
        yield data[position:end]
        position = end


def framed(record: bytes) -> bytes:
    """A record in its frame."""
    return HEADER.pack(MAGIC, len(record)) + record + bytes(-len(record) % 4)


def unframed(frame: bytes) -> bytes:
    """The record of a frame."""
    return frame[HEADER.size : HEADER.size + HEADER.unpack_from(frame)[1]]
