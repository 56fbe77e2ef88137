"""S3 for the other services: objects in process, as local read-only files, without copies or HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from localaws.database import Database
from localaws.errors import AwsError
from localaws.s3.files import PIECE, Blob, BlobFolder
from localaws.s3.index import SCHEMA, Expectation, Index, StoredObject

__all__ = ["Objects", "StoredObject", "split_uri"]


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
        self.index = Index(Database(state / "s3.db", SCHEMA), self.files)
        self.index.database.change("DELETE FROM garbage")
        self.files.sweep(self.index.live_blobs())

    def bucket_exists(self, bucket: str) -> bool:
        """Whether there is such a bucket."""
        return bool(self.index.database.query("SELECT 1 FROM bucket WHERE name = ?", bucket))

    def list(self, bucket: str, prefix: str = "") -> list[StoredObject]:
        """The objects under a prefix, by key.

        Raises:
            AwsError: NoSuchBucket.
        """
        self.index.need_bucket(bucket)
        return list(self.index.scan(bucket, prefix))

    def get(self, bucket: str, key: str) -> StoredObject:
        """One object.

        Raises:
            AwsError: NoSuchBucket or NoSuchKey.
        """
        found = self.index.find(bucket, key)
        if found is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404, Key=key)
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
        """Remove an object; no matter if there is none."""
        self.index.delete(bucket, key)
        self.index.collect()

    def publish(
        self,
        bucket: str,
        key: str,
        blob: Blob,
        *,
        etag: str | None = None,
        metadata: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        checksums: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        parts: tuple[int, ...] = (),
        expect: Expectation | None = None,
    ) -> StoredObject:
        """Make a finished blob visible as an object, if the object it replaces is as expected."""
        item = StoredObject(
            bucket,
            key,
            self.files.path(blob.name),
            blob.size,
            etag or blob.md5,
            time.time(),
            dict(metadata or {}),
            dict(headers or {}),
            dict(checksums or {}),
            dict(tags or {}),
            parts,
        )
        self.index.collect()
        self.index.publish(item, expect)
        return item

    def reclaim(self) -> None:
        """Remove all garbage at once: the disk is full."""
        self.index.collect(grace=0)

    def close(self) -> None:
        """Let go of the index."""
        self.index.database.close()
