"""The headers an S3 object keeps from its upload and gives back: system headers, user metadata, tags."""

from __future__ import annotations

from email.header import Header, decode_header, make_header
from email.message import Message
from email.utils import formatdate
from urllib.parse import parse_qsl

from localaws.errors import AwsError
from localaws.s3 import checksums
from localaws.s3.rows import StoredObject
from localaws.wire import Request

META = "x-amz-meta-"
METADATA_LIMIT = 2048  # bytes, names and values
KEPT = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Type",
    "Expires",
    "x-amz-website-redirect-location",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
)
OVERRIDES = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Type",
    "Expires",
)
NOT_COPIED = (  # a copy has its own, or the usual ones
    "x-amz-website-redirect-location",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
)
CLASSES = ("STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY")
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")


def system_headers(request: Request) -> dict[str, str]:
    """The system headers of an upload, as they will be given back.

    Raises:
        AwsError: For what cannot be kept honestly: archives, customer keys, object locks.
    """
    headers = request.headers
    storage = headers.get("x-amz-storage-class", "STANDARD")
    if storage not in CLASSES + ARCHIVES:
        raise AwsError("InvalidStorageClass", "The storage class you specified is not valid")
    if storage in ARCHIVES:
        raise AwsError(
            "NotImplemented", "localaws does not implement s3 storage classes that need a restore", 501
        )
    if "x-amz-server-side-encryption-customer-algorithm" in headers:
        raise AwsError("NotImplemented", "localaws does not implement s3 encryption with customer keys", 501)
    if "x-amz-write-offset-bytes" in headers:
        message = "A header you provided implies functionality that is not implemented"
        raise AwsError("NotImplemented", message, 501, Header="x-amz-write-offset-bytes")
    if "x-amz-object-lock-mode" in headers or "x-amz-object-lock-legal-hold" in headers:
        raise AwsError("InvalidRequest", "Bucket is missing Object Lock Configuration")
    kept = {name: value for name in KEPT if (value := headers.get(name))}
    encodings = [name.strip() for name in kept.pop("Content-Encoding", "").split(",")]
    encoding = ",".join(name for name in encodings if name and name != "aws-chunked")
    if encoding:
        kept["Content-Encoding"] = encoding
    if kept.get("x-amz-storage-class") == "STANDARD":
        del kept["x-amz-storage-class"]
    return kept


def user_metadata(headers: Message) -> dict[str, str]:
    """The ``x-amz-meta-`` headers by name, without the prefix, in lower case.

    Raises:
        AwsError: MetadataTooLarge.
    """
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name.lower().startswith(META):
            key = name.lower().removeprefix(META)
            found[key] = f"{found[key]},{_text(value)}" if key in found else _text(value)
    size = sum(len(key) + len(value.encode()) for key, value in found.items())
    if size > METADATA_LIMIT:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise AwsError("MetadataTooLarge", message, MaxSizeAllowed=METADATA_LIMIT, Size=size)
    return found


def _text(value: str) -> str:
    """A header's value; RFC 2047 words and raw UTF-8 are decoded, as S3 does."""
    if value.isascii():
        return str(make_header(decode_header(value))) if "=?" in value else value
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value


def tags(request: Request) -> dict[str, str]:
    """The tags of an upload's ``x-amz-tagging`` header."""
    return dict(check_tags(parse_qsl(request.headers.get("x-amz-tagging", ""), keep_blank_values=True)))


def check_tags(pairs: list[tuple[str, str]], limit: int = 10) -> list[tuple[str, str]]:
    """Tags as given, when S3 would take them.

    Raises:
        AwsError: BadRequest or InvalidTag.
    """
    if len(pairs) > limit:
        raise AwsError("BadRequest", f"Object tags cannot be greater than {limit}")
    if len({key for key, _ in pairs}) != len(pairs):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if any(not key or len(key) > 128 for key, _ in pairs):
        raise AwsError("InvalidTag", "The TagKey you have provided is invalid")
    if any(len(value) > 256 for _, value in pairs):
        raise AwsError("InvalidTag", "The TagValue you have provided is invalid")
    return pairs


def of_object(item: StoredObject, request: Request) -> dict[str, str]:
    """The headers of a GET or HEAD of an object; ``response-content-type`` and its like replace some."""
    headers = {
        "Last-Modified": formatdate(int(item.modified), usegmt=True),
        "ETag": f'"{item.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "binary/octet-stream",
        **item.headers,
    }
    headers.setdefault("x-amz-server-side-encryption", "AES256")
    for name, value in item.metadata.items():
        headers[META + name] = value if value.isascii() else _encoded_word(value)
    if item.tags:
        headers["x-amz-tagging-count"] = str(len(item.tags))
    if wants_checksums(request):
        headers |= checksum_headers(item.checksums)
    for name in OVERRIDES:
        override = request.query.get(f"response-{name.lower()}")
        if override is not None:
            headers[name] = override
    return headers


def wants_checksums(request: Request) -> bool:
    """Whether a reader asks for an object's checksum."""
    return request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"


def _encoded_word(value: str) -> str:
    return Header(value, "utf-8", maxlinelen=10_000).encode()


def checksum_headers(sums: dict[str, str]) -> dict[str, str]:
    """An object's checksums as headers."""
    return {checksums.PREFIX + name: value for name, value in sums.items()}
