"""What the index holds of one object version, and its form as a row."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.s3.files import BlobFolder

NULL = "null"  # the version of whatever was written without versioning
COLUMNS = "key, blob, size, etag, modified, details, version, number"


@dataclass(frozen=True)
class StoredObject:
    """One object as it was when asked for; its blob at ``path`` outlives a replacement by minutes."""

    bucket: str
    key: str
    path: Path
    size: int
    etag: str
    modified: float
    metadata: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)  # content-type and the like, as given
    checksums: dict[str, str] = field(default_factory=dict)  # {"crc32": "…", "type": "FULL_OBJECT"}
    tags: dict[str, str] = field(default_factory=dict)
    parts: tuple[int, ...] = ()  # part sizes of a multipart object
    part_checksums: tuple[str, ...] = ()  # and the parts' checksums, where each has one
    acl: str = ""  # the ACL's document; empty for the owner's full control
    version: str = NULL
    number: int = 0  # falls with the time of writing: newest first

    @property
    def row(self) -> tuple[object, ...]:
        """Its row, as ``COLUMNS`` names them, behind the bucket."""
        details = {
            "metadata": self.metadata,
            "headers": self.headers,
            "checksums": self.checksums,
            "tags": self.tags,
            "parts": self.parts,
            "part_checksums": self.part_checksums,
            "acl": self.acl,
        }
        kept = json.dumps({name: value for name, value in details.items() if value})
        place = (self.bucket, self.key, self.path.name, self.size, self.etag, self.modified)
        return (*place, kept, self.version, self.number)


@dataclass(frozen=True)
class Marker:
    """A delete marker: from its time on, the key meant nothing."""

    bucket: str
    key: str
    modified: float
    version: str
    number: int

    @property
    def row(self) -> tuple[object, ...]:
        """Its row, as ``COLUMNS`` names them, behind the bucket."""
        return (self.bucket, self.key, "", 0, "", self.modified, "{}", self.version, self.number)


Version = StoredObject | Marker


def from_row(files: BlobFolder, bucket: str, row: tuple[Any, ...]) -> StoredObject:
    """The object of a row of ``COLUMNS``."""
    key, blob, size, etag, modified, details, version, number = row
    more = json.loads(details)
    more.setdefault("metadata", {})
    if "parts" in more:
        more["parts"] = tuple(more["parts"])
        more["part_checksums"] = tuple(more.get("part_checksums", ()))
    path = files.path(blob)
    return StoredObject(bucket, key, path, size, etag, modified, **more, version=version, number=number)


def version_from_row(files: BlobFolder, bucket: str, row: tuple[Any, ...]) -> Version:
    """The object or delete marker of a row of ``COLUMNS``."""
    if row[1]:
        return from_row(files, bucket, row)
    return Marker(bucket, row[0], modified=row[4], version=row[6], number=row[7])
