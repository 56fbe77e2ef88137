"""The ingested table: Parquet files in a folder, as one Arrow table. Container side."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from foldline.errors import DataError
from preprocessing.spelling import suggestion

ROW_ID, LABEL = "row_id", "label"
"""Names of the first two columns of shards, labels and predictions, whatever the table calls them."""


def labels_of(rows: pa.Table) -> NDArray[np.int8]:
    """The labels of canonical rows."""
    return np.asarray(rows[LABEL], dtype=np.int8)


def parquet_files(folder: Path) -> list[Path]:
    """All data files below ``folder``, by path; names that begin with ``_`` or ``.`` are markers, not data.

    Athena's UNLOAD gives its files no suffix, so none is asked for.
    """
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] not in "._")


def read_table(folder: Path) -> pa.Table:
    """The rows of all Parquet files below ``folder``, at least one.

    Raises:
        DataError: There is no file, no row, a file is no Parquet, or the files disagree about their columns.
    """
    tables = [_read_file(path) for path in parquet_files(folder)]
    try:
        table = pa.concat_tables(tables) if tables else pa.table({})
    except pa.ArrowInvalid as error:
        raise DataError(
            "the table's files have different columns", where=str(folder), cause=str(error)
        ) from error
    if table.num_rows == 0:
        raise DataError(
            "the table has no rows",
            where=f"{folder}: {len(tables)} files",
            mend="the query of ingest.yaml found nothing: look at its parameters and rules",
        )
    return table


def require_columns(table: pa.Table, names: Iterable[str], where: str) -> None:
    """Pass when the table has all columns.

    Args:
        table: The ingested table.
        names: Columns that must exist.
        where: The file that names them, such as ``preprocessing.yaml``.

    Raises:
        DataError: Names every missing column with the nearest one that exists.
    """
    missing = [name for name in dict.fromkeys(names) if name not in table.column_names]
    if missing:
        lines = [f"{name}: {suggestion(name, table.column_names)}" for name in missing]
        raise DataError(
            f"{len(missing)} columns named in {where} are not in the table",
            where=where,
            cause="\n".join(lines),
            mend=f"correct {where}, or add the columns to ingest.sql and to `columns` of ingest.yaml",
        )


def _read_file(path: Path) -> pa.Table:
    try:
        return pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            f"{path.name} is not a readable Parquet file", where=str(path), cause=str(error)
        ) from error
