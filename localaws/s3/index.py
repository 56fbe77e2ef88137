"""The S3 index: buckets, objects, multipart uploads and blobs awaiting removal, in one SQLite file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.database import Database
from localaws.errors import AwsError
from localaws.s3.files import BlobFolder

SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket(name TEXT PRIMARY KEY, created REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_setting(
    bucket TEXT, name TEXT, body TEXT NOT NULL, PRIMARY KEY(bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object(
    bucket TEXT, key TEXT, blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified REAL NOT NULL, details TEXT NOT NULL, PRIMARY KEY(bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS upload(
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started REAL NOT NULL,
    details TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part(
    upload TEXT, number INTEGER, blob TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL,
    modified REAL NOT NULL, checksums TEXT NOT NULL, PRIMARY KEY(upload, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS garbage(blob TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS garbage_age ON garbage(since);
"""
GRACE = 300.0  # seconds a replaced blob stays readable for whoever holds its path, such as a long query


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


Expectation = Callable[[StoredObject | None], None]


class Index:
    """Rows of S3; every change is one transaction."""

    def __init__(self, database: Database, files: BlobFolder) -> None:
        self.database = database
        self._files = files

    def need_bucket(self, bucket: str) -> None:
        """Raise NoSuchBucket unless the bucket exists."""
        if not self.database.query("SELECT 1 FROM bucket WHERE name = ?", bucket):
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=bucket)

    def find(self, bucket: str, key: str) -> StoredObject | None:
        """One object, None when there is none.

        Raises:
            AwsError: NoSuchBucket.
        """
        sql = "SELECT key, blob, size, etag, modified, details FROM object WHERE bucket = ? AND key = ?"
        rows = self.database.query(sql, bucket, key)
        if rows:
            return self._object(bucket, rows[0])
        self.need_bucket(bucket)
        return None

    def scan(self, bucket: str, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Objects by key (in UTF-8 order) under a prefix, after a key; read in pages, small ones first."""
        sql = """SELECT key, blob, size, etag, modified, details FROM object
                 WHERE bucket = ? AND key > ? AND key >= ? ORDER BY key LIMIT ?"""
        limit = 16
        while True:
            rows = self.database.query(sql, bucket, after, prefix, limit)
            for row in rows:
                if not row[0].startswith(prefix):
                    return
                yield self._object(bucket, row)
            if len(rows) < limit:
                return
            after, limit = rows[-1][0], min(4 * limit, 1024)

    def publish(self, item: StoredObject, expect: Expectation | None = None) -> None:
        """Make an object visible in place of an older one, if the older one (or None) is as expected."""
        details = {
            "metadata": item.metadata,
            "headers": item.headers,
            "checksums": item.checksums,
            "tags": item.tags,
            "parts": item.parts,
        }
        sql = """INSERT INTO object(bucket, key, blob, size, etag, modified, details)
                 VALUES(?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT(bucket, key) DO UPDATE SET blob = excluded.blob, size = excluded.size,
                 etag = excluded.etag, modified = excluded.modified, details = excluded.details"""
        with self.database.transaction():
            old = self.find(item.bucket, item.key)
            if expect:
                expect(old)
            if old and old.path != item.path:
                self.discard(old.path.name)
            values = (item.bucket, item.key, item.path.name, item.size, item.etag, item.modified)
            self.database.change(sql, *values, json.dumps(details))

    def delete(self, bucket: str, key: str) -> bool:
        """Remove an object; False when there was none."""
        with self.database.transaction():
            old = self.find(bucket, key)
            if old is None:
                return False
            self.database.change("DELETE FROM object WHERE bucket = ? AND key = ?", bucket, key)
            self.discard(old.path.name)
        return True

    def discard(self, blob: str) -> None:
        """Mark a blob as garbage; its file goes after the grace time."""
        self.database.change("INSERT OR IGNORE INTO garbage(blob, since) VALUES(?, ?)", blob, time.time())

    def collect(self, grace: float = GRACE) -> None:
        """Remove the files of garbage older than the grace time, a hundred at most when there is one."""
        sql = "SELECT blob FROM garbage WHERE since <= ? LIMIT ?"
        dead = self.database.query(sql, time.time() - grace, 100 if grace else -1)
        for (blob,) in dead:
            self._files.remove(blob)
        if dead:
            self.database.change_many("DELETE FROM garbage WHERE blob = ?", dead)

    def live_blobs(self) -> set[str]:
        """The blobs some object or part still names."""
        return {
            blob for (blob,) in self.database.query("SELECT blob FROM object UNION SELECT blob FROM part")
        }

    def _object(self, bucket: str, row: tuple[Any, ...]) -> StoredObject:
        key, blob, size, etag, modified, details = row
        more = json.loads(details)
        more["parts"] = tuple(more["parts"])
        return StoredObject(bucket, key, self._files.path(blob), size, etag, modified, **more)
