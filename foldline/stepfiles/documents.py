"""Documents: YAML files with the place of every key, read by rules that leave no traps.

A subset of YAML: one document, text keys, no duplicate keys, no anchors, aliases, tags or merge keys, at most
1 MB and 20 levels. Plain scalars follow YAML 1.2: only `true` and `false` are booleans, so `NO` is Norway
and `1e3` a number; a number with leading zeros stays text, and `2013-12-31` is a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

SIZE_LIMIT = 1_000_000
DEPTH_LIMIT = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
KeyPath = tuple[str | int, ...]


class Unreadable(Exception):
    """A file that is not a document, with the line that says so."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(message)
        self.file, self.line, self.message = file, line, message


@dataclass(frozen=True)
class Place:
    """Where a value was written: a line of a file, or (line 0) something else that is named."""

    file: str
    line: int


@dataclass(frozen=True)
class Document:
    """A mapping and where each of its keys and list items was written."""

    file: str
    value: dict[str, Any]
    places: dict[KeyPath, Place]

    def place(self, path: KeyPath) -> Place:
        """The place of ``path``, or of the nearest mapping around it that was written."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file, 1))

    def at(self, *path: str) -> Document:
        """The part below ``path``; empty when nothing is written there."""
        value: Any = self.value
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        depth = len(path)
        places = {key[depth:]: place for key, place in self.places.items() if key[:depth] == path}
        return Document(self.file, value if isinstance(value, dict) else {}, places)

    def without(self, key: str) -> Document:
        """The document less one top-level key."""
        return replace(self, value={name: value for name, value in self.value.items() if name != key})

    def merged(self, over: Document) -> Document:
        """This document with ``over`` on top: mappings merge key by key, all else is replaced."""
        places = {**self.places, **{path: place for path, place in over.places.items() if path}}
        return Document(self.file, _merged(self.value, over.value), places)

    def with_value(self, path: KeyPath, value: Any, place: Place) -> Document:
        """The document with ``value`` at ``path``, which is said to be written at ``place``."""
        over: Any = value
        for part in reversed(path):
            over = {part: over}
        return Document(self.file, _merged(self.value, over), {**self.places, path: place})


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def scalar(text: str) -> Any:
    """What a plain scalar means: null, a boolean, a number, a date, or else the text itself.

    Raises:
        ValueError: It has the form of a date and is none.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        return date.fromisoformat(text)
    return text


def read_document(file: Path, shown: str = "") -> Document:
    """The document in ``file``; an empty file is an empty mapping.

    Args:
        file: The YAML file.
        shown: How messages name it.

    Raises:
        Unreadable: It is missing, not UTF-8, no YAML, or outside the subset.
    """
    shown = shown or str(file)
    try:
        with file.open("rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Unreadable(shown, 0, f"cannot be read: {error.strerror}") from error
    if len(content) > SIZE_LIMIT:
        raise Unreadable(shown, 0, f"is longer than {SIZE_LIMIT:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(shown, line, f"is not UTF-8: byte {content[error.start]:#04x}") from error
    return _Composer(shown, text).document()


class _Composer:
    """Builds a document from the parser's events, so that what is refused is refused before it is built."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.places: dict[KeyPath, Place] = {}
        self._text = text
        self._events: Iterator[Any] = iter(())
        self._line = 1

    def document(self) -> Document:
        """The whole file."""
        try:
            self._events = yaml.parse(self._text, Loader=_LOADER)
            value = self._root()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 0
            about = " ".join(part for part in (error.context, error.problem) if part)
            raise Unreadable(self.file, line, f"is no YAML: {about}") from error
        except yaml.YAMLError as error:
            raise Unreadable(self.file, 0, f"is no YAML: {str(error).splitlines()[0]}") from error
        return Document(self.file, value, self.places)

    def _next(self) -> Any:
        event = next(self._events)
        self._line = event.start_mark.line + 1
        return event

    def _refused(self, message: str) -> Unreadable:
        return Unreadable(self.file, self._line, message)

    def _root(self) -> dict[str, Any]:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return {}
        value = self._value(self._next(), (), 1)
        self._next()
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise self._refused("a second document starts here; a file holds one")
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Unreadable(self.file, 1, "must be a mapping of keys to values")
        return value

    def _value(self, event: Any, path: KeyPath, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self._refused(f"anchors and aliases are refused (`{event.anchor}`); write the value again")
        if event.tag not in (None, "!") or (event.tag == "!" and not isinstance(event, yaml.ScalarEvent)):
            raise self._refused(f"tags are refused ({event.tag}); quote the value if it is text")
        if depth > DEPTH_LIMIT:
            raise self._refused(f"more than {DEPTH_LIMIT} levels")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        if not event.implicit[0]:
            return event.value
        try:
            return scalar(event.value)
        except ValueError as error:
            raise self._refused(f"{event.value} is no date: {error}; quote it if it is text") from error

    def _sequence(self, path: KeyPath, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            here = (*path, len(items))
            self.places[here] = Place(self.file, self._line)
            items.append(self._value(event, here, depth + 1))
        return items

    def _mapping(self, path: KeyPath, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                raise self._refused("a key must be plain text")
            key = event.value
            here = (*path, key)
            if key in mapping:
                raise self._refused(f"{key}: is here twice, first on line {self.places[here].line}")
            if key == "<<":
                raise self._refused("merge keys (<<) are refused; write the keys again")
            self.places[here] = Place(self.file, self._line)
            mapping[key] = self._value(self._next(), here, depth + 1)
        return mapping
