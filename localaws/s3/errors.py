"""S3's errors that carry headers, and those that several operations raise."""

from __future__ import annotations

from localaws.errors import AwsError


class S3Error(AwsError):
    """An error whose answer has headers of its own.

    Attributes:
        headers: The headers, for example ``{"x-amz-delete-marker": "true"}``.
    """

    def __init__(
        self, code: str, message: str, status: int, headers: dict[str, str] | None = None, **fields: object
    ) -> None:
        super().__init__(code, message, status, **fields)
        self.headers = headers or {}


def no_such_key(key: str, headers: dict[str, str] | None = None) -> S3Error:
    """What S3 says of a key that means no object now."""
    return S3Error("NoSuchKey", "The specified key does not exist.", 404, headers, Key=key)


def no_such_version(key: str, version: str) -> AwsError:
    """What S3 says of a version that does not exist."""
    message = "The specified version does not exist."
    return AwsError("NoSuchVersion", message, 404, Key=key, VersionId=version)


def not_implemented(what: str) -> AwsError:
    """The honest refusal of what is not there."""
    return AwsError("NotImplemented", f"localaws does not implement s3.{what}", 501)
