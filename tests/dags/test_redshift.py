"""A query's rows leave Redshift as Parquet, exactly once, on the local endpoint."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from foldline.errors import DataError
from operators.redshift import RedshiftUnloadOperator
from tests.dags.warehousebed import BUCKET, Bed

pytestmark = pytest.mark.xdist_group("warehouse")


@pytest.fixture
def bed(make_bed: Callable[[], Bed]) -> Bed:
    """A project with five sales in Redshift."""
    return make_bed()


def rows_at(bed: Bed, uri: str) -> list[dict[str, Any]]:
    """The rows of all files below a prefix."""
    import pyarrow.parquet as pq

    found = []
    for key in bed.keys(uri.removeprefix(f"s3://{BUCKET}/")):
        body = bed.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
        found += pq.read_table(io.BytesIO(body)).to_pylist()
    return sorted(found, key=lambda row: row["id"])


def statements(bed: Bed) -> list[str]:
    """Ids of all batches that were ever asked for."""
    pages = bed.client("redshift-data").get_paginator("list_statements").paginate(Status="ALL")
    return [one["Id"] for page in pages for one in page["Statements"] if one.get("IsBatchStatement")]


def test_the_rows_with_these_values_are_unloaded(bed: Bed) -> None:
    """
    Values are bound, also one with a quote; what is counted is what lies there.
    """
    found = bed.work(RedshiftUnloadOperator, "export", "unload")

    assert [20, 30, 40] == [row["amount"] for row in rows_at(bed, found["uri"])]
    assert 3 == found["rows"]
    assert found["uri"].endswith("/g0/")


def test_a_worker_killed_at_any_call_unloads_once(bed: Bed) -> None:
    """
    One batch at the Data API, wherever its workers died.
    """
    before = set(statements(bed))
    found, kills = bed.killed_everywhere(RedshiftUnloadOperator, "export", "killed")

    assert kills >= 2
    assert [found["query_id"]] == [name for name in statements(bed) if name not in before]
    assert 3 == len(rows_at(bed, found["uri"]))


def test_no_row_is_an_error(bed: Bed) -> None:
    """
    It names the statement and the query file.
    """
    bed.edit("warehouse/export.yaml", "least: 10", "least: 1000")

    with pytest.raises(DataError, match="gives 0 rows") as caught:
        bed.work(RedshiftUnloadOperator, "export", "empty")
    assert "infra/warehouse/export.sql (Redshift statement " in str(caught.value)


def test_a_column_that_is_not_there_is_the_query_files_fault(bed: Bed) -> None:
    """
    The batch fails as a whole and nothing is written.
    """
    bed.edit("warehouse/export.sql", "amount FROM", "price FROM")

    with pytest.raises(DataError, match=r"price.* does not exist"):
        bed.work(RedshiftUnloadOperator, "export", "wrong")
    assert [] == bed.keys("warehouse/runs/wrong/table/")
