"""Glue's CSV classifier: delimiter, header and types off the beginning of a file.

The rules are the documented ones. A delimiter is one that cuts every record into the same number (two or
more) of columns. A first line is a header when all its values are strings and some later column is not; a
file that holds nothing but strings has no header as far as Glue can tell, and its columns are called
``col0``, ``col1`` … unless a custom classifier says that there is one. Types are bigint, double, boolean and
string: dates stay strings, and so does a numeric column with ``NA`` in it.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

from localaws.glue.schema import Schema

DELIMITERS = (",", "|", "\t", ";", "\x01")
RECORDS = 1000  # Glue reads this many records, or one megabyte, whichever comes first
INTEGER = re.compile(r"[-+]?\d{1,19}")
DOUBLE = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class CsvRules:
    """What a custom classifier lays down; the defaults are the built-in classifier's.

    Attributes:
        delimiter: The one delimiter to try; None tries the usual ones.
        quote: The quote symbol.
        contains_header: ``PRESENT``, ``ABSENT`` or ``UNKNOWN`` (look).
        header: Names to use instead of the file's.
        trim: Look at values without the blanks around them.
        single_column: Take files of one column too.
        serde: The SerDe to write into the table, by Glue's word; empty for the usual one.
    """

    delimiter: str | None = None
    quote: str = '"'
    contains_header: str = "UNKNOWN"
    header: tuple[str, ...] = ()
    trim: bool = True
    single_column: bool = False
    serde: str = ""

    @classmethod
    def of(cls, classifier: dict[str, Any]) -> CsvRules:
        """The rules in a stored ``CsvClassifier``."""
        serde = classifier.get("Serde", "None")
        return cls(
            delimiter=classifier.get("Delimiter"),
            quote=classifier.get("QuoteSymbol") or '"',
            contains_header=classifier.get("ContainsHeader") or "UNKNOWN",
            header=tuple(classifier.get("Header") or ()),
            trim=not classifier.get("DisableValueTrimming", False),
            single_column=classifier.get("AllowSingleColumn", False),
            serde="" if serde == "None" else serde,
        )


def csv_schema(text: str, rules: CsvRules | None = None) -> Schema | None:
    """The schema of a CSV file.

    Args:
        text: The beginning of the file, whole lines.
        rules: A custom classifier's rules.

    Returns:
        None when it is not CSV by these rules.
    """
    rules = rules or CsvRules()
    cut = _cut(text, rules)
    if cut is None:
        return None
    delimiter, rows = cut
    header = _has_header(rows, rules)
    names = rules.header or (_names(rows[0]) if header else tuple(f"col{n}" for n in range(len(rows[0]))))
    if len(names) != len(rows[0]):
        return None
    types = _types(rows[1:] if header else rows, len(names), rules)
    return Schema(
        "csv",
        columns=tuple(zip((name.lower() for name in names), types, strict=True)),
        delimiter=delimiter,
        header=header,
        quoted=rules.quote in text,
        quote=rules.quote,
        serde=rules.serde,
    )


def _cut(text: str, rules: CsvRules) -> tuple[str, list[list[str]]] | None:
    """The delimiter that cuts all records alike, into the most columns; and the records."""
    best: tuple[str, list[list[str]]] | None = None
    for delimiter in [rules.delimiter] if rules.delimiter else DELIMITERS:
        rows = _rows(text, delimiter, rules.quote)
        widths = {len(row) for row in rows}
        if len(rows) < 2 or len(widths) != 1:
            continue
        width = widths.pop()
        if width < 2 and not rules.single_column:
            continue
        if best is None or width > len(best[1][0]):
            best = delimiter, rows
    return best


def _rows(text: str, delimiter: str, quote: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, quotechar=quote)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) == RECORDS:
                break
    except csv.Error:
        return []
    return rows


def _has_header(rows: list[list[str]], rules: CsvRules) -> bool:
    if rules.contains_header != "UNKNOWN":
        return rules.contains_header == "PRESENT"
    first, last = rows[0], len(rows[0]) - 1
    for n, value in enumerate(first):
        empty_last = n == last and value == "" and all(row[n] == "" for row in rows)
        if kind_of(value.strip()) not in ("string", "") or (not value.strip() and not empty_last):
            return False
        if len(value) >= 150 and n != last:
            return False
    return any(kind not in ("string", "") for kind in _types(rows[1:], len(first), rules, empty=""))


def _names(header: list[str]) -> tuple[str, ...]:
    """The header's names, made unique as column names must be."""
    names: list[str] = []
    for n, value in enumerate(header):
        name = value.strip() or f"col{n}"
        names.append(name if name.lower() not in (known.lower() for known in names) else f"{name}_{n}")
    return tuple(names)


def _types(rows: list[list[str]], width: int, rules: CsvRules, empty: str = "string") -> list[str]:
    kinds: list[set[str]] = [set() for _ in range(width)]
    for row in rows:
        for found, value in zip(kinds, row, strict=True):
            found.add(kind_of(value.strip() if rules.trim else value))
    return [_joined(found - {""}) or empty for found in kinds]


def _joined(kinds: set[str]) -> str:
    if len(kinds) <= 1:
        return next(iter(kinds), "")
    return "double" if kinds == {"bigint", "double"} else "string"


def kind_of(value: str) -> str:
    """The type Glue sees in one value: bigint, double, boolean or string; empty for an empty value."""
    if not value:
        return ""
    if INTEGER.fullmatch(value):
        return "bigint" if int(value) in INT64 else "double"
    if DOUBLE.fullmatch(value):
        return "double"
    return "boolean" if value.lower() in ("true", "false") else "string"
