"""Redaction: texts and documents without what looks like a secret, for logs, errors, records and pages.

Call it on whatever a job, a service or a person said before it is shown or kept. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from foldline.credentials import SHAPES, is_reference, names_secret, shapes_in

MARK = "***"
SHORTEST = 8
"""Shorter values are blotted out only where they are known by their place: they may be ordinary words."""
_SAID = re.compile(
    r"(?<![A-Za-z0-9])(?P<name>[A-Za-z][\w-]{1,80})(?P<quote>[\"']?)\s{0,3}(?:=>|=|:)\s{0,3}(?P<open>[\"']?)"
    r"(?P<secret>[^\s\"',;&)}\]]{4,4000})"
)


def secrets_in(text: str) -> set[str]:
    """The parts of a text that nobody should read: by shape, and after a name such as ``db_password=``."""
    found = {secret for _, secret in shapes_in(text)}
    for said in _SAID.finditer(text):
        if names_secret(said["name"]) and not is_reference(said["secret"]):
            found.add(said["secret"])
    return found - {MARK}


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with a mark in place of each secret.

    Args:
        text: Any text.
        known: Values that are secrets whatever they look like.
    """
    by_value = {value for value in (*secrets_in(text), *known) if len(value) >= SHORTEST}
    for pattern in [pattern for _, pattern in SHAPES]:
        text = pattern.sub(_blotted, text)
    text = _SAID.sub(_blotted_if_named, text)
    for secret in sorted(by_value, key=len, reverse=True):
        text = text.replace(secret, MARK)
    return text


def _blotted(found: re.Match[str]) -> str:
    """What was found, with the mark in place of its secret part: ``secret``, ``quoted``, or all of it."""
    groups = found.groupdict()
    part = next((name for name in ("secret", "quoted") if groups.get(name)), 0)
    begin, end = (place - found.start() for place in found.span(part))
    return found[0][:begin] + MARK + found[0][end:]


def _blotted_if_named(found: re.Match[str]) -> str:
    return _blotted(found) if names_secret(found["name"]) and not is_reference(found["secret"]) else found[0]


def redacted_document(value: Any, known: Iterable[str] = (), *, name: str = "") -> Any:
    """``value`` with a mark in place of each secret in its texts and under its keys.

    Args:
        value: Mappings, lists and scalars.
        known: Values that are secrets whatever they look like.
        name: The key it stands under.
    """
    known = tuple(known)
    if isinstance(value, Mapping):
        return {
            redacted(key, known) if isinstance(key, str) else key: redacted_document(
                item, known, name=str(key)
            )
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted_document(item, known, name=name) for item in value]
    if not isinstance(value, str):
        return value
    if value and names_secret(name) and not is_reference(value):
        return MARK
    return redacted(value, known)
