"""Shards: the rows that validate in one fold, as one Parquet file; split writes them, fit and evaluate read.

Container side. Columns: row_id, label, the group column if any, numeric (float64, missing is NaN),
categorical (string, missing is ``""``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from foldline.errors import DataError
from foldline.folds import FoldManifest, Schema, Shard
from preprocessing.table import LABEL, ROW_ID, labels_of, parquet_files

MEND = "rerun the split; a shard is written once and never changed"


def shard_key(fold: int) -> str:
    """Path of a shard below the folds prefix."""
    return f"shards/fold-{fold:03d}/part-00000.parquet"


def write_shard(folder: Path, fold: int, rows: pa.Table) -> Shard:
    """The shard of one fold, written below ``folder``.

    Args:
        folder: The folds folder.
        fold: Number of the fold.
        rows: Canonical rows, both classes among them.

    Raises:
        DataError: All rows of the fold are of one class, so that it could not be scored.
    """
    positives = int(labels_of(rows).sum())
    if positives in (0, rows.num_rows):
        raise DataError(
            f"fold {fold} has one class only: {positives} of {rows.num_rows} rows are positive",
            where="preprocessing.yaml: folds",
            mend="use fewer folds, or the splitter 'stratified' where rows are independent",
        )
    path = folder / shard_key(fold)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="zstd")
    return Shard(fold, shard_key(fold), rows.num_rows, _digest(path), positives)


def read_shards(folder: Path, expected: Sequence[Shard], schema: Schema) -> pa.Table:
    """The rows of exactly the expected shards, in the order of ``expected``.

    Args:
        folder: A channel: shards anywhere below it. Files are known by digest, not by name, because a channel
            may flatten or renumber them.
        expected: Shards the manifest promises.
        schema: Feature columns to read besides ``row_id`` and ``label``; categories come dictionary-encoded.

    Raises:
        DataError: A shard is missing, changed, or there is one that was not expected.
    """
    found = {_digest(path): path for path in parquet_files(folder) if path.suffix == ".parquet"}
    missing = [shard.key for shard in expected if shard.sha256 not in found]
    surplus = set(found) - {shard.sha256 for shard in expected}
    if missing or surplus:
        raise DataError(
            f"the channel holds other rows than the manifest says: {len(missing)} shards missing or changed, "
            f"{len(surplus)} not expected",
            where=str(folder),
            cause="\n".join([*missing, *(str(found[digest]) for digest in sorted(surplus))]),
            mend=MEND,
        )
    names, coded = [ROW_ID, LABEL, *schema.features], list(schema.categorical)
    return pa.concat_tables(
        pq.ParquetFile(found[shard.sha256], read_dictionary=coded).read(columns=names) for shard in expected
    )


def read_manifest(folder: Path) -> FoldManifest:
    """The fold manifest in ``folder``.

    Raises:
        DataError: There is none, or this version cannot read it.
    """
    path = folder / "manifest.json"
    try:
        return FoldManifest.from_json(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise DataError(
            "the fold manifest cannot be read", where=str(path), cause=str(error), mend=MEND
        ) from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
