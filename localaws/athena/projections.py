"""Partition projection: a table's partitions worked out from its properties, without the catalogue."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.athena.failures import QueryFailed
from localaws.athena.formats import strftime_of
from localaws.glue.catalog import Document

MOST = 1_000_000  # values of one column: more are a mistake in its range
NOW = re.compile(r"NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+?)S?)?", re.IGNORECASE)
SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 7 * 86400}
MONTHS = {"MONTH": 1, "YEAR": 12}
PLACE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Projected:
    """A partition that is projected: its values, and the folder they stand for."""

    values: tuple[str, ...]
    location: str


def is_projected(table: Document) -> bool:
    """Whether a table's partitions are projected; those in the catalogue then do not count."""
    return str(table.get("Parameters", {}).get("projection.enabled", "")).strip().lower() == "true"


def projected(table: Document, asked: Mapping[str, Sequence[str]], now: dt.datetime) -> Iterator[Projected]:
    """The partitions a table projects.

    Args:
        table: The table's document.
        asked: The values a query's conditions leave of a column, where they name them one by one.
        now: What ``NOW`` in a range of dates is, in UTC.

    Raises:
        QueryFailed: A property is missing or makes no sense, or an injected column has no value asked for.
    """
    parameters = {key: str(value) for key, value in table.get("Parameters", {}).items()}
    names = [key["Name"].lower() for key in table.get("PartitionKeys") or []]
    columns = [_values(name, _Properties(name, parameters), asked, now) for name in names]
    root = str(table.get("StorageDescriptor", {}).get("Location", "")).rstrip("/") + "/"
    template = parameters.get("storage.location.template", "").strip()
    template = template or root + "".join(f"{name}=${{{name}}}/" for name in names)
    if lost := [name for name in names if name not in {word.lower() for word in PLACE.findall(template)}]:
        raise _wrong(f"storage.location.template {template} has no ${{{lost[0]}}}")
    for values in itertools.product(*columns):
        chosen = dict(zip(names, values, strict=True))
        location = PLACE.sub(lambda place: chosen.get(place[1].lower(), place[0]), template)  # noqa: B023
        yield Projected(values, location)


@dataclass(frozen=True)
class _Properties:
    """The ``projection.<column>.*`` properties of one column."""

    column: str
    parameters: Mapping[str, str]

    def get(self, name: str) -> str | None:
        return self.parameters.get(f"projection.{self.column}.{name}")

    def need(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise _wrong(f"projection.{self.column}.{name} is missing")
        return value

    def number(self, name: str, default: int) -> int:
        given = (self.get(name) or str(default)).strip()
        if not given.isdigit() or not int(given):
            raise _wrong(f"projection.{self.column}.{name} is no positive number: {given}")
        return int(given)

    def range(self) -> tuple[str, str]:
        ends = [end.strip() for end in self.need("range").split(",")]
        if len(ends) != 2:
            raise _wrong(f"projection.{self.column}.range is not of the form low,high: {self.need('range')}")
        return ends[0], ends[1]


def _wrong(text: str) -> QueryFailed:
    return QueryFailed(f"INVALID_TABLE_PROPERTY: {text}")


def _values(
    name: str, own: _Properties, asked: Mapping[str, Sequence[str]], now: dt.datetime
) -> Sequence[str]:
    """The values of one column: all of its range, or those asked for among them."""
    kind = own.need("type").strip().lower()
    if kind == "injected":
        if name not in asked:
            raise QueryFailed(
                f"CONSTRAINT_VIOLATION: Injected projected partition column {name} must have only (and at "
                "least one) equality conditions in the WHERE clause!"
            )
        return list(dict.fromkeys(asked[name]))
    if kind == "enum":
        return own.need("values").split(",")
    if kind == "integer":
        return _integers(own)
    if kind == "date":
        return _dates(own, now)
    raise _wrong(f"projection.{name}.type is none of enum, integer, date and injected: {kind}")


def _integers(own: _Properties) -> Sequence[str]:
    low, high = own.range()
    step, digits = own.number("interval", 1), own.number("digits", 1)
    try:
        numbers = range(int(low), int(high) + 1, step)
    except ValueError as error:
        raise _wrong(f"projection.{own.column}.range is not of numbers: {low},{high}") from error
    if len(numbers) > MOST:
        raise _wrong(f"projection.{own.column}.range has more than {MOST} values")
    return [f"{number:0{digits + (number < 0)}d}" for number in numbers]


def _dates(own: _Properties, now: dt.datetime) -> Sequence[str]:
    low, high = own.range()
    pattern = strftime_of(own.need("format").strip(), f"projection.{own.column}.format")
    unit = (own.get("interval.unit") or _finest(pattern)).strip().upper().removesuffix("S")
    if unit not in SECONDS and unit not in MONTHS:
        raise _wrong(f"projection.{own.column}.interval.unit is not known: {unit}")
    if _finest(pattern) in ("HOUR", "MINUTE", "SECOND") and own.get("interval") is None:
        raise _wrong(f"projection.{own.column}.interval is needed for a format finer than a day")
    step = own.number("interval", 1)
    moment, last = (_moment(text, pattern, own, now) for text in (low, high))
    found: dict[str, None] = {}
    start = moment
    for number in itertools.count(1):
        if moment > last:
            break
        if len(found) > MOST:
            raise _wrong(f"projection.{own.column}.range has more than {MOST} values")
        found[moment.strftime(pattern)] = None
        moment = _later(start, number * step, unit)
    return list(found)


def _finest(pattern: str) -> str:
    """The smallest unit a pattern tells."""
    signs = {"%S": "SECOND", "%M": "MINUTE", "%H": "HOUR", "%I": "HOUR", "%d": "DAY", "%j": "DAY"}
    signs |= {"%m": "MONTH", "%b": "MONTH", "%B": "MONTH"}
    plain = pattern.replace("%-", "%")
    return next((unit for sign, unit in signs.items() if sign in plain), "YEAR")


def _moment(text: str, pattern: str, own: _Properties, now: dt.datetime) -> dt.datetime:
    """One end of a range: a date in the column's format, or NOW with a distance, cut to the format."""
    match = NOW.fullmatch(text)
    try:
        if match is None:
            return dt.datetime.strptime(text, pattern.replace("%-", "%"))
        if match[1] is None:
            moment = now
        else:
            moment = _later(now, int(match[2]) * (-1 if match[1] == "-" else 1), match[3].upper())
        return dt.datetime.strptime(moment.strftime(pattern), pattern.replace("%-", "%"))
    except (ValueError, KeyError, OverflowError) as error:
        raise _wrong(f"projection.{own.column}.range does not fit its format: {text}") from error


def _later(moment: dt.datetime, count: int, unit: str) -> Any:
    """A moment some units later; the last day of a shorter month stands for the days it lacks."""
    if unit in SECONDS:
        return moment + dt.timedelta(seconds=count * SECONDS[unit])
    months = moment.year * 12 + moment.month - 1 + count * MONTHS[unit]
    year, month = divmod(months, 12)
    following = dt.datetime(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - dt.timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
