"""Rows become Parquet files of bounded size, one batch in memory at a time.

Container side and Airflow worker: pyarrow and the standard library only, Python 3.10.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

CHUNK = 1 << 20


@dataclass(frozen=True)
class PartFile:
    """One finished file.

    Attributes:
        path: Where it is.
        rows: How many it holds.
        bytes: Its size.
        sha256: Digest of its content.
    """

    path: Path
    rows: int
    bytes: int
    sha256: str


def write_parts(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, folder: Path, prefix: str, rows_per_part: int
) -> Iterator[PartFile]:
    """The files of all rows, each given as soon as it is complete; one without rows when there are none.

    The same rows in the same order are the same bytes.

    Args:
        batches: The rows.
        schema: Their columns.
        folder: Where files are written; who takes one may remove it.
        prefix: How their names begin.
        rows_per_part: Rows of one file at most.
    """
    number = 0
    writer, rows, path = None, 0, folder
    try:
        for whole in batches:
            rest = whole
            while rest.num_rows:
                if writer is None:
                    path = folder / f"{prefix}part-{number:05d}.parquet"
                    writer = pq.ParquetWriter(path, schema, compression="snappy")
                taken = rest.slice(0, rows_per_part - rows)
                writer.write_batch(taken)
                rows, rest = rows + taken.num_rows, rest.slice(taken.num_rows)
                if rows == rows_per_part:
                    writer.close()
                    yield _finished(path, rows)
                    writer, rows, number = None, 0, number + 1
        if writer is not None or number == 0:
            if writer is None:
                path = folder / f"{prefix}part-{number:05d}.parquet"
                writer = pq.ParquetWriter(path, schema, compression="snappy")
            writer.close()
            writer = None
            yield _finished(path, rows)
    finally:
        if writer is not None:
            writer.close()


def _finished(path: Path, rows: int) -> PartFile:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return PartFile(path, rows, path.stat().st_size, digest.hexdigest())
