"""Data sets: names that stay the same from run to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foldline.environment import environment
from foldline.layout import PipelineLayout, S3Uri
from foldline.lineage import (
    Dataset,
    endpoint,
    handed,
    once,
    package,
    read_by,
    stored,
    table,
    tables_of,
    written_by,
)

HOME = PipelineLayout("bucket", "flights")
RUN = HOME.run("scheduled__2026")


@pytest.fixture
def dev() -> Any:
    return environment("dev", Path(__file__).parents[3])


def test_two_runs_write_the_same_data_set_in_two_versions() -> None:
    """
    The folder of a run becomes the pipeline's; the version is where this run's is.
    """
    first, second = (stored(HOME.run(run).folds / "shard-001.parquet", HOME) for run in ("a", "b"))

    assert first and second
    assert (
        ("s3://bucket", "flights/folds") == (first.namespace, first.name) == (second.namespace, second.name)
    )
    assert first.version != second.version


@pytest.mark.parametrize(
    "uri", [RUN.settings("fit", "x"), RUN.memory("fit"), RUN.record("fit"), HOME.code("x"), RUN.root]
)
def test_how_work_is_done_is_no_data(uri: S3Uri) -> None:
    """
    Settings, memory, records and code would hang on every step.
    """
    assert stored(uri, HOME) is None


def test_other_buckets_are_named_by_their_key() -> None:
    """
    OpenLineage's rule for S3.
    """
    assert Dataset("s3://lake", "sales/2026") == stored(S3Uri("lake", "sales/2026/"), HOME)


def test_a_training_request_reads_its_channels_and_writes_its_output() -> None:
    """
    Channel manifests are part of the folds; code is not read as data.
    """

    def channel(uri: object) -> dict[str, Any]:
        return {"DataSource": {"S3DataSource": {"S3Uri": str(uri)}}}

    request = {
        "InputDataConfig": [channel(RUN.train_manifest(0)), channel(HOME.code("abc"))],
        "OutputDataConfig": {"S3OutputPath": str(RUN.jobs)},
    }

    assert ["flights/folds"] == [one.name for one in read_by(request, HOME)]
    assert ["flights/jobs"] == [one.name for one in written_by(request, HOME)]


def test_processing_and_transform_requests_are_read_too() -> None:
    """
    Each kind of job keeps its addresses elsewhere.
    """
    processing = {
        "ProcessingInputs": [{"S3Input": {"S3Uri": str(RUN.table("k"))}}],
        "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"S3Uri": str(RUN.folds)}}]},
    }
    transform = {
        "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri": str(RUN.holdout / "features/")}}},
        "TransformOutput": {"S3OutputPath": str(RUN.predictions("k"))},
    }

    assert ["flights/table"] == [one.name for one in read_by(processing, HOME)]
    assert ["flights/folds"] == [one.name for one in written_by(processing, HOME)]
    assert ["flights/holdout"] == [one.name for one in read_by(transform, HOME)]
    assert ["flights/predictions"] == [one.name for one in written_by(transform, HOME)]


def test_results_name_what_was_made(dev: Any) -> None:
    """
    Tables, artifacts, packages and endpoints; scores and names of models are no data.
    """
    arn = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/flights/7"
    results = [
        {"uri": str(RUN.table("k")), "rows": 5},
        {"model": str(RUN.jobs / "j/output/model.tar.gz"), "score": 0.7},
        {"model": "a-model-name", "uri": str(RUN.predictions("k")), "rows": 2},
        {"arn": arn, "version": 7},
        {"endpoint": "flights", "config": "c1"},
        {"database": "db", "tables": ["a", "b"]},
        None,
    ]

    found = handed(results, dev, HOME)

    assert ["flights/table", "flights/jobs", "flights/predictions"] == [one.name for one in found[:3]]
    assert [5, None, 2] == [one.rows for one in found[:3]]
    assert found[3:] == [
        package(arn),
        endpoint(dev, "flights", "c1"),
        table(dev, "db", "a"),
        table(dev, "db", "b"),
    ]
    assert ("model-package/flights", "7") == (found[3].name, found[3].version)


def test_a_query_reads_its_tables_and_not_its_own_names() -> None:
    """
    A WITH name is no table; a table without a database is in the step's.
    """
    query = "WITH typed AS (SELECT * FROM flights) SELECT * FROM typed JOIN other.weather w ON w.x = typed.x"

    assert [("db", "flights"), ("other", "weather")] == sorted(tables_of(query, "db"))
    assert [] == tables_of("SELECT FROM WHERE (", "db")


def test_what_one_mention_does_not_know_another_adds() -> None:
    """
    The request knows the address, the result the rows: one data set.
    """
    (one,) = once([Dataset("s3://b", "x", version="v"), Dataset("s3://b", "x", rows=3)])

    assert ("v", 3) == (one.version, one.rows)
