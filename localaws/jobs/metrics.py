"""Metrics read off a job's log lines by the request's regular expressions."""

from __future__ import annotations

import re
import time
from typing import Any

from localaws.errors import AwsError


class MetricScanner:
    """Keeps the last value each metric definition found.

    Args:
        definitions: The request's ``MetricDefinitions``.

    Raises:
        AwsError: A definition's ``Regex`` is not a regular expression.
    """

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        self._found: dict[str, tuple[float, float]] = {}
        for definition in definitions:
            try:
                self._patterns.append((definition["Name"], re.compile(definition["Regex"])))
            except re.error as error:
                raise AwsError(
                    "ValidationException",
                    f"the Regex of metric definition {definition['Name']!r} cannot be compiled: {error}",
                ) from error

    def line(self, text: str) -> list[tuple[str, float]]:
        """The names and values found in one line; a match whose first group is no number is passed over."""
        values = []
        for name, pattern in self._patterns:
            found = pattern.search(text)
            if found and pattern.groups:
                try:
                    value = float(found.group(1))
                except (TypeError, ValueError):
                    continue
                self._found[name] = (value, time.time())
                values.append((name, value))
        return values

    def final(self) -> list[dict[str, Any]]:
        """The document ``FinalMetricDataList``."""
        return [
            {"MetricName": name, "Value": value, "Timestamp": moment}
            for name, (value, moment) in self._found.items()
        ]
