"""One statement on Athena, on the local endpoint: once, with its values kept out of its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from foldline.errors import ConfigError, DataError
from operators.athena import AthenaQueryOperator, AthenaUnloadOperator
from operators.athena_table import AthenaTableOperator
from tests.dags.warehousebed import Bed

pytestmark = pytest.mark.xdist_group("warehouse")


@pytest.fixture(scope="module")
def filled(make_bed: Callable[[], Bed]) -> Bed:
    """A project whose daily table is there."""
    bed = make_bed()
    bed.work(AthenaTableOperator, "daily", "before")
    return bed


@pytest.fixture
def write(filled: Bed) -> Any:
    """Rewrites the query step for one test: ``write(sql, yaml)``."""
    folder = filled.root / "infra" / "warehouse"
    kept = {name: (folder / name).read_text() for name in ("best.sql", "best.yaml")}

    def write(sql: str, more: str = "fetch: one") -> None:
        (folder / "best.sql").write_text(sql)
        (folder / "best.yaml").write_text(f"kind: query\ndatabase: shop\nquery: best.sql\n{more}\n")

    yield write
    for name, text in kept.items():
        (folder / name).write_text(text)


def test_the_only_row_is_handed_on_with_its_types(filled: Bed) -> None:
    """
    Whole numbers are numbers, texts are texts; the rest of the result is figures.
    """
    found = filled.work(AthenaQueryOperator, "best", "types")

    assert {"region": "north", "sales": 3, "amount": 55} == found["row"]
    assert found["bytes_scanned"] > 0
    assert pytest.approx(10 * 2**20 / 2**40 * 5) == found["cost_usd"]
    assert found["uri"].endswith(f"{found['query_id']}.csv")


def test_bytes_and_cost_stand_in_the_record(filled: Bed) -> None:
    """
    The run's evidence names the query, what it read and what that costs.
    """
    run = filled.run("best", "figures")
    found = AthenaQueryOperator(step="warehouse.best").work(run)

    assert [found["query_id"]] == run.evidence["query_ids"] == [job.name for job in run.jobs]
    assert found["bytes_scanned"] == run.evidence["bytes_scanned"]
    assert "scanned, 0.00005 USD" in run.detail


def test_a_worker_killed_at_any_call_starts_no_second_query(filled: Bed, write: Any) -> None:
    """
    A query per run, wherever its workers died.
    """
    write("SELECT COUNT(*) AS killed_count FROM sales")
    found, kills = filled.killed_everywhere(AthenaQueryOperator, "best", "killed")

    assert {"killed_count": 5} == found["row"]
    assert kills >= 3
    assert [found["query_id"]] == [
        one["QueryExecutionId"] for one in filled.executions("AS killed_count FROM sales")
    ]


def test_a_clear_asks_again(filled: Bed) -> None:
    """
    Another epoch is another query; another run is one too.
    """
    ids = {
        filled.work(AthenaQueryOperator, "best", run, epoch=epoch)["query_id"]
        for run, epoch in (("one", 0), ("one", 0), ("one", 1), ("two", 0))
    }

    assert 3 == len(ids)


@pytest.mark.parametrize(
    "value",
    [
        "x' OR '1'='1",
        "north' --",
        "'; DROP TABLE shop.sales; --",
        "\\' OR 1=1 --",
        "north'' OR ''=''",
        "?",
        "🙂",
    ],
)
def test_a_value_never_becomes_sql(filled: Bed, write: Any, value: str) -> None:
    """
    Whatever stands in a parameter is compared as a text: no row has it, and no table is lost.
    """
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    write("SELECT COUNT(*) AS n FROM sales WHERE region = ?", f'parameters: {{who: "{quoted}"}}\nfetch: one')

    assert {"n": 0} == filled.work(AthenaQueryOperator, "best", f"injected {value}")["row"]
    assert [["5"]] == filled.rows("SELECT COUNT(*) AS n FROM shop.sales")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT region FROM sales", "more than one row"),
        ("SELECT region FROM sales WHERE id = 99", "no row"),
        ("SELECT array_join(sequence(1, 5000), ',') AS long", "too large"),
        ("SELECT nosuch FROM sales", "does not fit the data"),
        ("SELECT region FROM nosuch", "does not fit the data"),
    ],
)
def test_a_result_that_is_not_what_was_asked_for_is_refused(
    filled: Bed, write: Any, sql: str, told: str
) -> None:
    """
    The error names the query file and the query.
    """
    write(sql)

    with pytest.raises(DataError, match=told) as caught:
        filled.work(AthenaQueryOperator, "best", sql)
    assert "infra/warehouse/best.sql" in str(caught.value)
    assert "Athena query " in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE sales",
        "INSERT INTO sales SELECT * FROM sales",
        "SELECT 1; SELECT 2",
        "ALTER TABLE sales ADD COLUMNS (n int)",
    ],
)
def test_what_writes_is_refused_before_anything_is_sent(filled: Bed, write: Any, sql: str) -> None:
    """
    `read_only` is the default, and the worker keeps to it whether or not anybody validated.
    """
    write(sql, "fetch: nothing")

    with pytest.raises(ConfigError, match="nothing was sent"):
        filled.work(AthenaQueryOperator, "best", sql)
    assert [] == filled.executions(sql)


def test_a_statement_that_changes_the_catalogue_is_free(filled: Bed, write: Any) -> None:
    """
    With `read_only: false` a view is made, and costs nothing.
    """
    write("CREATE OR REPLACE VIEW north AS SELECT * FROM sales WHERE region = 'north'", "read_only: false")

    assert 0 == filled.work(AthenaQueryOperator, "best", "view")["cost_usd"]
    assert [["3"]] == filled.rows("SELECT COUNT(*) AS n FROM shop.north")


def test_an_ingest_killed_at_any_call_audits_once_and_unloads_once(filled: Bed) -> None:
    """
    Four of five rows are kept; two queries, and their bytes and cost together in the evidence.
    """
    found, kills = filled.killed_everywhere(AthenaUnloadOperator, "sales", "ingested")
    texts = [one["Query"] for one in filled.executions("too_small")]

    assert 4 == found["rows"]
    assert kills >= 5
    assert ["UNLOAD", "WITH"] == sorted(text.split(maxsplit=1)[0] for text in texts)


def test_an_ingest_tells_what_it_read_and_what_that_costs(filled: Bed) -> None:
    """
    Rows in, rows dropped by rule, bytes and dollars of both queries.
    """
    run = filled.run("sales", "told")
    AthenaUnloadOperator(step="warehouse.sales").work(run)

    assert (5, 4, {"too_small": 1}) == tuple(run.evidence[key] for key in ("rows_in", "rows_kept", "dropped"))
    assert pytest.approx(2 * 10 * 2**20 / 2**40 * 5) == run.evidence["cost_usd"]
    assert (
        sum(filled.execution(name)["Statistics"]["DataScannedInBytes"] for name in run.evidence["query_ids"])
        == run.evidence["bytes_scanned"]
    )


def test_an_ingest_without_rows_names_its_query(filled: Bed) -> None:
    """
    Zero rows fail the task, with the id of the query that counted them.
    """
    filled.edit("warehouse/sales.yaml", "2026-01-01", "2099-01-01")

    with pytest.raises(DataError, match="gives no rows") as caught:
        filled.work(AthenaUnloadOperator, "sales", "none")
    assert "Athena query " in str(caught.value)
