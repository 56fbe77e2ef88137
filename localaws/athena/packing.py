"""Compressed text that DuckDB does not read itself, unpacked into the query's folder."""

from __future__ import annotations

import bz2
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa

from localaws.athena.engine import Session
from localaws.athena.failures import QueryFailed, refused
from localaws.athena.files import Files

PIECE = 1 << 20
READ = {".gz": "gzip", ".zst": "zstd"}  # what DuckDB reads as it lies


def compression_of(key: str) -> str:
    """How a text file is compressed, by its name: ``none``, a word of DuckDB's, or the ending itself.

    Raises:
        QueryFailed: In a way that is not read here.
    """
    if key.endswith((".lzo", ".lz4")):
        raise refused(f"compressed text of this kind: {key}")
    unpacked = next((ending for ending in UNPACKED if key.endswith(ending)), "none")
    return next((word for ending, word in READ.items() if key.endswith(ending)), unpacked)


def unpacked(files: Files, session: Session) -> Files:
    """The files as DuckDB reads them: unpacked first where it must be.

    Raises:
        QueryFailed: A file is not what its name says.
    """
    if files.compression not in UNPACKED:
        return files
    made = []
    for path, uri in zip(files.paths, files.uris, strict=True):
        session.check()
        target = session.folder / uuid.uuid4().hex
        try:
            with path.open("rb") as source, target.open("wb") as out:
                UNPACKED[files.compression](source, out)
        except (OSError, ValueError, zlib.error, pa.ArrowException) as error:
            raise QueryFailed(f"HIVE_CURSOR_ERROR: Failed to read file at {uri}: {error}") from error
        made.append(target)
    files.read_instead(made)
    files.compression = "none"
    return files


def _bzip2(source: BinaryIO, out: BinaryIO) -> None:
    with bz2.open(source) as plain:
        shutil.copyfileobj(plain, out, PIECE)


def _deflate(source: BinaryIO, out: BinaryIO) -> None:
    """Hadoop's ``.deflate`` is zlib's format."""
    unpacker = zlib.decompressobj()
    while piece := source.read(PIECE):
        out.write(unpacker.decompress(piece))
    out.write(unpacker.flush())


def _snappy(source: BinaryIO, out: BinaryIO) -> None:
    """Hadoop's ``.snappy``: blocks of a length, each of pieces with a length of their own."""
    codec = pa.Codec("snappy")
    while head := source.read(4):
        left = int.from_bytes(head, "big")
        while left > 0:
            piece = source.read(int.from_bytes(source.read(4), "big"))
            size = snappy_size(piece)
            out.write(codec.decompress(piece, size, asbytes=True))
            left -= size or left


def snappy_size(piece: bytes) -> int:
    """How long a snappy piece is unpacked, as its first bytes say.

    Raises:
        ValueError: It says nothing.
    """
    size = shift = 0
    for byte in _first(piece):
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return size
    raise ValueError("a snappy piece without a length")


def _first(piece: bytes) -> Iterator[int]:
    return iter(piece[:5])


UNPACKED: dict[str, Callable[[BinaryIO, BinaryIO], None]] = {
    ".bz2": _bzip2,
    ".deflate": _deflate,
    ".snappy": _snappy,
}
