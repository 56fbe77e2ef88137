"""The container-side source tree in S3, by its content: one upload serves every job that runs it."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from foldline.errors import ConfigError
from foldline.layout import PipelineLayout, S3Uri
from foldline.names import digest
from foldline.remote.calls import error_code

STAGES = ("preprocessing", "training", "deploy")
KERNEL = ("__init__.py", "errors.py", "folds.py", "layout.py", "trials.py")
"""The files of `foldline` that cross into the container."""
ORCHESTRATOR = frozenset({"request.py", "ingest.py", "search.py", "gate.py", "rollout.py"})
"""Files of the stage folders that Airflow reads; they stay at home."""


@dataclass(frozen=True)
class SourceTree:
    """Files by their path in the container, and the digest of all of them."""

    files: tuple[tuple[str, Path], ...]
    digest: str


def package_folder(name: str) -> Path:
    """The folder of an installed top-level package.

    Raises:
        ConfigError: There is none.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"package {name!r} cannot be found",
            mend="install foldline (`make setup`), or run from the project's root",
        )
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def source_tree() -> SourceTree:
    """The container side of this installation."""
    files = [(f"foldline/{name}", package_folder("foldline") / name) for name in KERNEL]
    for stage in STAGES:
        folder = package_folder(stage)
        files += [
            (f"{stage}/{path.relative_to(folder).as_posix()}", path)
            for path in sorted(folder.rglob("*.py"))
            if path.name not in ORCHESTRATOR
        ]
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files}
    return SourceTree(tuple(files), digest(hashes))


def ensure_uploaded(s3: Any, layout: PipelineLayout, owner: str) -> S3Uri:
    """The source tree's prefix in S3; uploads it when the marker that is written last is not there.

    Args:
        s3: boto3 S3 client.
        layout: Gives the prefix.
        owner: Account that must own the bucket.
    """
    tree = source_tree()
    prefix, marker = layout.code(tree.digest), layout.code_marker(tree.digest)
    try:
        s3.head_object(Bucket=marker.bucket, Key=marker.key, ExpectedBucketOwner=owner)
        return prefix
    except Exception as error:
        if error_code(error) not in ("404", "NoSuchKey", "NotFound"):
            raise
    for name, path in tree.files:
        target = prefix / name
        s3.put_object(Bucket=target.bucket, Key=target.key, Body=path.read_bytes(), ExpectedBucketOwner=owner)
    body = "\n".join(name for name, _ in tree.files).encode()
    s3.put_object(Bucket=marker.bucket, Key=marker.key, Body=body, ExpectedBucketOwner=owner)
    return prefix
