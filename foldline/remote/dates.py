"""AWS's own clock, as the Date header of its answers tells it; this machine's may be wrong."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Any

EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


def answered_at(answer: dict[str, Any]) -> dt.datetime:
    """When AWS gave a boto3 answer, to the second; the epoch when the answer does not say."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date) if date else EPOCH


def seconds_since(moment: dt.datetime, answer: dict[str, Any]) -> float:
    """Seconds from ``moment`` until AWS gave ``answer``; 0 when it gave it earlier, or does not say."""
    return max(0.0, (answered_at(answer) - moment).total_seconds())
