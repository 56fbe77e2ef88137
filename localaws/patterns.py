"""AWS's regular expressions in Python's dialect: the service models write them for Java or ECMAScript."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ASCII_CLASSES = {
    "Alnum": "A-Za-z0-9",
    "Alpha": "A-Za-z",
    "Digit": "0-9",
    "ASCII": r"\x00-\x7F",
    "Print": r"\x20-\x7E",
}
SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"  # UTF-16's spelling of everything past U+FFFF
TOKEN = re.compile(r"\\p\{(\w+)\}|\\(.)|(\[)|(\])", re.DOTALL)


def matches(pattern: str, value: str) -> bool:
    """Whether a value matches one of AWS's patterns in full, as the service would judge.

    A pattern that even translated is not one for Python lets every value pass: AWS stays the judge of those.
    """
    foreign = "".join(sorted({letter for letter in value if not letter.isascii()}))
    try:
        return _compiled(pattern, foreign).fullmatch(value) is not None
    except re.error:
        return True


@lru_cache(maxsize=4096)
def _compiled(pattern: str, foreign: str) -> re.Pattern[str]:
    return re.compile(_translate(pattern, foreign), re.ASCII)


def _translate(pattern: str, foreign: str) -> str:
    r"""Python's form of a pattern; ``\p{L}`` becomes the ASCII letters and the value's other letters."""
    text = pattern.replace(SURROGATES, r"\U00010000-\U0010FFFF").replace(r"\z", r"\Z")
    text = re.sub(r"\$\{\d+,\d+\}", "$", text)  # an anchor repeated is the anchor
    text = re.sub(r"(\\[wdsS])-(?=[^\]])", r"\1\\-", text)  # "[\w-_]": a dash after a class is a dash
    pieces, position, inside = [], 0, False
    for token in TOKEN.finditer(text):
        pieces.append(text[position : token.start()])
        position = token.end()
        name, escaped, opening, closing = token.groups()
        if name:
            members = ASCII_CLASSES.get(name) or _category(name, foreign)
            pieces.append(members if inside else f"[{members}]")
            continue
        pieces.append("\\[" if opening and inside else token.group())
        if not escaped:
            inside = bool(opening) or (inside and not closing)
    return "".join([*pieces, text[position:]])


@lru_cache(maxsize=1024)
def _category(name: str, foreign: str) -> str:
    ascii_members = [chr(code) for code in range(128) if unicodedata.category(chr(code)).startswith(name)]
    members = [letter for letter in foreign if unicodedata.category(letter).startswith(name)]
    return "".join(re.escape(letter) for letter in ascii_members + members)
