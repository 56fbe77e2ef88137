"""Extracted rows in S3: each attempt writes below its own prefix, and one manifest says which one counts.

The manifest is written last, and the first one stays. So whoever dies leaves files that nobody reads, and of
two that finish both name the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foldline.errors import DataError
from foldline.layout import S3Uri
from foldline.remote.calls import error_code
from foldline.remote.memory import LOST, Memory
from foldline.remote.storage.objects import stored

MANIFEST = "_MANIFEST.json"
GONE = ("NoSuchKey", "404", "NotFound")
DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class Extract:
    """The place of one extract: files by attempt, and the manifest.

    Attributes:
        client: boto3 S3 client, which retries by itself.
        account: Account that must own the bucket.
        root: Prefix of who asks for what.
        kms_key: Key of the files; None leaves it to the bucket.
    """

    client: Any
    account: str
    root: S3Uri
    kms_key: str | None = None

    def place(self, attempt: int) -> S3Uri:
        """Where an attempt writes."""
        return self.root / f"g{attempt}/"

    def manifest(self) -> dict[str, Any] | None:
        """What was extracted; None until it is complete."""
        at = self.root / MANIFEST
        try:
            answer = self.client.get_object(**self._object(at))
        except Exception as error:
            if error_code(error) in GONE:
                return None
            raise
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document

    def claim(self, memory: Memory, claimant: str) -> int:
        """The number of an attempt that is nobody else's.

        Args:
            memory: The task's.
            claimant: What tells this process from all others, twins included.
        """
        number = 0
        while memory.once(f"attempt-{number}", lambda: {"by": claimant})["by"] != claimant:
            number += 1
        return number

    def upload(self, path: Path, place: S3Uri, size: int) -> str:
        """A file's ETag once it lies in ``place``.

        Raises:
            DataError: What lies there has another size.
        """
        target, extra = place / path.name, {"ExpectedBucketOwner": self.account}
        if self.kms_key:
            extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}
        self.client.upload_file(Filename=str(path), Bucket=target.bucket, Key=target.key, ExtraArgs=extra)
        there = self.client.head_object(**self._object(target))
        if there["ContentLength"] != size:
            raise DataError(
                f"{target} has {there['ContentLength']:,} bytes, {size:,} were written",
                mend="clear the task; if it comes again, look at what else writes there",
            )
        return str(there["ETag"]).strip('"')

    def complete(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """The manifest that counts: this one, or the one that another attempt has written before."""
        at = self.root / MANIFEST
        body = json.dumps(manifest, sort_keys=True, allow_nan=False).encode()
        try:
            request = {**self._object(at), "Body": body, "ContentType": "application/json"}
            self.client.put_object(**request, IfNoneMatch="*")
        except Exception as error:
            if error_code(error) not in LOST:
                raise
        counts = self.manifest()
        assert counts is not None, "it was just written, and nobody removes it"
        return counts

    def tidy(self, manifest: Mapping[str, Any]) -> None:
        """Remove the files that the manifest does not name: those of attempts that died or came second."""
        kept = {f"{manifest['uri']}{part['name']}" for part in manifest["parts"]}
        keys = [
            {"Key": one.uri.key}
            for one in stored(self.client, self.account, self.root)
            if str(one.uri) not in kept and one.uri.name != MANIFEST
        ]
        for start in range(0, len(keys), DELETED_AT_ONCE):
            self.client.delete_objects(
                Bucket=self.root.bucket,
                Delete={"Objects": keys[start : start + DELETED_AT_ONCE], "Quiet": True},
                ExpectedBucketOwner=self.account,
            )

    def _object(self, uri: S3Uri) -> dict[str, str]:
        return {"Bucket": uri.bucket, "Key": uri.key, "ExpectedBucketOwner": self.account}


def drift(before: list[list[str]], now: list[list[str]]) -> list[str]:
    """What changed in the columns, by name: gone, new, of another type, in another order."""
    old, new = ({column[0]: column[1] for column in columns} for columns in (before, now))
    told = [f"column {name} is gone" for name in old if name not in new]
    told += [f"column {name} is new ({new[name]})" for name in new if name not in old]
    told += [
        f"column {name} was {old[name]}, is {new[name]}"
        for name in old
        if name in new and old[name] != new[name]
    ]
    common = [name for name in old if name in new]
    if common != [name for name in new if name in old]:
        told.append("the columns are in another order")
    return told
