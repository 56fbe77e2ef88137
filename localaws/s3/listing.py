"""ListObjects, versions 1 and 2: prefixes, delimiters, pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.place import Place
from localaws.s3.rows import StoredObject
from localaws.wire import Request, Response

PAGE = 1000
SKIPS = 16  # keys of one common prefix read past before it is cheaper to search anew behind it


class Keyed(Protocol):
    """Whatever is listed by key."""

    @property
    def key(self) -> str:
        """Its key."""


Item = TypeVar("Item", bound=Keyed)


@dataclass
class Page(Generic[Item]):
    """One page; the next one follows ``last``, a key or common prefix; None when there is none."""

    items: list[Item] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str | None = None


def page(
    scan: Callable[[str], Iterator[Item]], *, prefix: str, delimiter: str, after: str, limit: int
) -> Page[Item]:
    """Up to ``limit`` items and common prefixes, after a key or common prefix, in order.

    ``scan`` gives the items under the prefix that come after a key.
    """
    found: Page[Item] = Page()
    count, last = 0, after
    group = _group(after, prefix, delimiter)
    if group != after:  # in the midst of a group: the group is still to be named
        group = None
    position, searching = after, limit > 0
    while searching:
        searching, skipped = False, 0
        for item in scan(position):
            if group is not None and item.key.startswith(group):
                skipped += 1
                if skipped > SKIPS:
                    position, searching = group + "\U0010ffff", True
                    break
                continue
            if count == limit:
                found.last = last
                return found
            group, count = _group(item.key, prefix, delimiter), count + 1
            if group is None:
                found.items.append(item)
            else:
                found.prefixes.append(group)
            last = group or item.key
    return found


def _group(key: str, prefix: str, delimiter: str) -> str | None:
    """The common prefix a key falls under; None for a key of its own."""
    if not delimiter or not key.startswith(prefix):
        return None
    end = key.find(delimiter, len(prefix))
    return None if end < 0 else key[: end + len(delimiter)]


class Listing:
    """The two listing operations."""

    def __init__(self, objects: Objects, account: str) -> None:
        self._index = objects.index
        self._account = account

    def objects(self, request: Request, place: Place) -> Response:
        """ListObjects or ListObjectsV2, as ``list-type`` says."""
        query = request.query
        self._index.need_bucket(place.bucket)
        second = query.get("list-type") == "2"
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit = page_size(query, "max-keys")
        spell = spelling(query)
        after = _position(query) if second else query.get("marker", "")
        scan = partial(self._index.scan, place.bucket, prefix)
        found = page(scan, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
        children: list[documents.Element] = [
            ("Name", place.bucket),
            ("Prefix", spell(prefix)),
            ("Delimiter", spell(delimiter) if delimiter else None),
            ("MaxKeys", limit),
            ("EncodingType", query.get("encoding-type")),
            ("IsTruncated", found.last is not None),
        ]
        if second:
            token = base64.urlsafe_b64encode(found.last.encode()).decode() if found.last is not None else None
            start = query.get("start-after")
            children += [
                ("KeyCount", len(found.items) + len(found.prefixes)),
                ("ContinuationToken", query.get("continuation-token")),
                ("NextContinuationToken", token),
                ("StartAfter", spell(start) if start else None),
            ]
        else:
            following = spell(found.last) if found.last is not None and delimiter else None
            children += [("Marker", spell(query.get("marker", ""))), ("NextMarker", following)]
        with_owner = not second or query.get("fetch-owner") == "true"
        children += [("Contents", self._entry(item, spell, with_owner)) for item in found.items]
        children += [("CommonPrefixes", [("Prefix", spell(common))]) for common in found.prefixes]
        return documents.answer("ListBucketResult", *children)

    def _entry(
        self, item: StoredObject, spell: Callable[[str], str], with_owner: bool
    ) -> list[documents.Element]:
        return [
            ("Key", spell(item.key)),
            ("LastModified", documents.iso(item.modified)),
            *documents.stored(item),
            ("Owner", [("ID", self._account)] if with_owner else None),
        ]


def _position(query: Mapping[str, str]) -> str:
    token = query.get("continuation-token")
    if token is None:
        return query.get("start-after", "")
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise AwsError("InvalidArgument", "The continuation token provided is incorrect") from None


def page_size(query: Mapping[str, str], name: str) -> int:
    """The page size a query asks for, at most 1,000.

    Raises:
        AwsError: InvalidArgument.
    """
    return min(whole_number(query, name, PAGE), PAGE)


def whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    """A number of a query.

    Raises:
        AwsError: InvalidArgument.
    """
    text = query.get(name) or str(default)
    if not text.isdecimal() or int(text) > 2**31 - 1:
        message = f"Provided {name} not an integer or within integer range"
        raise AwsError("InvalidArgument", message, ArgumentName=name, ArgumentValue=text)
    return int(text)


def spelling(query: Mapping[str, str]) -> Callable[[str], str]:
    """How keys are spelt in the answer: as they are, or percent-encoded when the query asks.

    Raises:
        AwsError: InvalidArgument for an encoding other than ``url``.
    """
    kind = query.get("encoding-type")
    if kind not in (None, "url"):
        raise AwsError("InvalidArgument", "Invalid Encoding Method specified in Request")
    return quote if kind else str
