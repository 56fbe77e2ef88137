"""Which S3 objects a request's data source names, and how they come to a job's hosts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.s3.blobs import Objects, StoredObject, split_uri

DOWNLOAD_FAILED = "Data download failed:"


@dataclass(frozen=True)
class Item:
    """An object and the path a job sees it under, relative to its channel."""

    object: StoredObject
    path: str


def items(objects: Objects, uri: str, data_type: str, *, required: bool = True) -> list[Item]:
    """The objects an ``S3Prefix`` or a ``ManifestFile`` names, in the order of their keys.

    Raises:
        JobFailure: There are none and some are required, a manifest is malformed, or a key would leave its
            folder.
    """
    try:
        found = list(_manifest(objects, uri) if data_type == "ManifestFile" else _prefix(objects, uri))
    except AwsError as error:
        raise JobFailure("ClientError", f"{DOWNLOAD_FAILED}{_cause(error)}{_nothing(uri)}") from error
    if required and not found:
        raise JobFailure(
            "ClientError",
            f"{DOWNLOAD_FAILED}NoSuchKey (404): The specified key does not exist.{_nothing(uri)}",
        )
    for item in found:
        if item.path.startswith("/") or ".." in PurePosixPath(item.path).parts:
            raise JobFailure(
                "ClientError", f"{DOWNLOAD_FAILED} the key {item.object.key!r} leaves its folder"
            )
    return sorted(found, key=lambda item: item.object.key)


def share(found: list[Item], distribution: str, host: int, hosts: int) -> list[Item]:
    """What one of several hosts gets: everything, or with ``ShardedByS3Key`` every n-th object."""
    return found[host::hosts] if distribution == "ShardedByS3Key" else found


def stage(found: Iterable[Item], folder: Path, *, link: bool) -> None:
    """Bring objects into a folder, by hard links where whoever sees the folder cannot change the files.

    Raises:
        JobFailure: One key is a folder of another, which a file system cannot hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for item in found:
        target = folder / item.path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (link and _link(item.object.path, target)):
                shutil.copyfile(item.object.path, target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise JobFailure(
                "ClientError", f"{DOWNLOAD_FAILED} {item.path!r} is both a file and a folder of {folder.name}"
            ) from error


def _prefix(objects: Objects, uri: str) -> Iterator[Item]:
    bucket, prefix = split_uri(uri)
    for item in objects.list(bucket, prefix):
        rest = item.key[len(prefix) :]
        if item.key.endswith("/"):
            continue
        if not rest:
            yield Item(item, PurePosixPath(item.key).name)
        elif not prefix or prefix.endswith("/") or rest.startswith("/"):
            yield Item(item, rest.lstrip("/"))
        else:  # the prefix ends inside a name: "train" also names "train-2/a.csv"
            yield Item(item, item.key[len(prefix.rpartition("/")[0]) :].lstrip("/"))


def _manifest(objects: Objects, uri: str) -> Iterator[Item]:
    """``[{"prefix": "s3://bucket/folder/"}, "name", …]``."""
    try:
        head, *names = json.loads(objects.get(*split_uri(uri)).path.read_bytes())
        bucket, prefix = split_uri(head["prefix"])
        for name in names:
            yield Item(objects.get(bucket, prefix + name), name.lstrip("/"))
    except (ValueError, TypeError, KeyError) as error:
        raise JobFailure(
            "ClientError",
            f'{DOWNLOAD_FAILED} the manifest {uri} is not a JSON list [{{"prefix": "s3://…"}}, "name", …]',
        ) from error


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system, too many links, or a system that protects links
        return False
    return True


def _cause(error: AwsError) -> str:
    return f"{error.code} ({error.status}): {error.message}"


def _nothing(uri: str) -> str:
    return (
        f' No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the '
        "bucket exists, and that objects exist under that S3 prefix."
    )
