"""The split as a whole: a partition that keeps groups together, written once."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from foldline.errors import DataError
from foldline.folds import FoldManifest, Schema
from foldline.layout import RunLayout
from preprocessing.split import split

LAYOUT = RunLayout("bucket", "flights", "manual__2026-01-01T00:00:00+00:00")


def settings(schema: Schema, **changes) -> dict:
    return {
        "schema": {
            "row_id": schema.row_id,
            "label": schema.label,
            "numeric": list(schema.numeric),
            "categorical": list(schema.categorical),
        },
        "holdout": {"column": "flight_date", "from": "2013-01-21"},
        "folds": {"splitter": "group", "column": "flight_date", "k": 5, "seed": 2013},
        "folds_uri": str(LAYOUT.folds),
        **changes,
    }


@pytest.fixture
def outputs(processing_job, table, schema):
    job = processing_job(table, settings(schema))
    split(job)
    return job.root / "processing" / "output"


def shards(outputs) -> list[pa.Table]:
    manifest = FoldManifest.from_json((outputs / "folds" / "manifest.json").read_text())
    return [pq.ParquetFile(outputs / "folds" / shard.key).read() for shard in manifest.shards]


def test_each_row_is_in_one_fold_or_held_out(outputs, table):
    """
    Folds and hold-out partition the table.
    """
    parts = [*shards(outputs), pq.read_table(outputs / "holdout" / "labels")]

    ids = [row_id for part in parts for row_id in part["row_id"].to_pylist()]

    assert sorted(table["flight_id"].to_pylist()) == sorted(ids)


def test_no_day_is_in_two_folds_and_none_is_held_out(outputs):
    """
    The group column is kept in the shards and never cut.
    """
    days = [set(shard["flight_date"].to_pylist()) for shard in shards(outputs)]

    assert 20 == len(set().union(*days)) == sum(map(len, days))
    assert max(day.isoformat() for day in set().union(*days)) < "2013-01-21"


def test_the_manifest_tells_how_the_rows_were_cut(outputs, schema):
    """
    Splitter, column, seed, rule and counts are all in manifest.json.
    """
    manifest = FoldManifest.from_json((outputs / "folds" / "manifest.json").read_text())

    assert ("group", "flight_date", 2013) == (manifest.splitter, manifest.column, manifest.seed)
    assert (5, 400, 80) == (manifest.k, manifest.rows, manifest.holdout_rows)
    assert "flight_date >= 2013-01-21" == manifest.holdout_rule
    assert schema == manifest.schema


def test_channel_manifests_lie_where_the_layout_says(outputs):
    """
    A fold's train channel lists the k-1 other shards below the folds prefix, its validation channel the one.
    """
    folder, root = outputs / "folds", LAYOUT.folds.key

    def document(uri):
        return json.loads((folder / uri.key.removeprefix(root)).read_text())

    keys = [f"shards/fold-{fold:03d}/part-00000.parquet" for fold in range(5)]
    assert [{"prefix": str(LAYOUT.folds)}, *keys] == document(LAYOUT.all_manifest)
    for fold in range(5):
        others = keys[:fold] + keys[fold + 1 :]
        assert [{"prefix": str(LAYOUT.folds)}, *others] == document(LAYOUT.train_manifest(fold))
        assert [{"prefix": str(LAYOUT.folds)}, keys[fold]] == document(LAYOUT.validation_manifest(fold))
    assert 11 == len(list(folder.rglob("*.manifest")))


@pytest.mark.parametrize("splitter", ["kfold", "stratified", "group"])
def test_the_order_of_the_input_does_not_matter(processing_job, table, schema, tmp_path, splitter):
    """
    The same rows in another order make the same files, byte for byte.
    """
    from preprocessing.container import JobDir

    column = "flight_date" if splitter == "group" else None
    folds = {"splitter": splitter, "column": column, "k": 4, "seed": 7}
    digests = []
    for rows in (table, table.take(np.random.default_rng(1).permutation(table.num_rows))):
        job = processing_job(rows, settings(schema, folds=folds))
        split(job)
        manifest = FoldManifest.from_json((job.output("folds") / "manifest.json").read_text())
        digests.append([shard.sha256 for shard in manifest.shards])
        job.root.rename(tmp_path / f"done-{len(digests)}")
        assert JobDir(tmp_path / "job") == job

    assert digests[0] == digests[1]


def test_without_a_holdout_all_rows_are_in_the_folds(processing_job, table, schema):
    """
    `holdout: null` keeps nothing out; its files are there and empty.
    """
    job = processing_job(table, settings(schema, holdout=None))

    split(job)

    assert 480 == FoldManifest.from_json((job.output("folds") / "manifest.json").read_text()).rows
    assert {"rows": 0, "positives": 0, "rule": ""} == json.loads(
        (job.output("holdout") / "holdout.json").read_text()
    )


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ({"splitter": "group", "column": "flight_date", "k": 21, "seed": 0}, "k=21, groups=20"),
        ({"splitter": "group", "column": "flight_day", "k": 5, "seed": 0}, "did you mean 'flight_date'"),
        ({"splitter": "group", "column": None, "k": 5, "seed": 0}, "needs a column"),
        ({"splitter": "kfold", "column": None, "k": 1, "seed": 0}, "got k=1"),
    ],
)
def test_folds_that_cannot_be_made_are_refused(processing_job, table, schema, folds, message):
    """
    k beyond the groups, a column that is not there, a missing column and k below 2.
    """
    with pytest.raises(DataError, match=message):
        split(processing_job(table, settings(schema, folds=folds)))


def test_a_fold_without_positives_is_refused(processing_job, table, schema):
    """
    All positives on one day: the other folds have one class and could not be scored.
    """
    first = pc.equal(table["flight_date"], pc.min(table["flight_date"]))
    last = pc.equal(table["flight_date"], pc.max(table["flight_date"]))
    label = pc.cast(pc.or_(first, last), pa.int32())
    rare = table.set_column(table.column_names.index("late"), "late", label)

    with pytest.raises(DataError, match="has one class only"):
        split(processing_job(rare, settings(schema, holdout={"column": "flight_date", "from": "2013-01-23"})))
