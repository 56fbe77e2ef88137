"""Conditional requests: If-Match and its relatives, for reading, writing and copying."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from localaws.errors import AwsError
from localaws.s3.errors import no_such_key
from localaws.s3.index import Expectation
from localaws.s3.rows import StoredObject
from localaws.wire import Request


class NotModified(Exception):
    """The caller has the object already: a 304 with these headers."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__("not modified")
        self.headers = headers or {}


def _has_etag(condition: str, item: StoredObject) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in condition.split(",")]
    return "*" in tags or item.etag in tags


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def check_read(request: Request, item: StoredObject, prefix: str = "") -> None:
    """Check what a GET or HEAD (or, with a header prefix, the source of a copy) demands of an object.

    Raises:
        NotModified: The object is the one the client has.
        AwsError: PreconditionFailed.
    """
    match, none_match, since, unchanged = (
        request.headers.get(prefix + name)
        for name in ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
    )
    modified = int(item.modified)
    if match is not None:
        if not _has_etag(match, item):
            raise failed(prefix + "If-Match")
    elif unchanged is not None and (moment := _moment(unchanged)) is not None and modified > moment:
        raise failed(prefix + "If-Unmodified-Since")
    if none_match is not None:
        if _has_etag(none_match, item):
            raise NotModified
    elif since is not None and (moment := _moment(since)) is not None and modified <= moment:
        raise NotModified


def write_expectation(request: Request) -> Expectation | None:
    """What a PUT demands of the object it replaces; checked in the step that publishes the new one.

    Raises:
        AwsError: NotImplemented for a condition S3 does not have.
    """
    match, none_match = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if match is None and none_match is None:
        return None
    if none_match not in (None, "*"):
        message = "A header you provided implies functionality that is not implemented"
        raise AwsError("NotImplemented", message, 501, Header="If-None-Match")

    def expect(old: StoredObject | None) -> None:
        if none_match and old is not None:
            raise failed("If-None-Match")
        if match is not None and old is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        if match is not None and old is not None and not _has_etag(match, old):
            raise failed("If-Match")

    return expect


def check_delete(match: str, key: str, item: StoredObject | None) -> None:
    """Check what a deletion demands of the object it removes.

    Raises:
        AwsError: NoSuchKey or PreconditionFailed.
    """
    if item is None:
        raise no_such_key(key)
    if not _has_etag(match, item):
        raise failed("If-Match")


def failed(condition: str) -> AwsError:
    """What S3 says of a condition that does not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return AwsError("PreconditionFailed", message, 412, Condition=condition)
