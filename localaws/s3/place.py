"""What an S3 request is about: its bucket, its key, and the checks every request passes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import unquote

from localaws.errors import AwsError
from localaws.wire import Request

KEY_LIMIT = 1024  # bytes in UTF-8


@dataclass(frozen=True)
class Place:
    """A bucket and a key; either may be empty."""

    bucket: str
    key: str

    @classmethod
    def of(cls, request: Request) -> Place:
        """The place a request names: ``/bucket/key``, or ``/key`` at a host like ``bucket.localhost``.

        Raises:
            AwsError: KeyTooLongError, or a path that is not UTF-8.
        """
        try:
            path = unquote(request.path, errors="strict")[1:]
        except UnicodeDecodeError:
            raise AwsError("InvalidURI", "Couldn't parse the specified URI.") from None
        bucket = _bucket_of_host(request.headers.get("Host", ""))
        if bucket is None:
            bucket, _, path = path.partition("/")
        if len(path.encode()) > KEY_LIMIT:
            raise AwsError(
                "KeyTooLongError", "Your key is too long", MaxSizeAllowed=KEY_LIMIT, Size=len(path.encode())
            )
        return cls(bucket, path)


def _bucket_of_host(host: str) -> str | None:
    """The bucket in front of a host that is this machine; None for path-style addresses."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    bucket, dot, _ = name.rpartition(".localhost")
    if dot:
        return bucket.removesuffix(".s3") if bucket != "s3" else None
    pieces = name.rsplit(".", 4)
    if len(pieces) == 5 and _is_address(".".join(pieces[1:])):
        return pieces[0]
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def check_owner(request: Request, account: str) -> None:
    """Refuse a request that expects another owner of the bucket than the one account there is."""
    for header in ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"):
        if request.headers.get(header, account) != account:
            raise AwsError("AccessDenied", "Access Denied", 403)
