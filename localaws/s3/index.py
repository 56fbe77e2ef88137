"""The S3 index: buckets, objects and their versions, and blobs awaiting removal, in one SQLite file."""

# ruff: noqa: S608  # only the names of columns and tables are put into statements; values are parameters
from __future__ import annotations

import heapq
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from localaws.database import Database
from localaws.errors import AwsError
from localaws.s3.files import BlobFolder
from localaws.s3.rows import COLUMNS, NULL, Marker, StoredObject, Version, from_row, version_from_row

GRACE = 300.0  # seconds a replaced blob stays readable for whoever holds its path, such as a long query
ENABLED, SUSPENDED = "Enabled", "Suspended"
VERSIONING = "versioning"  # the bucket setting that says which
OLDEST = 1  # a number behind that of every version

Expectation = Callable[[StoredObject | None], None]


@dataclass(frozen=True)
class Removed:
    """What a deletion did.

    Attributes:
        version: The version that is gone, or the new delete marker's; None in a bucket without versions.
        marker: Whether that version is (or was) a delete marker.
        found: Whether there was anything to remove.
    """

    version: str | None = None
    marker: bool = False
    found: bool = True


class Index:
    """Rows of S3; every change is one transaction."""

    def __init__(self, database: Database, files: BlobFolder) -> None:
        self.database = database
        self._files = files
        rows = database.query("SELECT min(number) FROM object UNION ALL SELECT min(number) FROM past")
        self._last = min(number or 0 for (number,) in rows)

    def need_bucket(self, bucket: str) -> None:
        """Raise NoSuchBucket unless the bucket exists."""
        if not self.database.query("SELECT 1 FROM bucket WHERE name = ?", bucket):
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=bucket)

    def setting(self, bucket: str, name: str) -> str | None:
        """What is kept of a bucket under a name; None when nothing is."""
        sql = "SELECT body FROM bucket_setting WHERE bucket = ? AND name = ?"
        rows = self.database.query(sql, bucket, name)
        return rows[0][0] if rows else None

    def settings(self, name: str) -> dict[str, str]:
        """What is kept under a name, by bucket."""
        return dict(self.database.query("SELECT bucket, body FROM bucket_setting WHERE name = ?", name))

    def set_setting(self, bucket: str, name: str, body: str) -> None:
        """Keep something of a bucket under a name."""
        sql = "INSERT OR REPLACE INTO bucket_setting(bucket, name, body) VALUES(?, ?, ?)"
        self.database.change(sql, bucket, name, body)

    def clear_setting(self, bucket: str, name: str) -> None:
        """Forget what is kept of a bucket under a name."""
        self.database.change("DELETE FROM bucket_setting WHERE bucket = ? AND name = ?", bucket, name)

    def versioning(self, bucket: str) -> str | None:
        """``Enabled``, ``Suspended``, or None for a bucket that never had versions."""
        return self.setting(bucket, VERSIONING)

    def find(self, bucket: str, key: str) -> StoredObject | None:
        """The object a key means now, None when there is none.

        Raises:
            AwsError: NoSuchBucket.
        """
        sql = f"SELECT {COLUMNS} FROM object WHERE bucket = ? AND key = ?"
        rows = self.database.query(sql, bucket, key)
        if rows:
            return from_row(self._files, bucket, rows[0])
        self.need_bucket(bucket)
        return None

    def find_version(self, bucket: str, key: str, version: str) -> Version | None:
        """One version of a key, None when there is none.

        Raises:
            AwsError: NoSuchBucket.
        """
        now = self.find(bucket, key)
        if now is not None and now.version == version:
            return now
        sql = f"SELECT {COLUMNS} FROM past WHERE bucket = ? AND key = ? AND version = ?"
        rows = self.database.query(sql, bucket, key, version)
        return version_from_row(self._files, bucket, rows[0]) if rows else None

    def newest_past(self, bucket: str, key: str) -> Version | None:
        """The newest of a key's earlier versions: where the key means nothing now, often a delete marker."""
        sql = f"SELECT {COLUMNS} FROM past WHERE bucket = ? AND key = ? ORDER BY number LIMIT 1"
        rows = self.database.query(sql, bucket, key)
        return version_from_row(self._files, bucket, rows[0]) if rows else None

    def scan(self, bucket: str, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Objects by key (in UTF-8 order) under a prefix, after a key; read in pages, small ones first."""
        sql = f"""SELECT {COLUMNS} FROM object
                  WHERE bucket = ? AND key > ? AND key >= ? ORDER BY key LIMIT ?"""
        limit = 16
        while True:
            rows = self.database.query(sql, bucket, after, prefix, limit)
            for row in rows:
                if not row[0].startswith(prefix):
                    return
                yield from_row(self._files, bucket, row)
            if len(rows) < limit:
                return
            after, limit = rows[-1][0], min(4 * limit, 1024)

    def scan_versions(
        self, bucket: str, prefix: str = "", after: str = "", behind: int = OLDEST
    ) -> Iterator[Version]:
        """Every version by key, newest first, under a prefix, after a key.

        With ``behind``, the versions of that key itself that are older than that number come first.
        """
        current: Iterator[Version] = self.scan(bucket, prefix, after)
        if behind < OLDEST:
            now = self.find(bucket, after)
            if now is not None and now.number > behind and after.startswith(prefix):
                current = chain([now], current)
        past = self._scan_past(bucket, prefix, after, behind)
        return heapq.merge(current, past, key=lambda item: (item.key, item.number))

    def _scan_past(self, bucket: str, prefix: str, after: str, behind: int) -> Iterator[Version]:
        sql = f"""SELECT {COLUMNS} FROM past WHERE (bucket, key, number) > (?, ?, ?) AND bucket = ?
                  ORDER BY bucket, key, number LIMIT ?"""
        if after < prefix:
            after, behind = prefix, -(2**63)
        limit = 16
        while True:
            rows = self.database.query(sql, bucket, after, behind, bucket, limit)
            for row in rows:
                if not row[0].startswith(prefix):
                    return
                yield version_from_row(self._files, bucket, row)
            if len(rows) < limit:
                return
            after, behind, limit = rows[-1][0], rows[-1][-1], min(4 * limit, 1024)

    def publish(self, item: StoredObject, expect: Expectation | None = None) -> StoredObject:
        """Make an object visible in place of an older one, if the older one (or None) is as expected.

        Returns:
            The object with its version: in a bucket with versions the older one is kept as a past one.
        """
        with self.database.transaction():
            old = self.find(item.bucket, item.key)
            if expect:
                expect(old)
            status = self.versioning(item.bucket)
            item = replace(item, **self._next(status))
            self._retire(item.bucket, item.key, old, status)
            self._insert("object", item)
        return item

    def update(self, item: StoredObject) -> None:
        """Replace what is kept of a version (tags, ACL) and nothing else."""
        with self.database.transaction():
            now = self.find(item.bucket, item.key)
            self._insert("object" if now and now.version == item.version else "past", item)

    def delete(self, bucket: str, key: str) -> Removed:
        """Let a key mean nothing: by removing its object, or by a delete marker in a bucket with versions."""
        with self.database.transaction():
            old = self.find(bucket, key)
            status = self.versioning(bucket)
            self._retire(bucket, key, old, status)
            self.database.change("DELETE FROM object WHERE bucket = ? AND key = ?", bucket, key)
            if status is None:
                return Removed(found=old is not None)
            marker = Marker(bucket, key, time.time(), **self._next(status))
            self._insert("past", marker)
        return Removed(marker.version, marker=True)

    def delete_version(self, bucket: str, key: str, version: str) -> Removed:
        """Remove one version for good; the newest one left is what the key means then, unless a marker."""
        with self.database.transaction():
            old = self.find_version(bucket, key, version)
            if old is None:
                return Removed(version, found=False)
            for table in ("object", "past"):
                sql = f"DELETE FROM {table} WHERE bucket = ? AND key = ? AND version = ?"
                self.database.change(sql, bucket, key, version)
            if isinstance(old, StoredObject):
                self.discard(old.path.name)
            if self.find(bucket, key) is None:
                self._promote(self.newest_past(bucket, key))
        return Removed(version, marker=isinstance(old, Marker))

    def _promote(self, newest: Version | None) -> None:
        if isinstance(newest, StoredObject):
            sql = "DELETE FROM past WHERE bucket = ? AND key = ? AND number = ?"
            self.database.change(sql, newest.bucket, newest.key, newest.number)
            self._insert("object", newest)

    def _retire(self, bucket: str, key: str, old: StoredObject | None, status: str | None) -> None:
        """Keep what a key meant as a past version, or discard it where its version will be written anew."""
        if status == SUSPENDED:
            past = self.find_version(bucket, key, NULL)
            self.database.change(
                "DELETE FROM past WHERE bucket = ? AND key = ? AND version = ?", bucket, key, NULL
            )
            if isinstance(past, StoredObject) and past != old:
                self.discard(past.path.name)
        if old is None:
            return
        if status is None or (status == SUSPENDED and old.version == NULL):
            self.discard(old.path.name)
        else:
            self._insert("past", old)

    def _insert(self, table: str, item: Version) -> None:
        sql = f"INSERT OR REPLACE INTO {table}(bucket, {COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self.database.change(sql, *item.row)

    def _next(self, status: str | None) -> dict[str, Any]:
        """A new version's name and number. Numbers fall with time, also when a clock is set back."""
        self._last = min(-time.time_ns(), self._last - 1)
        version = f"{-self._last:016x}{uuid.uuid4().hex[:16]}" if status == ENABLED else NULL
        return {"version": version, "number": self._last}

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

    def live_blobs(self) -> dict[str, int]:
        """The blobs some version or part still names, with the size it should have."""
        sql = """SELECT blob, size FROM object UNION ALL SELECT blob, size FROM past WHERE blob != ''
                 UNION ALL SELECT blob, size FROM part"""
        return dict(self.database.query(sql))

    def drop_blobs(self, blobs: set[str]) -> list[str]:
        """Remove every version and part of blobs that are lost; names of the versions, for a log."""
        lost = []
        with self.database.transaction():
            for table in ("object", "past"):
                for bucket, key, version, blob in self.database.query(
                    f"SELECT bucket, key, version, blob FROM {table}"
                ):
                    if blob in blobs:
                        self.delete_version(bucket, key, version)
                        lost.append(f"s3://{bucket}/{key} (version {version})")
            self.database.change_many("DELETE FROM part WHERE blob = ?", [(blob,) for blob in blobs])
        return lost
