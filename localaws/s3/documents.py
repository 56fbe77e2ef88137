"""S3's XML, both ways: documents out of plain values, and request bodies read with care."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from xml.etree import ElementTree

from localaws.errors import AwsError
from localaws.s3.errors import S3Error
from localaws.s3.rows import StoredObject
from localaws.wire import Request, Response

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
BODY_LIMIT = 8 << 20  # bytes; 10,000 parts with checksums take two
SPECIAL = re.compile(r"[&<>\x00-\x1f]")
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{chr(code): f"&#x{code:X};" for code in range(32)}}

Node = str | int | bool | list["Element"] | None
Element = tuple[str, Node]


def render(root: str, *children: Element) -> bytes:
    """A document; None leaves an element out, a list nests, and equal names may repeat.

    A name may be followed by attributes.
    """
    return f'{DECLARATION}<{root} xmlns="{NAMESPACE}">{_inner(children)}</{root}>'.encode()


def _inner(children: list[Element] | tuple[Element, ...]) -> str:
    return "".join(
        f"<{tag}>{_text(value)}</{tag.partition(' ')[0]}>" for tag, value in children if value is not None
    )


def _text(value: Node) -> str:
    if isinstance(value, list):
        return _inner(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return SPECIAL.sub(lambda found: ESCAPES[found[0]], str(value))


def answer(root: str, *children: Element, headers: dict[str, str] | None = None) -> Response:
    """A document as an answer."""
    return Response(200, {"Content-Type": "application/xml", **(headers or {})}, render(root, *children))


def stored(item: StoredObject) -> list[Element]:
    """What every listing says of an object's data."""
    return [
        ("ETag", f'"{item.etag}"'),
        *[("ChecksumAlgorithm", name.upper()) for name in item.checksums if name != "type"],
        ("ChecksumType", item.checksums.get("type")),
        ("Size", item.size),
        ("StorageClass", item.headers.get("x-amz-storage-class", "STANDARD")),
    ]


def error(failure: AwsError, resource: str) -> Response:
    """An error in S3's form."""
    request_id = uuid.uuid4().hex[:16].upper()
    children: list[Element] = [("Code", failure.code), ("Message", failure.message)]
    children += [(name, str(value)) for name, value in failure.fields.items()]
    children += [("Resource", resource), ("RequestId", request_id), ("HostId", "localaws")]
    body = f"{DECLARATION}<Error>{_inner(children)}</Error>".encode()
    headers = {"Content-Type": "application/xml", "x-amz-request-id": request_id}
    if isinstance(failure, S3Error):
        headers |= failure.headers
    return Response(failure.status, headers, body)


def parse(request: Request) -> ElementTree.Element:
    """The request's body as a tree without namespaces.

    Raises:
        AwsError: MalformedXML.
    """
    return parse_bytes(request.body.read(BODY_LIMIT))


def parse_bytes(body: bytes) -> ElementTree.Element:
    """A document as a tree without namespaces; documents that declare entities are refused."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise malformed()
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # no entities, see above
    except ElementTree.ParseError as problem:
        raise malformed() from problem
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def malformed() -> AwsError:
    """What S3 says of a body it cannot read."""
    return AwsError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def iso(moment: float) -> str:
    """S3's form of a time: ``2026-08-01T12:00:00.000Z``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
