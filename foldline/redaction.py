"""Redaction: texts and documents without what looks like a secret, for logs, errors, records and pages.

Call it on whatever a job, a service or a person said before it is shown or kept. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from foldline.credentials import is_reference, names_secret, shapes_in

MARK = "[redacted]"
SHORTEST = 8
"""Known values shorter than this are left alone: masking them would blot out ordinary words."""
_SAID = re.compile(
    r"(?<![A-Za-z0-9])(?P<name>[A-Za-z][\w-]{1,80})(?P<quote>[\"']?)\s{0,3}(?:=>|=|:)\s{0,3}(?P<open>[\"']?)"
    r"(?P<secret>[^\s\"',;&)}\]]{4,4000})"
)


def secrets_in(text: str) -> set[str]:
    """The parts of a text that nobody should read: by shape, and after a name such as ``db_password=``."""
    found = {secret for _, secret in shapes_in(text)}
    for said in _SAID.finditer(text):
        if names_secret(said["name"]) and not is_reference(said["secret"]) and said["secret"] != MARK:
            found.add(said["secret"])
    return found


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with a mark in place of each secret.

    Args:
        text: Any text.
        known: Values that are secrets whatever they look like.
    """
    wanted = secrets_in(text) | {value for value in known if len(value) >= SHORTEST}
    for secret in sorted(wanted, key=len, reverse=True):
        text = text.replace(secret, MARK)
    return text


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
