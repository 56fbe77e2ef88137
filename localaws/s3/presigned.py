"""Presigned URLs: good until their time is over. Signatures are not checked, here or anywhere."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from localaws.errors import AwsError
from localaws.s3.documents import iso
from localaws.wire import Request

WEEK_SECONDS = 604_800


def check_expiry(request: Request) -> None:
    """Refuse a presigned request whose time is over, or that never had a right one.

    Raises:
        AwsError: AccessDenied or AuthorizationQueryParametersError.
    """
    query = request.query
    if "Expires" in query and "Signature" in query:  # signature version 2
        end = _number(query["Expires"])
    elif "X-Amz-Expires" in query:
        seconds = _number(query["X-Amz-Expires"])
        if not 0 < seconds <= WEEK_SECONDS:
            raise _wrong("X-Amz-Expires must be between 1 and a week (in seconds)")
        try:
            signed = datetime.strptime(query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise _wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"") from None
        end = signed.timestamp() + seconds
    else:
        return
    if time.time() > end:
        raise AwsError(
            "AccessDenied", "Request has expired", 403, Expires=iso(end), ServerTime=iso(time.time())
        )


def _number(text: str) -> float:
    if not text.isdecimal():
        raise _wrong(f"not a number of seconds: {text!r}")
    return float(text)


def _wrong(message: str) -> AwsError:
    return AwsError("AuthorizationQueryParametersError", message)
