"""Archives and trees of files on their way from a job to S3, and archives on their way back."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from localaws.jobs.failure import JobFailure
from localaws.s3.blobs import Objects, split_uri

MAX_MEMBERS = 100_000
MAX_BYTES = 20 << 30  # an archive that unpacks to more is taken for a bomb


def upload_archive(objects: Objects, folders: Iterable[Path], uri: str) -> bool:
    """Store the contents of folders as one ``.tar.gz``; nothing, and False, when they are empty.

    Of two files of one name the one from the earlier folder is kept.
    """
    members: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            members.setdefault(path.name, path)
    if not members:
        return False
    archive = next(iter(members.values())).parent.parent / f".{Path(uri).name}"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name, path in members.items():
            tar.add(path, name)
    objects.put_file(*split_uri(uri), archive, move=True)
    return True


def upload_tree(objects: Objects, folder: Path, uri: str) -> int:
    """Store every file of a folder under an S3 prefix; how many. The files are gone from the folder after.

    Whenever it is broken off, each file is in the folder or in S3, so that it may be asked again.
    """
    paths = files_in(folder)
    for path in paths:
        upload_file(objects, path, folder, uri)
        path.unlink()
    return len(paths)


def files_in(folder: Path) -> list[Path]:
    """Every file of a folder, with those of its folders."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def upload_file(objects: Objects, path: Path, folder: Path, uri: str) -> None:
    """Store a copy of a file under an S3 prefix, by its path in a folder.

    Raises:
        JobFailure: It is a link that leaves the folder.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise JobFailure("ClientError", f"{path.name} in an output folder is a link that leaves it")
    bucket, prefix = split_uri(uri)
    prefix = prefix.rstrip("/") + "/" if prefix else ""
    objects.put_file(bucket, prefix + path.relative_to(folder).as_posix(), path)


def unpack(archive: Path, folder: Path, source: str, *, max_members: int = MAX_MEMBERS) -> None:
    """Unpack a tar archive from S3 into a folder.

    Raises:
        JobFailure: It is no tar archive, has too many or too large members, or one that would leave the
            folder.
    """
    try:
        with tarfile.open(archive) as tar:
            count, size = 0, 0
            for member in tar:
                count, size = count + 1, size + member.size
                if count > max_members or size > MAX_BYTES:
                    raise JobFailure(
                        "ClientError", f"{source} unpacks to over {max_members} files or {MAX_BYTES} bytes"
                    )
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise JobFailure("ClientError", f"{source} cannot be unpacked: {error}") from error
