"""One HTTP exchange as plain values: what a service is asked and what it answers."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

from localaws.errors import AwsError

LINE_LIMIT = 1 << 16


class BodyStream(io.RawIOBase):
    """A request's body off the connection, ending where its framing says; never reads past it."""

    def __init__(self, stream: io.BufferedIOBase, headers: Message) -> None:
        self._stream = stream
        self._chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        length = headers.get("Content-Length") or "0"
        if not length.isdecimal():
            raise AwsError("InvalidArgument", f"Content-Length is not a number: {length!r}")
        self._left = 0 if self._chunked else int(length)
        self.finished = not self._chunked and not self._left

    def readable(self) -> bool:
        """Always: this is what it is for."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's Buffer has no len()
        """Fill the buffer as far as the body goes; 0 at its end."""
        if not self._left and self._chunked and not self.finished:
            self._next_chunk()
        if self.finished:
            return 0
        count = self._stream.readinto(memoryview(buffer)[: self._left])
        if not count:
            raise AwsError("IncompleteBody", "The request body ended before its announced length.")
        self._left -= count
        if not self._left:
            if self._chunked:
                self._stream.readline(LINE_LIMIT)
            else:
                self.finished = True
        return int(count)

    def _next_chunk(self) -> None:
        size = self._stream.readline(LINE_LIMIT).split(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError:
            raise AwsError("IncompleteBody", f"not a chunk size: {size[:40]!r}") from None
        if not self._left:
            while self._stream.readline(LINE_LIMIT).strip():
                pass
            self.finished = True

    def drain(self, limit: int) -> bool:
        """Read the rest away, up to a limit, so that the connection can be used again; whether it can."""
        buffer = memoryview(bytearray(1 << 16))
        while not self.finished and limit > 0:
            limit -= self.readinto(buffer)
        return self.finished


@dataclass(frozen=True)
class Request:
    """One request. ``path`` is still percent-encoded; ``query`` is decoded, the last of equal names wins.

    ``query_string`` is the query as it came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: io.BufferedReader
    query_string: str = ""

    @classmethod
    def read(
        cls, method: str, target: str, headers: Message, stream: io.BufferedIOBase
    ) -> tuple[Request, BodyStream]:
        """The request whose head has been read; and its raw body, to drain."""
        parts = urlsplit(
            target if target.startswith("/") else "/" + target.partition("://")[2].partition("/")[2]
        )
        if target.startswith("//"):  # a key may begin with a slash; urlsplit takes the rest for a host
            path, _, query = target.partition("?")
        else:
            path, query = parts.path, parts.query
        raw = BodyStream(stream, headers)
        pairs = dict(parse_qsl(query, keep_blank_values=True))
        return cls(method, path, pairs, headers, io.BufferedReader(raw, 1 << 16), query), raw


@dataclass(frozen=True)
class FileRange:
    """A part of a file as an answer's body; open since the answer was made, so a deletion cannot spoil it."""

    file: BinaryIO
    start: int
    length: int

    @classmethod
    def of(cls, path: Path, start: int, length: int) -> FileRange:
        """A part of the file at a path."""
        return cls(path.open("rb"), start, length)


@dataclass
class Response:
    """One answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | FileRange = b""

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.body.length if isinstance(self.body, FileRange) else len(self.body)
