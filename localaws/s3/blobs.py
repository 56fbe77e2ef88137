"""S3 for the other services: objects in process, as local read-only files, without copies or HTTP."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

from localaws.database import Database
from localaws.errors import AwsError
from localaws.s3.errors import S3Error, no_such_key, no_such_version
from localaws.s3.files import PIECE, Blob, BlobFolder
from localaws.s3.index import Expectation, Index
from localaws.s3.rows import Marker, StoredObject
from localaws.s3.schema import SCHEMA, modernise

__all__ = ["Objects", "StoredObject", "split_uri"]
log = logging.getLogger("localaws")


def split_uri(uri: str) -> tuple[str, str]:
    """``("bucket", "key/x")`` of ``"s3://bucket/key/x"``; the key may be empty.

    Raises:
        AwsError: It is not an S3 URI.
    """
    scheme, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in ("s3", "s3a", "s3n") or not separator or not bucket:
        raise AwsError("ValidationException", f"not an S3 URI (s3://bucket/key): {uri!r}")
    return bucket, key


class Objects:
    """Every bucket and object. Blobs are immutable files of mode 0444: an overwrite is a new blob.

    A ``path`` may be handed to DuckDB or pyarrow, copied, or hard-linked by whoever only reads it.
    """

    def __init__(self, state: Path) -> None:
        self.files = BlobFolder(state / "blobs")
        database = Database(state / "s3.db", SCHEMA)
        modernise(database)
        self.index = Index(database, self.files)
        database.change("DELETE FROM garbage")
        if lost := self.files.sweep(self.index.live_blobs()):
            for name in self.index.drop_blobs(lost):
                log.warning("%s lost its data, as by a power cut, and is removed", name)
            self.reclaim()

    def bucket_exists(self, bucket: str) -> bool:
        """Whether there is such a bucket."""
        return bool(self.index.database.query("SELECT 1 FROM bucket WHERE name = ?", bucket))

    def bucket_names(self) -> list[str]:
        """Every bucket, by name."""
        return [name for (name,) in self.index.database.query("SELECT name FROM bucket ORDER BY name")]

    def list(self, bucket: str, prefix: str = "") -> list[StoredObject]:
        """The objects under a prefix, by key.

        Raises:
            AwsError: NoSuchBucket.
        """
        self.index.need_bucket(bucket)
        return list(self.index.scan(bucket, prefix))

    def get(self, bucket: str, key: str, version: str | None = None) -> StoredObject:
        """One object as it is now, or one version of it.

        Raises:
            AwsError: NoSuchBucket, NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker's version.
        """
        if version is not None:
            return self._get_version(bucket, key, version)
        found = self.index.find(bucket, key)
        if found is None:
            marker = self.index.newest_past(bucket, key)
            raise no_such_key(key, marker_headers(marker) if isinstance(marker, Marker) else None)
        return found

    def _get_version(self, bucket: str, key: str, version: str) -> StoredObject:
        found = self.index.find_version(bucket, key, version)
        if found is None:
            raise no_such_version(key, version)
        if isinstance(found, Marker):
            headers = marker_headers(found) | {
                "Allow": "DELETE",
                "Last-Modified": formatdate(int(found.modified), usegmt=True),
            }
            message = "The specified method is not allowed against this resource."
            raise S3Error("MethodNotAllowed", message, 405, headers, ResourceType="DeleteMarker")
        return found

    def put_bytes(
        self, bucket: str, key: str, data: bytes, metadata: Mapping[str, str] | None = None
    ) -> StoredObject:
        """Store bytes as an object; the object."""
        self.index.need_bucket(bucket)
        with self.files.writer() as writer:
            writer.write(data)
            return self.publish(bucket, key, writer.seal(), metadata=metadata)

    def put_file(
        self,
        bucket: str,
        key: str,
        source: Path,
        *,
        move: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject:
        """Store a file as an object; with ``move`` the file itself becomes the blob and leaves its place."""
        self.index.need_bucket(bucket)
        if move and not source.is_symlink() and source.stat().st_nlink == 1:
            return self.publish(bucket, key, self.files.take(source), metadata=metadata)
        with self.files.writer() as writer, source.open("rb") as file:
            while piece := file.read(PIECE):
                writer.write(piece)
            item = self.publish(bucket, key, writer.seal(), metadata=metadata)
        if move:
            source.unlink()
        return item

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object (by a delete marker in a bucket with versions); no matter if there is none."""
        self.index.delete(bucket, key)
        self.index.collect()

    def publish(
        self,
        bucket: str,
        key: str,
        blob: Blob,
        *,
        metadata: Mapping[str, str] | None = None,
        expect: Expectation | None = None,
        **details: Any,
    ) -> StoredObject:
        """Make a finished blob visible as an object, if the object it replaces is as expected.

        Args:
            bucket: Its bucket.
            key: Its key.
            blob: Its data.
            metadata: What the user says of it.
            expect: Raises, within the step that replaces it, when the older object is not as demanded.
            details: Other members of StoredObject: headers, checksums, tags, parts, …
        """
        path = self.files.path(blob.name)
        item = StoredObject(
            bucket, key, path, blob.size, blob.md5, time.time(), dict(metadata or {}), **details
        )
        self.index.collect()
        return self.index.publish(item, expect)

    def amend(self, bucket: str, key: str, version: str | None = None, **changes: Any) -> StoredObject:
        """Change what is kept of an object or version beside its data, such as its tags; the result.

        Raises:
            AwsError: As ``get``.
        """
        with self.index.database.transaction():
            item = replace(self.get(bucket, key, version), **changes)
            self.index.update(item)
        return item

    def reclaim(self) -> None:
        """Remove all garbage at once: the disk is full."""
        self.index.collect(grace=0)

    def close(self) -> None:
        """Let go of the index."""
        self.index.database.close()


def marker_headers(marker: Marker) -> dict[str, str]:
    """What S3 says of a delete marker in the way."""
    return {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version}
