"""Versions over HTTP: a bucket's versioning, ListObjectVersions, and the version a request names."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator
from functools import partial

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.blobs import Objects
from localaws.s3.errors import not_implemented
from localaws.s3.index import ENABLED, SUSPENDED, VERSIONING, Index
from localaws.s3.listing import Page, page, page_size, spelling
from localaws.s3.place import Place
from localaws.s3.rows import Marker, StoredObject, Version
from localaws.wire import Request, Response

ID = re.compile(r"[0-9a-f]{32}|null")
NUMBER_DIGITS = 16  # of an id: the time it was written at, in hexadecimal nanoseconds


def check_version(version: str) -> str:
    """A version's id, when it is one.

    Raises:
        AwsError: InvalidArgument.
    """
    if ID.fullmatch(version):
        return version
    message = "Version id cannot be the empty string" if not version else "Invalid version id specified"
    raise AwsError("InvalidArgument", message, ArgumentName="versionId", ArgumentValue=version)


def version_of(request: Request) -> str | None:
    """The version a request names; None for what the key means now."""
    version = request.query.get("versionId")
    return None if version is None else check_version(version)


def version_header(index: Index, item: StoredObject) -> dict[str, str]:
    """The header that names an object's version; none in a bucket that never had versions."""
    return {"x-amz-version-id": item.version} if index.versioning(item.bucket) else {}


class Versions:
    """The operations on a bucket's versions."""

    def __init__(self, objects: Objects, account: str) -> None:
        self._index = objects.index
        self._account = account

    def status(self, request: Request, place: Place) -> Response:
        """GetBucketVersioning: no status for a bucket that never had versions."""
        self._index.need_bucket(place.bucket)
        return documents.answer("VersioningConfiguration", ("Status", self._index.versioning(place.bucket)))

    def set_status(self, request: Request, place: Place) -> Response:
        """PutBucketVersioning."""
        tree = documents.parse(request)
        status = tree.findtext("Status")
        if tree.findtext("MfaDelete") == "Enabled":
            raise not_implemented("PutBucketVersioning with MfaDelete")
        if tree.tag != "VersioningConfiguration" or status not in (ENABLED, SUSPENDED):
            message = "The Versioning element must be specified"
            raise AwsError("IllegalVersioningConfigurationException", message)
        with self._index.database.transaction():
            self._index.need_bucket(place.bucket)
            self._index.set_setting(place.bucket, VERSIONING, status)
        return Response(200)

    def list(self, request: Request, place: Place) -> Response:
        """ListObjectVersions: by key, newest first."""
        query = request.query
        self._index.need_bucket(place.bucket)
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        limit, spell = page_size(query, "max-keys"), spelling(query)
        after, version = query.get("key-marker", ""), query.get("version-id-marker", "")
        if version and not after:
            message = "A version-id marker cannot be specified without a key marker."
            raise AwsError(
                "InvalidArgument", message, ArgumentName="version-id-marker", ArgumentValue=version
            )
        scan = self._scan(place.bucket, prefix, after, version)
        found = page(scan, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
        entries = self._entries(found, spell, after if version else None)
        entries += [("CommonPrefixes", [("Prefix", spell(common))]) for common in found.prefixes]
        last = found.items[-1] if found.items and found.items[-1].key == found.last else None
        return documents.answer(
            "ListVersionsResult",
            ("Name", place.bucket),
            ("Prefix", spell(prefix)),
            ("KeyMarker", spell(after)),
            ("VersionIdMarker", version),
            ("NextKeyMarker", None if found.last is None else spell(found.last)),
            ("NextVersionIdMarker", last.version if last else None),
            ("MaxKeys", limit),
            ("Delimiter", spell(delimiter) if delimiter else None),
            ("EncodingType", query.get("encoding-type")),
            ("IsTruncated", found.last is not None),
            *entries,
        )

    def _scan(
        self, bucket: str, prefix: str, key_marker: str, version: str
    ) -> Callable[[str], Iterator[Version]]:
        """The versions after a key; after the marked version where the key is the page's marker."""
        plain = partial(self._index.scan_versions, bucket, prefix)
        if not version:
            return plain
        behind = self._number(bucket, key_marker, version)
        return lambda after: plain(after, behind) if after == key_marker else plain(after)

    def _number(self, bucket: str, key: str, version: str) -> int:
        """Where a version stands among its key's; one that is gone meanwhile tells by its id."""
        found = self._index.find_version(bucket, key, check_version(version))
        if found is not None:
            return found.number
        if version == "null":
            return -(2**63)  # its place is forgotten: rather list the key's others twice than not at all
        return -int(version[:NUMBER_DIGITS], 16)

    def _entries(
        self, found: Page[Version], spell: Callable[[str], str], begun: str | None
    ) -> builtins.list[documents.Element]:
        """An element for each version; the first of a key is the latest, unless an earlier page had it."""
        entries: list[documents.Element] = []
        for item in found.items:
            children: list[documents.Element] = [
                ("Key", spell(item.key)),
                ("VersionId", item.version),
                ("IsLatest", item.key != begun),
                ("LastModified", documents.iso(item.modified)),
                ("Owner", [("ID", self._account)]),
            ]
            if not isinstance(item, Marker):
                children += documents.stored(item)
            entries.append(("DeleteMarker" if isinstance(item, Marker) else "Version", children))
            begun = item.key
        return entries
