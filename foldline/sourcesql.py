"""The SQL that is sent to a source database: quoted names, bound values, rows divided among hosts. Pure."""

# ruff: noqa: S608  # composes SQL: names are checked and quoted, values are always bound
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TEXT = re.compile(
    r"""
      '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`      # texts and quoted names
    | --[^\n]* | /\*.*?\*/                            # comments
    | \$(?P<tag>[A-Za-z_]?\w*)\$.*?\$(?P=tag)\$       # PostgreSQL's dollar quotes
    | ::                                              # a cast
    | (?<![\w:]):(?P<name>[A-Za-z_]\w*)               # a value
    """,
    re.VERBOSE | re.DOTALL,
)
QUOTES = {"mysql": "`"}
"""Quotation mark of names where it is not SQL's own, by the connection's type."""


@dataclass(frozen=True)
class Statement:
    """One statement with the values it is bound to, in the form that the driver takes."""

    text: str
    values: Any = None


def names_in(query: str) -> list[str]:
    """The ``:names`` that a query wants values for, each once, in order."""
    return list(dict.fromkeys(match["name"] for match in _TEXT.finditer(query) if match["name"]))


def query_faults(query: str) -> Iterator[str]:
    """Why a text is no single SELECT, as far as can be said for any database; empty when it is one."""
    bare = _TEXT.sub(lambda match: " " if match[0].startswith(("-", "/")) else "x", query).strip()
    if re.match(r"(?:\(\s*)*(?:SELECT|WITH)\b", bare, re.IGNORECASE) is None:
        yield "must be a SELECT"
    if ";" in bare.rstrip("; \n\t"):
        yield "holds several statements, must hold one SELECT"
    if word := re.search(
        r"\b(?:INSERT|UPDATE|DELETE|MERGE|TRUNCATE|DROP|ALTER|CREATE|GRANT)\b(?!\s*\()", bare, re.I
    ):
        yield f"holds the word {word[0].upper()}; an extract only reads"


def quoted(name: str, kind: str = "") -> str:
    """A name as the database takes it, part by part.

    Args:
        name: A checked name, perhaps with a schema.
        kind: Type of the connection, such as ``postgres``.
    """
    mark = QUOTES.get(kind, '"')
    return ".".join(f"{mark}{part.replace(mark, mark * 2)}{mark}" for part in name.split("."))


def table_query(table: str, columns: Sequence[str], kind: str = "") -> str:
    """All rows of a table."""
    listed = ", ".join(quoted(column, kind) for column in columns) or "*"
    return f"SELECT {listed} FROM {quoted(table, kind)}"


def inside(query: str) -> str:
    """A query as a derived table; a final comment cannot swallow what follows."""
    return f"(\n{query.strip().rstrip(';').rstrip()}\n) source"


def window_query(query: str, column: str, kind: str, *, first: bool) -> str:
    """The rows above ``:foldline_from``, unless it is the first window, and up to ``:foldline_to``."""
    name = quoted(column, kind)
    above = "" if first else f"{name} > :foldline_from AND "
    return f"SELECT * FROM {inside(query)} WHERE {above}{name} <= :foldline_to"


def newest_query(query: str, column: str, kind: str) -> str:
    """The newest value of a column."""
    return f"SELECT MAX({quoted(column, kind)}) FROM {inside(query)}"


def unmarked_query(query: str, column: str, kind: str) -> str:
    """How many rows have no value in a column."""
    return f"SELECT COUNT(*) FROM {inside(query)} WHERE {quoted(column, kind)} IS NULL"


def shard_query(query: str, column: str, shard: int, shards: int, kind: str = "") -> str:
    """The rows of one of several hosts.

    Every row is in exactly one shard whatever its key: a shard above 0 has the keys with its remainder, shard
    0 has all others: remainder 0, NULL, and what has no whole remainder. Nothing of it depends on the data,
    so a rerun divides the same way.
    """
    if shards == 1:
        return query
    name = quoted(column, kind)
    rest = f"(({name} % {shards}) + {shards}) % {shards}"
    if shard > 0:
        return f"SELECT * FROM {inside(query)} WHERE {rest} = {shard}"
    others = ", ".join(map(str, range(1, shards)))
    return f"SELECT * FROM {inside(query)} WHERE {name} IS NULL OR {rest} NOT IN ({others})"


def bound(query: str, values: Mapping[str, Any], style: str) -> Statement:
    """A query in the form that a driver takes, its ``:names`` bound and never written into the text.

    Args:
        query: SQL with ``:names``.
        values: Their values.
        style: The driver's ``paramstyle``.

    Raises:
        KeyError: A name has no value.
        ValueError: The style is none of PEP 249.
    """
    wanted = names_in(query)
    if not wanted:
        return Statement(query)
    for name in wanted:
        values[name]  # a KeyError here, not in the driver
    listed: list[Any] = []

    def mark(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0].replace("%", "%%") if style in ("format", "pyformat") else match[0]
        listed.append(values[name])
        return {
            "qmark": "?",
            "numeric": f":{len(listed)}",
            "named": f":{name}",
            "format": "%s",
            "pyformat": f"%({name})s",
        }[style]

    if style not in ("qmark", "numeric", "named", "format", "pyformat"):
        raise ValueError(f"{style!r} is no paramstyle of PEP 249")
    text = "".join(_marked(query, mark, escape=style in ("format", "pyformat")))
    by_name = {name: values[name] for name in wanted}
    return Statement(text, by_name if style in ("named", "pyformat") else tuple(listed))


def _marked(query: str, mark: Any, *, escape: bool) -> Iterator[str]:
    """The text in pieces, its values marked; with ``escape`` a percent sign stands for itself."""
    end = 0
    for match in _TEXT.finditer(query):
        between = query[end : match.start()]
        yield between.replace("%", "%%") if escape else between
        yield mark(match)
        end = match.end()
    yield query[end:].replace("%", "%%") if escape else query[end:]
