"""Predictions as jobs leave them: out-of-fold ones in output.tar.gz, the hold-out's in batch-transform files.

Container side. Rows are reconciled by id: a prediction too few, too many or twice is an error, never a
smaller table.
"""

from __future__ import annotations

import csv
import tarfile
from collections import Counter
from pathlib import Path
from posixpath import normpath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from foldline.errors import DataError
from foldline.folds import FoldManifest
from preprocessing.table import ROW_ID
from training.artifact import PREDICTIONS
from training.features import Numbers

EXAMPLES = 3


def out_of_fold(folder: Path, manifest: FoldManifest) -> pa.Table:
    """The validation predictions of all folds: ``row_id``, ``label``, ``probability``, ``fold``.

    Args:
        folder: One ``output.tar.gz`` per fold, anywhere below; one file is read of each, nothing is unpacked.
        manifest: What the folds hold.

    Raises:
        DataError: A fold is missing, there twice, or has other rows than the manifest says.
    """
    archives = sorted(folder.rglob("*.tar.gz"))
    table = pa.concat_tables(_archived(path) for path in archives) if archives else None
    folds = np.asarray(table["fold"]) if table is not None else np.empty(0, dtype=np.int32)
    found = dict(Counter(folds.tolist()))
    expected = {shard.fold: shard.rows for shard in manifest.shards}
    if table is None or found != expected or pc.count_distinct(table[ROW_ID]).as_py() != table.num_rows:
        raise DataError(
            "the out-of-fold predictions are not those of the folds",
            where=f"{folder}: {len(archives)} archives",
            cause=f"rows by fold: expected {expected}, found {found}",
            mend="each fold's training job leaves one output.tar.gz; name each once",
        )
    return table


def transformed(folder: Path) -> tuple[list[str], Numbers]:
    """Row ids and probabilities of the batch-transform files (``*.out``) below ``folder``.

    Raises:
        DataError: There is none, or a line is not ``row_id,probability``.
    """
    ids: list[str] = []
    probabilities: list[float] = []
    paths = sorted(folder.rglob("*.out"))
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.reader(file), 1):
                try:
                    row_id, probability = line
                    probabilities.append(float(probability))
                    ids.append(row_id)
                except ValueError as error:
                    raise DataError(
                        "a line of the predictions is not row_id,probability",
                        where=f"{path}, line {number}",
                        cause=f"{','.join(line)[:200]!r}: {error}",
                    ) from error
    if not paths:
        raise DataError("batch transform left no predictions", where=str(folder))
    return ids, np.array(probabilities, dtype=np.float64)


def reconciled(expected: pa.ChunkedArray, ids: list[str]) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Where each expected row stands among the predicted ones, and the counts that show both are the same.

    Raises:
        DataError: A row is missing, unexpected or duplicated; gives counts and examples.
    """
    predicted = pa.array(ids, type=pa.string())
    wanted = expected.combine_chunks() if isinstance(expected, pa.ChunkedArray) else expected
    positions = pc.index_in(wanted, value_set=predicted)
    offenders = {
        "missing": wanted.filter(pc.is_null(positions)).to_pylist(),
        "unexpected": predicted.filter(pc.invert(pc.is_in(predicted, value_set=wanted))).to_pylist(),
        "duplicated": [row_id for row_id, count in Counter(ids).items() if count > 1],
    }
    counts = {"expected": len(wanted), "predicted": len(ids)}
    counts |= {name: len(found) for name, found in offenders.items()}
    if any(offenders.values()):
        examples = [f"{name}: {', '.join(found[:EXAMPLES])}" for name, found in offenders.items() if found]
        raise DataError(
            "the predictions are not of the hold-out's rows: "
            + ", ".join(f"{count} {name}" for name, count in counts.items()),
            where="batch transform output",
            cause="\n".join(examples),
            mend="start the batch transform again on holdout/features",
        )
    return np.asarray(positions, dtype=np.int64), counts


def _archived(path: Path) -> pa.Table:
    try:
        with tarfile.open(path) as archive:
            names = [member for member in archive if member.isfile() and normpath(member.name) == PREDICTIONS]
            file = archive.extractfile(names[0]) if names else None
            if file is None:
                raise KeyError(f"no file {PREDICTIONS} in it")
            return pq.ParquetFile(pa.BufferReader(file.read())).read()
    except (KeyError, tarfile.TarError, pa.ArrowInvalid, EOFError) as error:
        raise DataError(
            "an archive holds no out-of-fold predictions",
            where=str(path),
            cause=str(error),
            mend=f"give the output.tar.gz of a training.fit job with a validation channel: {PREDICTIONS}",
        ) from error
