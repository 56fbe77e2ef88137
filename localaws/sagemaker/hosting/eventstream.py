"""The wire form of an event stream: messages with headers and checksums.

Source: the event stream encoding of the AWS SDKs ("Amazon Event Stream", big-endian, CRC-32).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

PART = 65_536  # bytes of an answer in one event
STRING = 7  # the type of a header's value
CONTENT_TYPE = "application/vnd.amazon.eventstream"


def payload_parts(body: bytes) -> bytes:
    """A body as ``PayloadPart`` events, in their order."""
    headers = {
        ":message-type": "event",
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
    }
    return b"".join(message(headers, body[start : start + PART]) for start in range(0, len(body), PART))


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message: lengths, their checksum, headers, payload, the checksum of it all."""
    head = b"".join(
        bytes([len(name)]) + name.encode() + struct.pack(">BH", STRING, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return checked + struct.pack(">I", zlib.crc32(checked))
