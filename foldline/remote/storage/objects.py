"""Objects in S3, all of them in buckets of the environment's own account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from foldline.layout import S3Uri


@dataclass(frozen=True)
class Stored:
    """One object.

    Attributes:
        uri: Its address.
        size: Bytes.
        etag: Changes when its content does.
    """

    uri: S3Uri
    size: int
    etag: str


def stored(s3: Any, owner: str, prefix: S3Uri) -> Iterator[Stored]:
    """Every object below ``prefix``, by key; markers of folders are none.

    Args:
        s3: boto3 S3 client, which retries by itself.
        owner: Account that must own the bucket.
        prefix: Where to look.
    """
    pages = s3.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key, ExpectedBucketOwner=owner):
        for item in page.get("Contents", ()):
            if not item["Key"].endswith("/"):
                yield Stored(S3Uri(prefix.bucket, item["Key"]), item["Size"], item["ETag"].strip('"'))


@dataclass(frozen=True)
class Objects:
    """Reads and writes whole objects.

    Attributes:
        client: boto3 S3 client, which retries by itself.
        owner: Account that must own the buckets.
    """

    client: Any
    owner: str

    def put_bytes(self, uri: S3Uri, body: bytes, content_type: str) -> S3Uri:
        """``body`` at ``uri``."""
        self.client.put_object(
            Bucket=uri.bucket,
            Key=uri.key,
            Body=body,
            ContentType=content_type,
            ExpectedBucketOwner=self.owner,
        )
        return uri

    def put_document(self, uri: S3Uri, document: Any) -> S3Uri:
        """``document`` as JSON at ``uri``."""
        body = json.dumps(document, sort_keys=True, allow_nan=False, default=str).encode()
        return self.put_bytes(uri, body, "application/json")

    def get_bytes(self, uri: S3Uri) -> bytes:
        """The object at ``uri``."""
        answer = self.client.get_object(Bucket=uri.bucket, Key=uri.key, ExpectedBucketOwner=self.owner)
        body: bytes = answer["Body"].read()
        return body

    def get_document(self, uri: S3Uri) -> Any:
        """The JSON document at ``uri``."""
        return json.loads(self.get_bytes(uri))

    def below(self, prefix: S3Uri) -> list[Stored]:
        """Every object below ``prefix``, by key."""
        return list(stored(self.client, self.owner, prefix))
