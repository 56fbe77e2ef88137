"""Event times: the two forms a record may give them in, as microseconds since 1970."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3}))?Z", re.ASCII)
LAST_SECOND = 253_402_300_799  # of the year 9999, the last that has a folder of four digits


def microseconds(text: str, feature_type: str) -> int:
    """The moment an event time means.

    Args:
        text: ``yyyy-MM-dd'T'HH:mm:ssZ`` or ``yyyy-MM-dd'T'HH:mm:ss.SSSZ`` of a String feature; seconds since
            1970 of a Fractional one.
        feature_type: The event time feature's.

    Raises:
        ValueError: It is in neither form, or no date.
    """
    if feature_type == "Fractional":
        seconds = float(text)
        if not (math.isfinite(seconds) and 0 <= seconds <= LAST_SECOND):
            raise ValueError(f"{text} is not a number of seconds between 1970 and the year 9999")
        return round(seconds * 1_000_000)
    found = ISO.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not in the form yyyy-MM-dd'T'HH:mm:ssZ or yyyy-MM-dd'T'HH:mm:ss.SSSZ")
    whole = datetime.fromisoformat(found[1] + "+00:00")
    return (whole - EPOCH) // timedelta(microseconds=1) + int(found[2] or 0) * 1000


def moment(event: int) -> datetime:
    """The moment of so many microseconds, in UTC."""
    return EPOCH + timedelta(microseconds=event)


def iso(event: int) -> str:
    """A moment as Feature Store writes it; with milliseconds where it has some."""
    when = moment(event)
    precision = "milliseconds" if when.microsecond else "seconds"
    return when.isoformat(timespec=precision).replace("+00:00", "Z")
