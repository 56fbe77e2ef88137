"""The few things the shim does with S3, over botocore; the endpoint comes from the environment."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from botocore.session import get_session

DELETED_AT_ONCE = 1000
PIECE = 1 << 20


@dataclass(frozen=True)
class Item:
    """An object in a listing."""

    key: str
    size: int
    etag: str
    modified: dt.datetime


@functools.cache
def client(service: str = "s3") -> Any:
    """One client of a service for the whole run."""
    return get_session().create_client(service)


def is_uri(path: object) -> bool:
    """Whether something is an S3 path as Spark scripts write them."""
    return isinstance(path, str) and path.startswith(("s3://", "s3a://", "s3n://"))


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 path."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


def listing(bucket: str, prefix: str) -> list[Item]:
    """The objects under a prefix, by key."""
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        Item(entry["Key"], entry["Size"], entry["ETag"], entry["LastModified"])
        for page in pages
        for entry in page.get("Contents", [])
    ]


def is_object(bucket: str, key: str) -> bool:
    """Whether there is an object of exactly this key."""
    try:
        client().head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def download(bucket: str, key: str, target: Path) -> None:
    """Bring an object; the file appears when it is whole."""
    body = client().get_object(Bucket=bucket, Key=key)["Body"]
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as file:
        for piece in body.iter_chunks(PIECE):
            file.write(piece)
    part.replace(target)


def upload(path: Path, bucket: str, key: str) -> None:
    """Store a file as an object."""
    with path.open("rb") as body:
        client().put_object(Bucket=bucket, Key=key, Body=body)


def delete(bucket: str, keys: list[str]) -> None:
    """Remove objects."""
    for start in range(0, len(keys), DELETED_AT_ONCE):
        entries = [{"Key": key} for key in keys[start : start + DELETED_AT_ONCE]]
        client().delete_objects(Bucket=bucket, Delete={"Objects": entries, "Quiet": True})
