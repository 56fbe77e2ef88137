"""One file's schema: its compression undone, custom classifiers tried first, then Glue's own."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from localaws.glue.csv_schema import CsvRules, csv_schema
from localaws.glue.json_schema import json_schema
from localaws.glue.parquet_schema import parquet_schema
from localaws.glue.schema import Schema

SAMPLE = 1 << 20
GZIP, BZIP2, PARQUET = b"\x1f\x8b", b"BZh", b"PAR1"


@dataclass(frozen=True)
class Classified:
    """What one file is.

    Attributes:
        schema: Its schema; classification ``UNKNOWN`` when no classifier knew it.
        compression: ``none``, ``gzip`` or ``bzip2``.
        record_size: Mean bytes of a record, at least 1.
        records: How many records it holds; an estimate but for Parquet.
    """

    schema: Schema
    compression: str
    record_size: int
    records: int


def classify(path: Path, size: int, custom: Sequence[CsvRules] = ()) -> Classified:
    """What a file is, by its first megabyte.

    Args:
        path: The file.
        size: Its size in bytes.
        custom: The rules of the crawler's custom CSV classifiers, in their order.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head == PARQUET:
        found = parquet_schema(path)
        if found:
            schema, rows = found
            return Classified(schema, "none", max(1, size // max(1, rows)), rows)
    compression = "gzip" if head[:2] == GZIP else "bzip2" if head[:3] == BZIP2 else "none"
    text = _sample(path, compression)
    schema = _text_schema(text, custom)
    lines = max(1, text.count("\n"))
    record_size = max(1, len(text.encode()) // lines)
    return Classified(schema, compression, record_size, max(1, size // record_size))


def _text_schema(text: str, custom: Sequence[CsvRules]) -> Schema:
    if "\x00" in text:
        return Schema("UNKNOWN")
    for rules in custom:
        found = csv_schema(text, rules)
        if found:
            return found
    return json_schema(text) or csv_schema(text) or Schema("UNKNOWN")


def _sample(path: Path, compression: str) -> str:
    """The first megabyte as whole lines of text."""
    with _opened(path, compression) as file:
        try:
            data = file.read(SAMPLE)
        except (OSError, EOFError):  # gzip and bz2 say so of a damaged file
            return ""
    if len(data) == SAMPLE and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    return data.decode("utf-8", errors="replace").removeprefix("\ufeff")


def _opened(path: Path, compression: str) -> IO[bytes] | gzip.GzipFile:
    if compression == "gzip":
        return gzip.open(path, "rb")
    return bz2.open(path, "rb") if compression == "bzip2" else path.open("rb")
