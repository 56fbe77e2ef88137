"""What CloudWatch's requests have in common: their refusals, moments, dimensions, periods, page tokens."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from localaws.cloudwatch.metrics import Series
from localaws.errors import AwsError

SHORT_PERIODS = (1, 5, 10, 20, 30)


def invalid(message: str) -> AwsError:
    """CloudWatch's answer to a request whose members make no sense together."""
    return AwsError("ValidationError", message)


def invalid_value(message: str) -> AwsError:
    """The answer to a value that is none of those allowed."""
    return AwsError("InvalidParameterValue", message)


def not_implemented(what: str) -> AwsError:
    """The answer to what CloudWatch can do and this endpoint cannot."""
    return AwsError("NotImplemented", f"localaws does not implement {what}", 501)


def moment(value: float | str) -> float:
    """Epoch seconds of a timestamp: a number in JSON, ISO 8601 in a form.

    Raises:
        AwsError: It is neither.
    """
    if not isinstance(value, str):
        return float(value)
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        raise AwsError("MalformedInput", f"not a timestamp: {value!r}") from None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()


def iso(seconds: float) -> str:
    """A moment as CloudWatch writes it into reasons and histories."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def series_of(metric: dict[str, Any]) -> Series:
    """The series that Namespace, MetricName and Dimensions of a request name."""
    pairs = {entry["Name"]: entry["Value"] for entry in metric.get("Dimensions", [])}
    return Series.of(metric["Namespace"], metric["MetricName"], pairs)


def described(series: Series) -> dict[str, Any]:
    """A series as an answer names it."""
    return {
        "Namespace": series.namespace,
        "MetricName": series.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
    }


def check_period(period: int, name: str = "Period") -> None:
    """Refuse a period that CloudWatch does not have.

    Raises:
        AwsError: It is neither short nor a multiple of a minute.
    """
    if period not in SHORT_PERIODS and period % 60:
        raise invalid_value(
            f"The parameter {name} must be 1, 5, 10, 20, 30 or a multiple of 60 seconds, got {period}."
        )


def page(items: list[Any], request: dict[str, Any], size: int) -> tuple[list[Any], str | None]:
    """A page of items and the token of the next.

    Raises:
        AwsError: The request's NextToken is not one of ours.
    """
    try:
        start = int(base64.urlsafe_b64decode(request["NextToken"])) if "NextToken" in request else 0
    except ValueError:
        raise AwsError("InvalidNextToken", "The NextToken is not one this endpoint gave") from None
    end = start + size
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if len(items) > end else None
    return items[start:end], token
