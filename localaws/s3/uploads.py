"""Multipart uploads under way, and their parts, as rows of the index."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import Objects
from localaws.s3.files import Blob
from localaws.s3.rows import StoredObject

MEMORY = 86_400.0  # seconds a completion can be asked again


@dataclass(frozen=True)
class Part:
    """One uploaded part."""

    number: int
    blob: str
    size: int
    md5: str
    modified: float
    checksums: dict[str, str]


@dataclass(frozen=True)
class Upload:
    """One upload under way: where its object will be, and what the object will carry."""

    id: str
    bucket: str
    key: str
    started: float
    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    algorithm: str | None = None  # of its checksums, in lower case
    checksum_type: str | None = None
    acl: str = ""


@dataclass(frozen=True)
class Finished:
    """What an upload became."""

    etags: str  # the parts it was completed with
    version: str
    number: int


class Uploads:
    """The uploads and their parts; every change is one transaction."""

    def __init__(self, objects: Objects) -> None:
        self._index = objects.index
        self._database = objects.index.database

    def create(self, bucket: str, key: str, **details: Any) -> Upload:
        """A new upload."""
        upload = Upload(uuid.uuid4().hex, bucket, key, time.time(), **details)
        sql = "INSERT INTO upload(id, bucket, key, started, details) VALUES(?, ?, ?, ?, ?)"
        self._database.change(sql, upload.id, bucket, key, upload.started, json.dumps(details))
        return upload

    def get(self, upload: str, bucket: str, key: str) -> Upload:
        """One upload, if it is of that object.

        Raises:
            AwsError: NoSuchBucket or NoSuchUpload.
        """
        sql = "SELECT id, bucket, key, started, details FROM upload WHERE id = ? AND bucket = ? AND key = ?"
        rows = self._database.query(sql, upload, bucket, key)
        if not rows:
            self._index.need_bucket(bucket)
            raise AwsError(
                "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
                "been aborted or completed.",
                404,
                UploadId=upload,
            )
        return _upload(rows[0])

    def of_bucket(self, bucket: str) -> list[Upload]:
        """The uploads of a bucket, by key and id."""
        sql = "SELECT id, bucket, key, started, details FROM upload WHERE bucket = ? ORDER BY key, id"
        return [_upload(row) for row in self._database.query(sql, bucket)]

    def keep(self, upload: Upload, number: int, blob: Blob, checksums: dict[str, str]) -> None:
        """Keep a part, in place of an earlier one of its number.

        Raises:
            AwsError: NoSuchUpload, when the upload ended meanwhile.
        """
        sql = """INSERT OR REPLACE INTO part(upload, number, blob, size, md5, modified, checksums)
                 VALUES(?, ?, ?, ?, ?, ?, ?)"""
        with self._database.transaction():
            self.get(upload.id, upload.bucket, upload.key)
            old = self._database.query(
                "SELECT blob FROM part WHERE upload = ? AND number = ?", upload.id, number
            )
            for (name,) in old:
                self._index.discard(name)
            values = (upload.id, number, blob.name, blob.size, blob.md5, time.time(), json.dumps(checksums))
            self._database.change(sql, *values)

    def parts(self, upload: Upload) -> list[Part]:
        """The parts of an upload, by number."""
        sql = "SELECT number, blob, size, md5, modified, checksums FROM part WHERE upload = ? ORDER BY number"
        return [
            Part(number, blob, size, md5, modified, json.loads(checksums))
            for number, blob, size, md5, modified, checksums in self._database.query(sql, upload.id)
        ]

    def finish(self, upload: Upload, etags: str, item: StoredObject) -> None:
        """Forget an upload that became an object, but for what to say when its completion is asked again."""
        with self._database.transaction():
            self.drop(upload)
            now = time.time()
            self._database.change("DELETE FROM completed WHERE at < ?", now - MEMORY)
            sql = """INSERT INTO completed(upload, bucket, key, at, etags, version, number)
                     VALUES(?, ?, ?, ?, ?, ?, ?)"""
            place = (upload.id, upload.bucket, upload.key)
            self._database.change(sql, *place, now, etags, item.version, item.number)

    def finished(self, upload: str, bucket: str, key: str) -> Finished | None:
        """What an upload became, when that was not long ago."""
        sql = "SELECT etags, version, number FROM completed WHERE upload = ? AND bucket = ? AND key = ?"
        rows = self._database.query(sql, upload, bucket, key)
        return Finished(*rows[0]) if rows else None

    def drop(self, upload: Upload) -> None:
        """Forget an upload with its parts."""
        with self._database.transaction():
            for part in self.parts(upload):
                self._index.discard(part.blob)
            self._database.change("DELETE FROM part WHERE upload = ?", upload.id)
            self._database.change("DELETE FROM upload WHERE id = ?", upload.id)


def _upload(row: tuple[Any, ...]) -> Upload:
    *place, details = row
    return Upload(*place, **json.loads(details))
