r"""Patterns of AWS's service models, which are Java's regular expressions, as Python's.

Known differences: ``\p{L}`` classes, ``\z``, surrogate pairs, ``[\w-_]`` and a quantified ``$``.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

_POSIX = {
    "ASCII": r"\x00-\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Graph": r"\x21-\x7e",
    "Lower": "a-z",
    "Print": r"\x20-\x7e",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\t\n\x0b\f\r ",
    "Upper": "A-Z",
}
_ASTRAL = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


@lru_cache
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern in Python's spelling, for a match of the whole text; None where it has none."""
    text = pattern.replace(*_ASTRAL).replace(r"\z", r"\Z")
    text = re.sub(r"\\w-(?=[^\]])", r"\\w\\-", text)
    text = re.sub(r"\$\{\d+,\d*\}", "$", text)
    try:
        return re.compile(_with_classes(text), re.ASCII)
    except (re.error, KeyError):
        return None


def _with_classes(text: str) -> str:
    r"""``text`` with each ``\p{…}`` written out, inside brackets or with brackets of its own."""
    parts, depth, position = [], False, 0
    for match in re.finditer(r"\\p\{(\w+)\}|\\.|\[|\]", text):
        parts.append(text[position : match.start()])
        position = match.end()
        if match[1]:
            members = _members(match[1])
            parts.append(members if depth else f"[{members}]")
            continue
        depth = {"[": True, "]": False}.get(match[0], depth)
        parts.append(match[0])
    return "".join(parts) + text[position:]


@lru_cache
def _members(name: str) -> str:
    """The ranges of a class; characters beyond U+FFFF belong to each Unicode class, to keep this quick."""
    if name in _POSIX:
        return _POSIX[name]
    if len(name) > 2 or name[0] not in "LMNPSZC":
        raise KeyError(name)
    ranges: list[list[int]] = []
    for code in range(0x10000):
        if unicodedata.category(chr(code)).startswith(name):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    ranges.append([0x10000, sys.maxunicode])
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
