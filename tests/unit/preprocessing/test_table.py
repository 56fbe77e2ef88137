"""The ingested table is read whole or not at all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foldline.errors import DataError
from preprocessing.table import read_table, require_columns


def test_files_without_suffix_are_read_and_markers_are_not(tmp_path):
    """
    UNLOAD gives no suffix; names that begin with `_` or `.` are no data.
    """
    (tmp_path / "day=1").mkdir()
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "day=1" / "20260101_abc")
    pq.write_table(pa.table({"x": [3]}), tmp_path / "part.parquet")
    (tmp_path / "_SUCCESS").write_bytes(b"")
    (tmp_path / ".crc").write_bytes(b"x")

    assert {"x": [1, 2, 3]} == read_table(tmp_path).to_pydict()


def test_an_empty_folder_is_an_empty_query_result(tmp_path):
    """
    A query that found nothing leaves no file; the error points at the query.
    """
    with pytest.raises(DataError, match="the table has no rows") as caught:
        read_table(tmp_path)

    assert "ingest.yaml" in caught.value.mend


def test_files_without_rows_are_an_empty_query_result(tmp_path):
    """
    An empty Parquet file is no row either.
    """
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "part")

    with pytest.raises(DataError, match="the table has no rows"):
        read_table(tmp_path)


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    """
    The error names the file, not the folder.
    """
    (tmp_path / "part.csv").write_text("a,b\n1,2\n")

    with pytest.raises(DataError, match=r"part.csv is not a readable Parquet file"):
        read_table(tmp_path)


def test_files_with_different_columns_are_refused(tmp_path):
    """
    Two queries' files in one folder do not make a table.
    """
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a")
    pq.write_table(pa.table({"y": [1]}), tmp_path / "b")

    with pytest.raises(DataError, match="different columns"):
        read_table(tmp_path)


def test_every_missing_column_is_named_with_the_nearest():
    """
    One error tells all columns that a step file names and the table lacks.
    """
    table = pa.table({"distance": [1.0], "temp": [2.0]})

    with pytest.raises(DataError, match=r"2 columns named in preprocessing\.yaml") as caught:
        require_columns(table, ["distanse", "temp", "Tmp"], "preprocessing.yaml")

    assert "distanse: did you mean 'distance'?\nTmp: did you mean 'temp'?" == caught.value.cause
