"""Rows to fit or judge on: ids, labels and features, read from shards. Container side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from foldline.folds import Schema, Shard
from preprocessing.shards import read_shards
from preprocessing.table import ROW_ID, labels_of
from training.features import Categories, Features, Labels


@dataclass(frozen=True)
class Rows:
    """Rows with their answers.

    Attributes:
        ids: Row ids, as an Arrow column of strings.
        labels: Class of each row, 0 or 1.
        features: Feature columns.
    """

    ids: pa.ChunkedArray
    labels: Labels
    features: Features


def shard_rows(folder: Path, shards: Sequence[Shard], schema: Schema) -> Rows:
    """The rows of exactly these shards, in their order.

    Raises:
        DataError: The folder holds other rows than the shards say.
    """
    return rows_of(read_shards(folder, shards, schema), schema)


def rows_of(table: pa.Table, schema: Schema) -> Rows:
    """Canonical rows of an Arrow table."""
    numeric = {name: np.asarray(table[name], dtype=np.float64) for name in schema.numeric}
    categorical = {name: _categories(table[name]) for name in schema.categorical}
    return Rows(table[ROW_ID], labels_of(table), Features(numeric, categorical))


def _categories(column: pa.ChunkedArray) -> Categories:
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    coded = column.unify_dictionaries().combine_chunks()
    return Categories(np.asarray(coded.indices, dtype=np.int32), tuple(coded.dictionary.to_pylist()))
