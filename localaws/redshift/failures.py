"""Why a statement failed, in Redshift's words, and DuckDB's errors put into them."""

from __future__ import annotations

import re

import duckdb

ANSI = re.compile(r"\x1b\[[0-9;]*m")
SERIALIZABLE = "1023 DETAIL: Serializable isolation violation on table in Redshift"
RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r'Table with name "?[^"\s]+"? does not exist because schema "(?P<n>[^"]+)"'),
        'schema "{n}" does not exist',
    ),
    (
        re.compile(r'(?:Table|View) with name "?(?P<n>[^"\s]+)"? does not exist'),
        'relation "{n}" does not exist',
    ),
    (re.compile(r'Schema with name "?(?P<n>[^"\s]+)"? does not exist'), 'schema "{n}" does not exist'),
    (re.compile(r'Schema with name "?(?P<n>[^"\s]+)"? already exists'), 'schema "{n}" already exists'),
    (
        re.compile(r'(?:Table|View) with name "?(?P<n>[^"\s]+)"? already exists'),
        'Relation "{n}" already exists',
    ),
    (re.compile(r'Referenced column "(?P<n>[^"]+)" not found'), 'column "{n}" does not exist'),
    (
        re.compile(r'Table "(?P<t>[^"]+)" does not have a column named "(?P<n>[^"]+)"'),
        "column {t}.{n} does not exist",
    ),
    (
        re.compile(r'(?:have|contain) a column (?:named|with name) "(?P<n>[^"]+)"'),
        'column "{n}" does not exist',
    ),
    (
        re.compile(r'Column with name "?(?P<n>[^"\s]+)"? already exists'),
        'column "{n}" of relation already exists',
    ),
    (
        re.compile(r'Referenced table "(?P<n>[^"]+)" not found'),
        'invalid reference to FROM-clause entry for table "{n}"',
    ),
    (re.compile(r'Ambiguous reference to column name "(?P<n>[^"]+)"'), 'column reference "{n}" is ambiguous'),
    (
        re.compile(r'column "(?P<n>[^"]+)" must appear in the GROUP BY'),
        'column "{n}" must appear in the GROUP BY clause or be used in an aggregate function',
    ),
    (re.compile(r"WHERE clause cannot contain aggregates"), "aggregates not allowed in WHERE clause"),
    (
        re.compile(r"NOT NULL constraint failed: \w+\.(?P<n>\w+)"),
        "Cannot insert a NULL value into column {n}",
    ),
    (
        re.compile(r"has \d+ columns but \d+ values were supplied"),
        "INSERT has more expressions than target columns",
    ),
    (re.compile(r"Divide by zero"), "Divide by zero"),
    (
        re.compile(r"Could not convert string '(?P<v>.*?)' to '?(?:U?INT|HUGEINT|INT128)", re.DOTALL),
        'invalid input syntax for integer: "{v}"',
    ),
    (
        re.compile(r"Could not convert string '(?P<v>.*?)' to '?(?:DOUBLE|FLOAT)", re.DOTALL),
        'invalid input syntax for type double precision: "{v}"',
    ),
    (
        re.compile(r"Could not convert string [\"'](?P<v>.*?)[\"'] to DECIMAL", re.DOTALL),
        'invalid input syntax for type numeric: "{v}"',
    ),
    (
        re.compile(r'invalid (?P<k>date|timestamp) field format: "(?P<v>.*?)"', re.DOTALL),
        'invalid input syntax for type {k}: "{v}"',
    ),
    (re.compile(r"value is out of range for the destination type INT"), "Value out of range for integer"),
    (re.compile(r"Overflow in|Out of Range"), "Numeric data overflow (result precision)"),
    (
        re.compile(r"More than one row returned by a subquery"),
        "single-row subquery returns more than one row",
    ),
    (re.compile(r"Conflict on|transaction conflict|has been altered", re.IGNORECASE), SERIALIZABLE),
    (
        re.compile(r"Cannot drop entry \"(?P<n>[^\"]+)\""),
        "cannot drop {n} because other objects depend on it",
    ),
)


class StatementFailed(Exception):
    """A statement came to a bad end.

    Attributes:
        reason: What DescribeStatement says in ``Error``.
    """

    def __init__(self, message: str, position: int | None = None, *, part: int = 0) -> None:
        place = f"\n  Position: {position}" if position is not None else ""
        start = f"Query #{part} failed with " if part else ""
        self.reason = f"{start}ERROR: {ANSI.sub('', message)[:4000]}{place}"
        super().__init__(self.reason)


class StatementCancelled(Exception):
    """The statement was stopped while it ran."""


def refused(what: str) -> StatementFailed:
    """The failure of a statement that asks for what is not served here."""
    return StatementFailed(f"localaws does not run {what}")


def syntax_error(word: str, position: int) -> StatementFailed:
    """The failure of a statement that does not parse at a word (empty: at its end)."""
    if not word:
        return StatementFailed("syntax error at end of input", position)
    return StatementFailed(f'syntax error at or near "{word}"', position)


def translated(error: duckdb.Error) -> StatementFailed:
    """What Redshift would say of an error DuckDB met."""
    text = ANSI.sub("", str(error))
    for pattern, words in RULES:
        if match := pattern.search(text):
            return StatementFailed(words.format(**match.groupdict()))
    first = re.split(r"\n\s*\n|\nLINE ", text, maxsplit=1)[0].replace("\n", " ").strip()
    return StatementFailed(first.partition(": ")[2] or first)
