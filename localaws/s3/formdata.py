"""multipart/form-data read as it comes: the fields in front of the file, then the file's data in pieces."""

from __future__ import annotations

import io
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from email.policy import compat32

from localaws.errors import AwsError
from localaws.s3.files import PIECE

FIELDS_LIMIT = 20 << 10  # bytes of all fields in front of the file
HEAD_LIMIT = 8 << 10  # bytes of one part's headers


class FormData:
    """A form's body, read once from its beginning to the end of its file.

    Attributes:
        fields: The fields in front of the file, by name in lower case.
        file_name: What the browser calls the file; empty when it does not say.
        file_type: And the type it gives it.
    """

    def __init__(self, body: io.BufferedReader, content_type: str) -> None:
        head = Message()
        head["Content-Type"] = content_type
        boundary = head.get_boundary()
        if head.get_content_type() != "multipart/form-data" or not boundary:
            raise AwsError(
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
                412,
                Condition="Bucket POST must be of the enclosure-type multipart/form-data",
            )
        self._body = body
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        self._buffer = b"\r\n"  # so that the first delimiter is found like the others
        self.fields: dict[str, str] = {}
        self.file_name = self.file_type = ""
        self._read_fields()

    def data(self) -> Iterator[bytes]:
        """The file's data, in pieces."""
        yield from self._until(self._delimiter)

    def _read_fields(self) -> None:
        size = 0
        for _ in self._until(self._delimiter):
            pass
        while True:
            head = self._part_head()
            name = str(head.get_param("name", "", "content-disposition"))
            if name.lower() == "file":
                self.file_name = str(head.get_param("filename", "", "content-disposition"))
                self.file_type = head.get("Content-Type", "")
                return
            pieces = []
            for piece in self._until(self._delimiter):
                size += len(piece)
                if size > FIELDS_LIMIT:
                    message = "Your POST request fields preceding the upload file were too large."
                    raise AwsError("MaxPostPreDataLengthExceededError", message)
                pieces.append(piece)
            self.fields[name.lower()] = b"".join(pieces).decode(errors="replace")

    def _part_head(self) -> Message:
        while len(self._buffer) < 2 and (piece := self._body.read1(PIECE)):
            self._buffer += piece
        if self._buffer.startswith(b"--"):  # the form ends where the file should begin
            message = "POST requires exactly one file upload per request."
            raise AwsError("IncorrectNumberOfFilesInPostRequest", message)
        lines = b""
        for piece in self._until(b"\r\n\r\n"):
            lines += piece
            if len(lines) > HEAD_LIMIT:
                raise malformed()
        text = lines.decode(errors="replace")  # browsers send file names in UTF-8
        return Parser(policy=compat32).parsestr(text.lstrip("\r\n"), headersonly=True)

    def _until(self, end: bytes) -> Iterator[bytes]:
        """What comes before a sequence of bytes; the sequence is read past."""
        while True:
            before, found, behind = self._buffer.partition(end)
            if found:
                self._buffer = behind
                yield before
                return
            safe = max(0, len(self._buffer) - len(end) + 1)
            piece = self._body.read1(PIECE)
            if safe:
                yield self._buffer[:safe]
            self._buffer = self._buffer[safe:] + piece
            if not piece:
                raise malformed()


def malformed() -> AwsError:
    """What S3 says of a form it cannot read."""
    message = "The body of your POST request is not well-formed multipart/form-data."
    return AwsError("MalformedPOSTRequest", message)
