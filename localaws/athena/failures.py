"""Why a query failed, in Athena's words: the reason, and the numbers of the AthenaError."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SYSTEM, USER = 1, 2
ANSI = re.compile(r"\x1b\[[0-9;]*m")

# ErrorType by the word a reason begins with, as measured on Athena where known; 1000 is its plain user error.
ERROR_TYPES = {
    "TYPE_MISMATCH": 1002,
    "SYNTAX_ERROR": 1006,
    "COLUMN_NOT_FOUND": 1006,
    "MISSING_COLUMN_NAME": 1100,
    "INVALID_FUNCTION_ARGUMENT": 1106,
    "TABLE_ALREADY_EXISTS": 1110,
    "NOT_SUPPORTED": 1200,
    "TABLE_NOT_FOUND": 1301,
    "SCHEMA_NOT_FOUND": 1301,
    "GENERIC_INTERNAL_ERROR": 200,
}


@dataclass
class QueryFailed(Exception):
    """A query came to a bad end.

    Attributes:
        reason: The StateChangeReason.
        category: 1 for the system's fault, 2 for the user's.
        error_type: The number in AthenaError; 0 takes it from the reason's first word.
        retryable: Whether to run it again may help.
    """

    reason: str
    category: int = USER
    error_type: int = 0
    retryable: bool = False

    def __post_init__(self) -> None:
        self.reason = ANSI.sub("", self.reason)[:4000]

    @property
    def hive(self) -> bool:
        """Whether Hive, not the engine, failed: then the reason is the statement's result too."""
        return self.reason.startswith("FAILED:")

    def athena_error(self) -> dict[str, Any]:
        """The AthenaError member of the query's status."""
        word = self.reason.partition(":")[0]
        return {
            "ErrorCategory": self.category,
            "ErrorType": self.error_type or ERROR_TYPES.get(word, 1000),
            "Retryable": self.retryable,
            "ErrorMessage": self.reason,
        }


class QueryCancelled(Exception):
    """The query was stopped while it ran."""


def refused(what: str) -> QueryFailed:
    """The failure of a query that asks for what is not served here."""
    return QueryFailed(f"NOT_SUPPORTED: localaws does not run {what}")


def hive_failure(text: str, *, category: int = USER, error_type: int = 1006) -> QueryFailed:
    """The failure of a statement Athena hands to Hive: its reasons begin with ``FAILED:``."""
    return QueryFailed(f"FAILED: {text}", category=category, error_type=error_type)
