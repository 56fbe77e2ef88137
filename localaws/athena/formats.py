"""Patterns of dates and of printf: Joda's and Java's letters in DuckDB's."""

from __future__ import annotations

import re

from sqlglot import exp

from localaws.athena.failures import QueryFailed, refused

JODA = {
    "yyyy": "%Y",
    "YYYY": "%Y",
    "y": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "a": "%p",
    "Z": "%z",
    "z": "%Z",
}
PRINTF = re.compile(r"%(?:\d+\$)?([-#+ 0,(]*)(\d+)?(\.\d+)?([a-zA-Z%])")


def joda_to_strftime(pattern: exp.Expression, function: str) -> exp.Expression:
    """A Joda pattern as DuckDB's strftime and strptime read it.

    Raises:
        QueryFailed: The pattern is no literal, or has letters that are not known.
    """
    if not isinstance(pattern, exp.Literal):
        raise refused(f"{function} with a pattern that is not a literal")
    return exp.Literal.string(strftime_of(pattern.name, function))


def strftime_of(pattern: str, what: str) -> str:
    """A Joda or Java pattern of dates in strftime's signs.

    Args:
        pattern: The pattern.
        what: What it is for, for the error's text.

    Raises:
        QueryFailed: It has letters that are not known.
    """
    out = []
    for part in _parts(pattern):
        if part.startswith("'"):
            out.append(part[1:-1].replace("%", "%%") or "'")
        elif part[0].isalpha():
            if part not in JODA:
                raise QueryFailed(f"INVALID_FUNCTION_ARGUMENT: {what}: pattern component not known: {part}")
            out.append(JODA[part])
        else:
            out.append(part.replace("%", "%%"))
    return "".join(out)


def _parts(pattern: str) -> list[str]:
    return [found[0] for found in re.finditer(r"'[^']*'|([a-zA-Z])\1*|[^a-zA-Z']+", pattern)]


def printf_kinds(pattern: exp.Expression) -> list[str]:
    """DuckDB's types for the arguments of a printf pattern, in order.

    Raises:
        QueryFailed: The pattern is no literal, or has signs DuckDB's printf does not know.
    """
    if not isinstance(pattern, exp.Literal):
        raise refused("format with a pattern that is not a literal")
    kinds = []
    for flags, _, _, sign in PRINTF.findall(pattern.name):
        if sign == "%":
            continue
        if "," in flags or "(" in flags or sign not in "sdfexXo":
            raise refused(f"format with %{flags}{sign}")
        kinds.append("VARCHAR" if sign == "s" else "BIGINT" if sign in "dxXo" else "DOUBLE")
    return kinds
