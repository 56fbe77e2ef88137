"""Credentials: what looks like a secret, by the name it goes under and by its own shape.

Step files, params and requests are searched with it before anything is sent, texts before anyone reads them
(`foldline.redaction`). A reference to a secret (an ARN, a path) is none. Standard library only.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

KeyPath = tuple[str | int, ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET_WORDS = _words(
    "password passwords passwd pwd passphrase passcode secret secrets token credential credentials apikey"
    " authorization"
)
_KEYS = _words("api access private secret signing account auth shared master ssh")
_SECRET_PAIRS = {(first, "key") for first in _KEYS} | {("connection", "string"), ("conn", "str")}
_NUMBERS_TOO = _words("password passwd passphrase passcode")
"""Names under which even a whole number is a secret."""
_REFERENCES = _words(
    "arn arns name id ids ref reference path file uri url type policy version field column count limit length"
    " size provider region store manager mode index ttl rotation seconds expiry expiration header"
)
"""Last words of names that say where a secret is, or what it is like."""
_TOKENS_OF_TEXT = _words(
    "max min num pad eos bos unk mask sep cls special start end stop embedding split vocab image dropout"
    " client request next continuation pagination"
)
"""Neighbours of `token` that make it a piece of text, a page, or AWS's mark of a repeated call."""
_NO_SECRETS = frozenset(["", "none", "null", "true", "false", "auto", "default"])
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:\S+")
_FILE = re.compile(r"(?:/[\w.-]{1,40}){2,}/?")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an AWS access key", re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])")),
    (
        "a private key",
        re.compile(
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----)){0,8000}"
            r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
        ),
    ),
    (
        "a signed web token",
        re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{6,4000}\.eyJ[A-Za-z0-9_-]{6,4000}\.[A-Za-z0-9_-]{8,4000}"),
    ),
    (
        "a bearer token",
        re.compile(
            r"(?i)\b(?:bearer|authorization[\"']?[:=] {0,3}[\"']?basic) +"
            r"(?=\S*[0-9])(?P<secret>[A-Za-z0-9._~+/-]{16,4000}=*)"
        ),
    ),
    (
        "a URL with a password",
        re.compile(r"://[^\s/:@'\"]{0,200}:(?P<secret>[^\s/@'\"]{1,400})@"),
    ),
    (
        "a signature of a presigned URL",
        re.compile(
            r"(?i)(?:X-Amz-Signature|X-Amz-Security-Token|[?&;]sig|AccountKey)=(?P<secret>[\w%+/=.-]{16,4000})"
        ),
    ),
    ("a webhook address", re.compile(r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/-]{20,200})")),
    (
        "a service's token",
        re.compile(
            r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{30,255}|glpat-[\w-]{20,80}"
            r"|xox[abeoprs]-[A-Za-z0-9-]{10,200}|sk-(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{20,200}|[rs]k_live_[A-Za-z0-9]{20,200}"
            r"|AIza[\w-]{35}|hf_[A-Za-z]{30,60}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,400}|dapi[0-9a-f]{32}"
            r"|SG\.[\w-]{16,64}\.[\w-]{16,64})(?![A-Za-z0-9])"
        ),
    ),
    (
        "a password in SQL",
        re.compile(
            r"(?i)\b(?:identified\s{1,9}by|password|credentials|secret_access_key|access_key_id)\s{1,9}(?:as\s{1,9})?"
            r"'(?P<secret>[^']{4,4000})'"
        ),
    ),
    (
        "an assigned password",
        re.compile(
            r"(?i)(?:password|passwd|passphrase|pwd|secret[_-]?key|secret[_-]access[_-]key|api[_-]?key)"
            r"[\"']?\s{0,3}(?:=>|=|:)\s{0,3}(?:'(?P<secret>[^'\s]{4,400})'|\"(?P<quoted>[^\"\s]{4,400})\"?)"
        ),
    ),
)
"""Texts that are secrets wherever they stand; group ``secret`` is the part nobody may see, else all of it."""
FREE = frozenset(
    ["HyperParameters", "StaticHyperParameters", "Environment", "Tags", "Arguments", "DefaultArguments"]
) | {"NonOverridableArguments", "ContainerArguments", "ContainerEntrypoint"}
"""Members of AWS requests that hold a user's own words, where a random word is no name of ours."""
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_ONE_WORD = re.compile(r"[A-Za-z0-9+/=_-]{20,512}")


@dataclass(frozen=True)
class Finding:
    """Something that looks like a secret.

    Attributes:
        path: Where it stands.
        what: What it looks like; never its text.
        secret: Its text; never printed.
    """

    path: KeyPath
    what: str
    secret: str = field(repr=False)


def names_secret(name: str) -> bool:
    """Whether what goes under this name is a secret: ``db_password`` is one, ``max_tokens`` is none."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _REFERENCES:
        return False
    said = _SECRET_WORDS.intersection(words)
    if said == {"token"} and _TOKENS_OF_TEXT.intersection(words):
        said = frozenset()
    return bool(said or _SECRET_PAIRS.intersection(pairwise(words)))


def is_reference(value: str) -> bool:
    """Whether a value says where a secret is: an ARN, or a file."""
    return _ARN.fullmatch(value) is not None or _FILE.fullmatch(value) is not None


def shapes_in(text: str) -> Iterator[tuple[str, str]]:
    """What in a text is a secret by its shape: what it looks like, and the secret."""
    for what, pattern in SHAPES:
        for found in pattern.finditer(text):
            groups = found.groupdict()
            yield what, groups.get("secret") or groups.get("quoted") or found[0]
    for found in _AWS_SECRET.finditer(text):
        if looks_random(found[0]) and _bits(found[0]) >= 4.2:
            yield "an AWS secret key", found[0]


def looks_random(text: str) -> bool:
    """Whether a whole value is one long word that no person and no digest would write.

    Hexadecimal and lower-case words pass: they are digests and names. Camel case changes its letters' case
    seldom, chance does it at every other letter.
    """
    if _ONE_WORD.fullmatch(text) is None or not _is_mixed(text) or _bits(text) < 3.8:
        return False
    kinds = ["d" if sign.isdigit() else "u" if sign.isupper() else "l" for sign in text if sign.isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes >= 0.4 * len(kinds)


def _is_mixed(text: str) -> bool:
    return bool(re.search("[a-z]", text) and re.search("[A-Z]", text) and re.search("[0-9]", text))


def _bits(text: str) -> float:
    """Shannon entropy of one character of ``text``."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def findings(value: Any, path: KeyPath = (), *, name: str = "", random: bool = True) -> Iterator[Finding]:
    """Everything in a document that looks like a secret.

    Args:
        value: Mappings, lists and scalars; a text that is JSON is searched as what it says.
        path: Where ``value`` stands.
        name: The name it goes under.
        random: Whether a value that only looks random is one.
    """
    if isinstance(value, Mapping):
        yield from _in_mapping(value, path, random)
    elif isinstance(value, list | tuple):
        yield from _in_list(value, path, name, random)
    elif isinstance(value, str):
        yield from _in_text(value, path, name, random)
    elif (
        type(value) is int and names_secret(name) and _NUMBERS_TOO & {w.lower() for w in _WORD.findall(name)}
    ):
        yield Finding(path, f"the value of {name}", str(value))


def _in_mapping(value: Mapping[Any, Any], path: KeyPath, random: bool) -> Iterator[Finding]:
    pair = next((key for key in ("Key", "Name", "key", "name") if isinstance(value.get(key), str)), None)
    for key, item in value.items():
        said = value[pair] if pair is not None and key in ("Value", "value") else str(key)
        mine = not (pair is not None and str(value[pair]).startswith("foldline:"))
        loose = mine and (random or key in FREE)
        yield from findings(item, (*path, str(key)), name=said, random=loose)


def _in_list(value: list[Any] | tuple[Any, ...], path: KeyPath, name: str, random: bool) -> Iterator[Finding]:
    option = ""
    for number, item in enumerate(value):
        yield from findings(item, (*path, number), name=option or name, random=random)
        is_option = isinstance(item, str) and re.fullmatch(r"--?[A-Za-z][\w-]{0,80}", item) is not None
        option = item if is_option else ""


def _in_text(text: str, path: KeyPath, name: str, random: bool) -> Iterator[Finding]:
    if is_reference(text):
        return
    if text[:1] in ('"', "{", "[") and len(text) <= 100_000:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = text
        if said != text:
            yield from findings(said, path, name=name, random=random)
            return
    option = re.fullmatch(r"--?(?P<name>[A-Za-z][\w-]{0,80})=(?P<value>\S{1,4000})", text)
    if option is not None:
        yield from _in_text(option["value"], path, option["name"], random)
        return
    seen = [Finding(path, what, secret) for what, secret in shapes_in(text)]
    if not seen and names_secret(name) and text.strip().lower() not in _NO_SECRETS:
        seen = [Finding(path, f"the value of {name.lstrip('-')}", text)]
    if not seen and random and looks_random(text):
        seen = [Finding(path, "a random word, as keys and tokens are", text)]
    yield from seen
