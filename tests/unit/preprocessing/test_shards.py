"""Shards are read back only if they are what the manifest says."""

from __future__ import annotations

import pyarrow as pa
import pytest

from foldline.errors import DataError
from foldline.folds import Schema
from preprocessing.shards import read_manifest, read_shards, write_shard

SCHEMA = Schema("id", "y", ("x",), ("c",))


def rows(first: int) -> pa.Table:
    numbers = range(first, first + 4)
    return pa.table(
        {
            "row_id": [f"r{number}" for number in numbers],
            "label": pa.array([number % 2 for number in numbers], pa.int8()),
            "day": ["mon"] * 4,
            "x": [float(number) for number in numbers],
            "c": ["u", "v"] * 2,
        }
    )


def test_a_shard_knows_its_rows_and_positives(tmp_path):
    """
    The manifest's figures are those of the file.
    """
    shard = write_shard(tmp_path, 3, rows(0))

    assert (3, 4, 2, 64) == (shard.fold, shard.rows, shard.positives, len(shard.sha256))
    assert "shards/fold-003/part-00000.parquet" == shard.key
    assert (tmp_path / shard.key).is_file()


def test_shards_come_in_the_order_asked_for(tmp_path):
    """
    Files may lie anywhere below the channel under any name: they are known by digest.
    """
    shards = [write_shard(tmp_path, fold, rows(fold * 4)) for fold in (0, 1)]
    for shard, name in zip(shards, ("z.parquet", "a.parquet"), strict=True):
        (tmp_path / shard.key).rename(tmp_path / name)

    table = read_shards(tmp_path, shards[::-1], SCHEMA)

    assert ["r4", "r5", "r6", "r7", "r0", "r1", "r2", "r3"] == table["row_id"].to_pylist()
    assert ["row_id", "label", "x", "c"] == table.column_names


def test_a_missing_shard_is_named(tmp_path):
    """
    A channel with a shard too few is refused.
    """
    shards = [write_shard(tmp_path, fold, rows(fold * 4)) for fold in (0, 1)]
    (tmp_path / shards[1].key).unlink()

    with pytest.raises(DataError, match="1 shards missing or changed, 0 not expected") as caught:
        read_shards(tmp_path, shards, SCHEMA)

    assert shards[1].key == caught.value.cause


def test_a_shard_of_another_split_is_refused(tmp_path):
    """
    The validation rows never slip into training: a shard that was not asked for is an error.
    """
    shards = [write_shard(tmp_path, fold, rows(fold * 4)) for fold in (0, 1)]

    with pytest.raises(DataError, match="0 shards missing or changed, 1 not expected"):
        read_shards(tmp_path, shards[:1], SCHEMA)


def test_a_changed_shard_is_refused(tmp_path):
    """
    One changed byte is found.
    """
    shard = write_shard(tmp_path, 0, rows(0))
    path = tmp_path / shard.key
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(DataError, match="1 shards missing or changed"):
        read_shards(tmp_path, [shard], SCHEMA)


def test_a_fold_of_one_class_is_refused(tmp_path):
    """
    It could not be scored, so it is not written.
    """
    single = rows(0).set_column(1, "label", pa.array([0] * 4, pa.int8()))

    with pytest.raises(DataError, match="fold 2 has one class only: 0 of 4 rows are positive"):
        write_shard(tmp_path, 2, single)


@pytest.mark.parametrize("text", [None, '{"format": 99}', "not json"])
def test_an_unreadable_manifest_is_an_error(tmp_path, text):
    """
    No manifest, an unknown format and a broken document all name the file.
    """
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(DataError, match="the fold manifest cannot be read") as caught:
        read_manifest(tmp_path)

    assert caught.value.where.endswith("manifest.json")
