"""A query's rows become a table that readers see whole, whatever happens to its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from foldline.errors import DataError, JobConflict
from operators.athena_table import AthenaTableOperator
from tests.dags.warehousebed import BUCKET, Bed

pytestmark = pytest.mark.xdist_group("warehouse")
VERSIONS = "warehouse/tables/daily_sales/"
NORTH_AND_SOUTH = [["north", "3"], ["south", "2"]]


@pytest.fixture
def bed(make_bed: Callable[[], Bed]) -> Iterator[Bed]:
    """A project without the daily table, before and after a test: some leave a foreign one."""
    made = make_bed()
    forget(made)
    yield made
    forget(made)


def forget(bed: Bed) -> None:
    """Take the daily table out of the catalogue."""
    if "daily_sales" in tables(bed):
        bed.client("glue").delete_table(DatabaseName="shop", Name="daily_sales")


def tables(bed: Bed) -> list[str]:
    """Names of the database's tables."""
    return [table["Name"] for table in bed.client("glue").get_tables(DatabaseName="shop")["TableList"]]


def shown(bed: Bed) -> list[list[str | None]]:
    """What readers see."""
    return bed.rows("SELECT region, sales FROM shop.daily_sales ORDER BY region")


def work(bed: Bed, run: str) -> dict:
    return bed.work(AthenaTableOperator, "daily", run)


def test_a_worker_killed_at_any_call_leaves_one_table_and_no_rest(bed: Bed) -> None:
    """
    One CREATE TABLE AS, the table, its files, and no name under which it was written.
    """
    found, kills = bed.killed_everywhere(AthenaTableOperator, "daily", "killed")
    key = found["uri"].rstrip("/").split("/")[-2]

    assert kills >= 6
    assert 2 == found["rows"]
    assert NORTH_AND_SOUTH == shown(bed)
    assert 1 == len([one for one in bed.executions(key) if one["Query"].startswith("CREATE TABLE")])
    assert [] == [name for name in tables(bed) if "__" in name]


def test_a_swap_that_fails_leaves_the_old_table(bed: Bed) -> None:
    """
    A query that breaks half-way through its rows never shows.
    """
    before = work(bed, "good")
    bed.edit("warehouse/daily.sql", "SUM(amount)", "SUM(100 / (amount - 40))")

    with pytest.raises(Exception, match=r"(?i)division by zero"):
        work(bed, "bad")
    table = bed.client("glue").get_table(DatabaseName="shop", Name="daily_sales")["Table"]
    assert before["uri"] == table["StorageDescriptor"]["Location"]
    assert NORTH_AND_SOUTH == shown(bed)


def test_too_few_rows_leave_the_old_table(bed: Bed) -> None:
    """
    No row is an error that names the query; its files and its name are gone.
    """
    before = work(bed, "enough")
    bed.edit("warehouse/daily.yaml", "2026-01-01", "2099-01-01")

    with pytest.raises(DataError, match="gives 0 rows") as caught:
        work(bed, "empty")
    assert "Athena query " in str(caught.value)
    assert NORTH_AND_SOUTH == shown(bed)
    assert [] == [name for name in tables(bed) if "__" in name]
    assert before["uri"].endswith("/g0/")


def test_earlier_versions_stay_for_their_readers_and_go_in_the_end(bed: Bed) -> None:
    """
    With `keep: 1` the last but one version's files are there, and those before it are not.
    """
    uris = [work(bed, run)["uri"] for run in ("first", "second", "third")]
    left = [bool(bed.keys(uri.removeprefix(f"s3://{BUCKET}/"))) for uri in uris]

    assert [False, True, True] == left
    assert NORTH_AND_SOUTH == shown(bed)


def test_a_late_replay_puts_no_old_version_back(bed: Bed) -> None:
    """
    A first run's task that is run again after a second run's swap changes nothing.
    """
    first, second = work(bed, "early"), work(bed, "late")

    assert first == work(bed, "early")
    table = bed.client("glue").get_table(DatabaseName="shop", Name="daily_sales")["Table"]
    assert second["uri"] == table["StorageDescriptor"]["Location"]


def test_a_foreign_table_is_refused_before_anything_is_spent(bed: Bed) -> None:
    """
    A table of that name that another made is neither replaced nor read.
    """
    storage = {"Columns": [{"Name": "a", "Type": "int"}], "Location": f"s3://{BUCKET}/elsewhere/"}
    bed.client("glue").create_table(
        DatabaseName="shop", TableInput={"Name": "daily_sales", "StorageDescriptor": storage}
    )
    queries = len(bed.executions("daily_sales"))

    with pytest.raises(JobConflict, match="not this step's"):
        work(bed, "foreign")
    assert queries == len(bed.executions("daily_sales"))
