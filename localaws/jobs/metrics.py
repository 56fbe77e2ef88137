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

    def line(self, text: str) -> None:
        """Look at one line; a match whose first group is no number is passed over."""
        for name, pattern in self._patterns:
            found = pattern.search(text)
            if found and pattern.groups:
                try:
                    self._found[name] = (float(found.group(1)), time.time())
                except (TypeError, ValueError):
                    continue

    def final(self) -> list[dict[str, Any]]:
        """The document ``FinalMetricDataList``."""
        return [
            {"MetricName": name, "Value": value, "Timestamp": moment}
            for name, (value, moment) in self._found.items()
        ]
