"""Examples as algorithms take them, a matrix and maybe labels: from CSV, libsvm, Parquet and RecordIO."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from scipy import sparse

from localaws.algorithms import recordio
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.job import Channel

CSV, LIBSVM, PARQUET = "text/csv", "text/libsvm", "application/x-parquet"
SAME = {"text/x-libsvm": LIBSVM, "application/x-csv": CSV, "application/csv": CSV}
GZIP = b"\x1f\x8b"
Matrix: TypeAlias = "np.ndarray | sparse.csr_matrix"


@dataclass(frozen=True)
class Table:
    """Some examples.

    Attributes:
        features: A row for each: float32, an array, or CSR where the source is sparse.
        labels: A label for each, float32, of shape (rows,); None without labels.
        weights: A weight for each where the source has them.
    """

    features: Matrix
    labels: np.ndarray | None = None
    weights: np.ndarray | None = None

    @property
    def dense(self) -> np.ndarray:
        """The features as an array."""
        return as_array(self.features)

    @property
    def needed_labels(self) -> np.ndarray:
        """The labels.

        Raises:
            CustomerError: There are none.
        """
        if self.labels is None:
            raise CustomerError("the data has no labels")
        return self.labels


def as_array(matrix: Matrix) -> np.ndarray:
    """A matrix as an array."""
    array: np.ndarray = matrix.toarray() if isinstance(matrix, sparse.csr_matrix) else matrix
    return array


def media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """A content type's plain name and its parameters."""
    name, *rest = (part.strip() for part in content_type.lower().split(";"))
    pairs = (part.partition("=") for part in rest)
    return SAME.get(name, name), {key.strip(): value.strip() for key, _, value in pairs}


def read_channel(
    channel: Channel, *, default: str, accepted: Sequence[str], labels: int = 1, width: int | None = None
) -> Table:
    """All examples of a channel, its files one after the other in the order of their names.

    Args:
        channel: The channel.
        default: The content type of a channel that names none.
        accepted: The content types the algorithm takes.
        labels: Columns before the features that are labels, unless the content type's label_size says.
        width: Features each row must have; None takes the widest row's.

    Raises:
        CustomerError: The content type is not accepted, a file cannot be parsed, or its width is another.
    """
    name, options = media_type(channel.content_type or default)
    if name not in accepted:
        raise CustomerError(
            f"Content type {name!r} of the channel {channel.name!r} is not supported; "
            f"expected one of {', '.join(accepted)}"
        )
    label_columns = int(options.get("label_size", labels))
    tables = []
    for file in channel.files:
        data = file.read_bytes()
        data = gzip.decompress(data) if data.startswith(GZIP) and name != PARQUET else data
        try:
            tables.append(parse(data, name, label_columns))
        except (CustomerError, ValueError) as error:
            raise CustomerError(
                f"Unable to read data channel {channel.name!r}. Requested content-type is {name!r}. "
                f"Please verify the data matches the requested content-type. ({_of(file, channel)}: {error})"
            ) from error
    return joined(tables, width, channel.name)


def parse(data: bytes, content_type: str, label_columns: int) -> Table:
    """The examples of one file or request of a plain content type.

    Raises:
        ValueError: The data is not of that type.
        CustomerError: The same, for RecordIO.
    """
    readers: dict[str, Callable[[bytes, int], Table]] = {
        CSV: _csv,
        LIBSVM: _libsvm,
        PARQUET: _parquet,
        recordio.CONTENT_TYPE: _recordio,
    }
    return readers[content_type](data, label_columns)


def joined(tables: Sequence[Table], width: int | None, where: str) -> Table:
    """Tables under each other, each as wide as asked or as the widest.

    Raises:
        CustomerError: A dense one has another width.
    """
    wide = width or max(table.features.shape[1] for table in tables)
    matrices = []
    for table in tables:
        found = table.features.shape[1]
        if found != wide and not (sparse.issparse(table.features) and found < wide):
            raise CustomerError(f"the data of {where!r} has {found} features, expected {wide}")
        if found < wide:
            table.features.resize(table.features.shape[0], wide)
        matrices.append(table.features)
    sparsely = any(sparse.issparse(matrix) for matrix in matrices)
    features = sparse.vstack(matrices, "csr") if sparsely else np.concatenate(matrices)
    return Table(
        features,
        _concatenated([table.labels for table in tables]),
        _concatenated([table.weights for table in tables]),
    )


def sparse_rows(rows: Iterable[tuple[np.ndarray, np.ndarray]], width: int) -> sparse.csr_matrix:
    """A CSR matrix of rows given as keys and values; at least so wide.

    Raises:
        ValueError: A row has more keys than values or the other way round.
    """
    keys, values = [], []
    ends = [0]
    for row_keys, row_values in rows:
        if len(row_keys) != len(row_values):
            raise ValueError(f"a sparse row has {len(row_keys)} keys and {len(row_values)} values")
        keys.append(row_keys)
        values.append(row_values)
        ends.append(ends[-1] + len(row_keys))
    columns = np.concatenate(keys).astype(np.int64) if keys else np.zeros(0, np.int64)
    data = np.concatenate(values).astype(np.float32) if values else np.zeros(0, np.float32)
    wide = max(width, int(columns.max()) + 1 if len(columns) else 0)
    return sparse.csr_matrix((data, columns, np.asarray(ends)), shape=(len(ends) - 1, wide))


def _csv(data: bytes, label_columns: int) -> Table:
    import pandas as pd

    if not data.strip():
        raise ValueError("there is no data")
    frame = pd.read_csv(io.BytesIO(data), header=None)
    try:
        array = frame.to_numpy(np.float32, na_value=np.nan)
    except ValueError as error:
        raise ValueError(f"a value is not a number; a header row is not allowed ({error})") from error
    return _split(array, label_columns)


def _split(array: np.ndarray, label_columns: int) -> Table:
    if array.shape[1] < label_columns or label_columns not in (0, 1):
        raise ValueError(f"label_size {label_columns} of {array.shape[1]} columns; it must be 0 or 1")
    labels = array[:, 0] if label_columns else None
    return Table(np.ascontiguousarray(array[:, label_columns:]), labels)


def _libsvm(data: bytes, label_columns: int) -> Table:
    """``label[:weight] [qid:n] index:value …``; indices are taken as they are, as xgboost does."""
    rows, labels, weights = [], [], []
    for line in data.decode().splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if ":" not in words[0] or label_columns:
            label, _, weight = words.pop(0).partition(":")
            labels.append(float(label))
            weights.append(float(weight) if weight else 1.0)
        pairs = [word.partition(":") for word in words if not word.startswith("qid:")]
        keys = np.array([int(key) for key, _, _ in pairs], np.int64)
        rows.append((keys, np.array([float(value) for _, _, value in pairs], np.float32)))
    if labels and len(labels) != len(rows):
        raise ValueError("some lines have a label and some do not")
    weighted = np.asarray(weights, np.float32) if any(weight != 1 for weight in weights) else None
    return Table(sparse_rows(rows, 0), np.asarray(labels, np.float32) if labels else None, weighted)


def _parquet(data: bytes, label_columns: int) -> Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        frame = parquet.read_table(pa.BufferReader(data)).to_pandas()
    except pa.ArrowException as error:
        raise ValueError(f"not a Parquet file: {error}") from error
    return _split(frame.to_numpy(np.float32, na_value=np.nan), label_columns)


def _recordio(data: bytes, _label_columns: int) -> Table:
    records = list(recordio.read(data))
    if not records:
        raise ValueError("there are no records")
    tensors = []
    for record in records:
        if "values" not in record.features:
            raise ValueError(f"a record has the features {sorted(record.features)}, not 'values'")
        tensors.append(record.features["values"])
    found = [record.label.get("values") for record in records]
    labels = np.array([one.values[0] for one in found if one is not None and len(one.values)], np.float32)
    if len(labels) not in (0, len(records)):
        raise ValueError("some records have a label and some do not")
    return Table(stacked(tensors), labels if len(labels) else None)


def stacked(tensors: Sequence[recordio.Tensor]) -> Matrix:
    """A matrix with a row for each tensor."""
    if any(tensor.sparse for tensor in tensors):
        width = max((tensor.shape[-1] for tensor in tensors if tensor.shape), default=0)
        return sparse_rows(((tensor.keys, tensor.values) for tensor in tensors), width)
    if len({len(tensor.values) for tensor in tensors}) > 1:
        raise ValueError("dense records have different numbers of features")
    return np.stack([tensor.values for tensor in tensors]).astype(np.float32)


def _concatenated(parts: Sequence[np.ndarray | None]) -> np.ndarray | None:
    given = [part for part in parts if part is not None]
    return np.concatenate(given) if given and len(given) == len(parts) else None


def _of(file: Path, channel: Channel) -> str:
    return str(file.relative_to(channel.folder))
