"""Predictions are reconciled by row id: too few, too many or twice is an error."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foldline.errors import DataError
from foldline.folds import FoldManifest, Schema, Shard
from training.predictions import out_of_fold, reconciled, transformed

MANIFEST = FoldManifest(
    "kfold",
    None,
    0,
    Schema("id", "y", ("x",), ()),
    tuple(Shard(fold, f"s{fold}", 2, "", 1) for fold in (0, 1)),
)


def archive(path, fold: int, ids: list[str], member: str = "predictions.parquet"):
    table = pa.table(
        {
            "row_id": ids,
            "label": pa.array([0, 1], pa.int8()),
            "probability": [0.25, 0.75],
            "fold": pa.array([fold] * 2, pa.int32()),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo(member)
        entry.size = buffer.tell()
        buffer.seek(0)
        tar.addfile(entry, buffer)


def test_out_of_fold_predictions_are_read_from_any_depth(tmp_path):
    """
    One archive per fold, in numbered folders or as a channel lays them.
    """
    archive(tmp_path / "fold-000" / "output.tar.gz", 0, ["a", "b"])
    archive(tmp_path / "jobs" / "x" / "output" / "output.tar.gz", 1, ["c", "d"], "./predictions.parquet")

    table = out_of_fold(tmp_path, MANIFEST)

    assert ["a", "b", "c", "d"] == table["row_id"].to_pylist()
    assert [0, 0, 1, 1] == table["fold"].to_pylist()


def test_nothing_is_unpacked(tmp_path):
    """
    An archive whose member names lead elsewhere writes nothing anywhere and is refused.
    """
    archive(tmp_path / "in" / "output.tar.gz", 0, ["a", "b"], "../../predictions.parquet")

    with pytest.raises(DataError, match="holds no out-of-fold predictions"):
        out_of_fold(tmp_path / "in", MANIFEST)

    assert ["in"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    "folds",
    [
        {},
        {"one": (0, ["a", "b"])},
        {"one": (0, ["a", "b"]), "two": (0, ["c", "d"])},
        {"one": (0, ["a", "b"]), "two": (1, ["a", "d"])},
        {"one": (0, ["a", "b"]), "two": (1, ["c", "d"]), "three": (1, ["e", "f"])},
    ],
)
def test_folds_missing_or_doubled_are_refused(tmp_path, folds):
    """
    Each fold once, each row once.
    """
    for name, (fold, ids) in folds.items():
        archive(tmp_path / name / "output.tar.gz", fold, ids)

    with pytest.raises(DataError, match="not those of the folds"):
        out_of_fold(tmp_path, MANIFEST)


def test_a_broken_archive_is_named(tmp_path):
    """
    A file that is no tar archive is an error of the data.
    """
    (tmp_path / "output.tar.gz").write_bytes(b"broken")

    with pytest.raises(DataError, match="holds no out-of-fold predictions") as caught:
        out_of_fold(tmp_path, MANIFEST)

    assert caught.value.where.endswith("output.tar.gz")


def test_transformed_rows_are_read_from_all_files(tmp_path):
    """
    Ids may be quoted; the numbers are exact.
    """
    (tmp_path / "part-00000.csv.out").write_text('a,0.1\n"b, or ""c""",0.30000000000000004\n')
    (tmp_path / "part-00001.csv.out").write_text("d,1e-05\n")
    (tmp_path / "manifest").write_text("not a prediction")

    ids, chances = transformed(tmp_path)

    assert ["a", 'b, or "c"', "d"] == ids
    assert [0.1, 0.30000000000000004, 1e-05] == chances.tolist()


@pytest.mark.parametrize("line", ["b", "b,0.1,0.2", "b,high", "b,"])
def test_a_line_that_is_no_prediction_is_named(tmp_path, line):
    """
    The error names file and line.
    """
    (tmp_path / "x.out").write_text(f"a,0.1\n{line}\n")

    with pytest.raises(DataError, match="not row_id,probability") as caught:
        transformed(tmp_path)

    assert caught.value.where.endswith("x.out, line 2")


def test_no_output_file_is_an_error(tmp_path):
    """
    A transform that left nothing is not an empty hold-out.
    """
    with pytest.raises(DataError, match="left no predictions"):
        transformed(tmp_path)


def test_rows_are_matched_by_id_in_any_order():
    """
    Positions say where each expected row stands among the predicted.
    """
    positions, counts = reconciled(pa.chunked_array([["a", "b"], ["c"]]), ["c", "a", "b"])

    assert [1, 2, 0] == positions.tolist()
    assert {"expected": 3, "predicted": 3, "missing": 0, "unexpected": 0, "duplicated": 0} == counts


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["a", "b"], ["1 missing", "missing: c"]),
        (["a", "b", "c", "d"], ["1 unexpected", "unexpected: d"]),
        (["a", "b", "c", "c"], ["1 duplicated", "duplicated: c"]),
        (["a", "b", "b", "z"], ["1 missing", "1 unexpected", "1 duplicated"]),
        ([], ["3 missing", "missing: a, b, c"]),
    ],
)
def test_any_difference_is_an_error_with_examples(ids, words):
    """
    Counts and examples of each kind.
    """
    with pytest.raises(DataError, match="not of the hold-out's rows") as caught:
        reconciled(pa.chunked_array([["a", "b", "c"]]), ids)

    assert all(word in str(caught.value) for word in words)
    assert np.int64 == reconciled(pa.chunked_array([["a"]]), ["a"])[0].dtype
