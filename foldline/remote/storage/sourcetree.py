"""Source trees in S3, by their content: one upload serves every job that runs them."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import tarfile
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
ORCHESTRATOR = frozenset(
    {"request.py", "glue_request.py", "extract_request.py", "ingest.py", "search.py", "gate.py", "rollout.py"}
)
"""Files of the stage folders that Airflow reads; they stay at home."""


MAX_FILES, MAX_BYTES = 2_000, 200 * 1024**2
"""A source folder beyond this is data, or a virtual environment."""
INSTALLED = ("requirements.txt", "setup.py", "pyproject.toml")
"""Files at the root of an archive for which script mode runs pip inside the job."""


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


def folder_tree(root: Path, folder: str, program: str | None = None) -> SourceTree:
    """The files of a project's folder; hidden ones and compiled ones stay at home.

    Args:
        root: The project.
        folder: Path from there.
        program: Script or module that must be in it.

    Raises:
        ConfigError: There is no such folder, program, or it is too large to be source code.
    """
    base = (root / folder).resolve()
    where = str(root / folder)
    if not base.is_dir() or not base.is_relative_to(root.resolve()):
        raise ConfigError(
            f"there is no folder {folder!r} in the project", where=where, mend="correct `source`"
        )
    paths = [
        (path.relative_to(base).as_posix(), path)
        for path in sorted(base.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(base)
    ]
    files = [
        (name, path)
        for name, path in paths
        if not any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
    ]
    size = sum(path.stat().st_size for _, path in files)
    if len(files) > MAX_FILES or size > MAX_BYTES:
        raise ConfigError(
            f"{folder!r} holds {len(files):,} files and {size:,} bytes; a source folder holds at most "
            f"{MAX_FILES:,} and {MAX_BYTES:,}",
            where=where,
            mend="keep data and environments elsewhere; data come by inputs or channels",
        )
    if program is not None:
        module = program.replace(".", "/")
        wanted = {program} if program.endswith(".py") else {f"{module}.py", f"{module}/__main__.py"}
        if not wanted & {name for name, _ in files}:
            missing = " or ".join(sorted(wanted))
            raise ConfigError(f"there is no {missing} in {folder!r}", where=where, mend="correct `program`")
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files}
    return SourceTree(tuple(files), digest(hashes))


def ensure_archive(s3: Any, layout: PipelineLayout, owner: str, tree: SourceTree) -> S3Uri:
    """The tree as ``sourcedir.tar.gz`` in S3; equal trees make equal bytes.

    Raises:
        ConfigError: Script mode would install something when the job starts.
    """
    for name, path in tree.files:
        if name in INSTALLED:
            raise ConfigError(
                f"script mode would install what {name} asks for when the job starts",
                where=str(path),
                mend="choose an image that holds it, or move the file out of `source`",
            )
    target = layout.code_archive(tree.digest)
    if _is_there(s3, target, owner):
        return target
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, path in tree.files:
            body = path.read_bytes()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(body), 0o644
            archive.addfile(member, io.BytesIO(body))
    s3.put_object(Bucket=target.bucket, Key=target.key, Body=packed.getvalue(), ExpectedBucketOwner=owner)
    return target


def _is_there(s3: Any, uri: S3Uri, owner: str) -> bool:
    try:
        s3.head_object(Bucket=uri.bucket, Key=uri.key, ExpectedBucketOwner=owner)
    except Exception as error:
        if error_code(error) not in ("404", "NoSuchKey", "NotFound"):
            raise
        return False
    return True


def ensure_uploaded(s3: Any, layout: PipelineLayout, owner: str, tree: SourceTree | None = None) -> S3Uri:
    """The tree's prefix in S3; uploads it when the marker that is written last is not there.

    Args:
        s3: boto3 S3 client.
        layout: Gives the prefix.
        owner: Account that must own the bucket.
        tree: The files; those of our own container side when left out.
    """
    tree = tree or source_tree()
    prefix, marker = layout.code(tree.digest), layout.code_marker(tree.digest)
    if _is_there(s3, marker, owner):
        return prefix
    for name, path in tree.files:
        target = prefix / name
        s3.put_object(Bucket=target.bucket, Key=target.key, Body=path.read_bytes(), ExpectedBucketOwner=owner)
    body = "\n".join(name for name, _ in tree.files).encode()
    s3.put_object(Bucket=marker.bucket, Key=marker.key, Body=body, ExpectedBucketOwner=owner)
    return prefix
