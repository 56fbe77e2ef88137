"""Blob files: written once, then read-only, named by chance; a row in the index makes one visible."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 20


@dataclass(frozen=True)
class Blob:
    """A finished blob file, not yet visible to anyone."""

    name: str
    size: int
    md5: str


class BlobWriter:
    """A blob being written; digests on the way."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name = name
        self._file = file
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0
        self.sealed = False

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._file.write(data)
        self._md5.update(data)
        self._size += len(data)

    def append(self, source: Path, start: int = 0, length: int | None = None) -> None:
        """Append a part of a file without digesting it: ``seal`` is told the digest then."""
        with source.open("rb") as file:
            left = (source.stat().st_size if length is None else start + length) - start
            self._size += left
            self._file.flush()
            while left:
                moved = _copy_range(file, self._file, start, left)
                start, left = start + moved, left - moved

    def seal(self, md5: str | None = None) -> Blob:
        """Finish the file, make it read-only; ``md5`` replaces the digest of what was written."""
        self._file.flush()
        os.fchmod(self._file.fileno(), 0o444)
        self.sealed = True
        return Blob(self._name, self._size, md5 or self._md5.hexdigest())

    def seal_as_written(self) -> Blob:
        """Finish a file put together by ``append``, digesting it by reading it once."""
        self._file.flush()
        return self.seal(_md5_of(Path(self._file.name)))


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _copy_range(source: BinaryIO, target: BinaryIO, start: int, length: int) -> int:
    """Move up to 64 MiB from file to file, in the kernel where it can; the bytes moved."""
    count = min(length, 64 * PIECE)
    if hasattr(os, "copy_file_range"):
        with suppress(OSError):  # across file systems on older kernels; a full disk shows again below
            moved = os.copy_file_range(source.fileno(), target.fileno(), count, start)
            if moved:
                target.seek(0, os.SEEK_END)
                return moved
    source.seek(start)
    data = source.read(min(count, PIECE))
    if not data:
        raise OSError(f"{source.name} ended {length} bytes early")
    target.write(data)
    target.flush()
    return len(data)


class BlobFolder:
    """The folder of blob files, 256 subfolders wide."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for number in range(256):
            (folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where a blob lies."""
        return Path(f"{self._folder}/{name[:2]}/{name}")  # quicker than joining; listings make thousands

    @contextmanager
    def writer(self) -> Iterator[BlobWriter]:
        """A new blob to write, ``seal`` and publish inside the ``with``; an exception removes the file."""
        name = uuid.uuid4().hex
        path = self.path(name)
        try:
            with path.open("xb") as file:
                writer = BlobWriter(name, file)
                yield writer
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if not writer.sealed:
            path.unlink()

    def take(self, source: Path) -> Blob:
        """Make a blob of a file by renaming it, or by copying across disks; the source is gone after."""
        if source.is_symlink():
            raise ValueError(f"{source} is a link; a blob must be a file of its own")
        name = uuid.uuid4().hex
        path = self.path(name)
        shutil.move(source, path)
        path.chmod(0o444)
        return Blob(name, path.stat().st_size, _md5_of(path))

    def remove(self, name: str) -> None:
        """Remove a blob; open readers keep what they read."""
        self.path(name).unlink(missing_ok=True)

    def sweep(self, live: Mapping[str, int]) -> set[str]:
        """Remove every blob not named. For the start only, while nobody writes.

        Args:
            live: The size that each blob should have, by name.

        Returns:
            The named ones that are missing or of another size, as after a power cut.
        """
        whole: set[str] = set()
        for folder in os.scandir(self._folder):
            for entry in os.scandir(folder.path):
                if entry.name not in live:
                    Path(entry.path).unlink()
                elif entry.stat().st_size == live[entry.name]:
                    whole.add(entry.name)
        return live.keys() - whole
