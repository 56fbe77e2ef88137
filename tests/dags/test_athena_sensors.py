"""Sensors on tables: each look is one query, whatever happens between two of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from foldline.errors import DataError, JobTimedOut
from foldline.remote.calls import SystemClock
from foldline.waiting import Deferring, Staying, Suspended, Watch
from operators.athena_sensors import AthenaFreshnessSensor, AthenaRowCountSensor
from tests.dags.warehousebed import BUCKET, Bed

pytestmark = pytest.mark.xdist_group("warehouse")


@pytest.fixture
def bed(make_bed: Callable[[], Bed]) -> Bed:
    """A project with five sales."""
    return make_bed()


@dataclass
class Meanwhile:
    """Waits that do something in each long pause, and sleep in the short ones."""

    act: Callable[[], None]
    pauses: int = 0

    def pause(self, seconds: float, watch: Watch) -> None:
        if not watch.names:
            self.pauses += 1
            self.act()
        Staying(SystemClock()).pause(seconds, watch)


def looks(bed: Bed, run: str) -> list[str]:
    """Queries of a run's sensor, from what it remembers."""
    keys = bed.keys(f"warehouse/runs/{run}/memory/arrived/")
    return [key for key in keys if "/query-" in key]


def test_enough_rows_are_waited_for(bed: Bed) -> None:
    """
    Three are there, four are wanted: the fourth comes between two looks.
    """
    bed.edit("warehouse/arrived.yaml", "min_rows: 3", "min_rows: 4")
    body = f"6,north,1,{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}\n".encode()
    waits = Meanwhile(lambda: bed.client("s3").put_object(Bucket=BUCKET, Key="shop/sales/2.csv", Body=body))
    found = bed.work(AthenaRowCountSensor, "arrived", "waiting", waits=waits)
    bed.client("s3").delete_object(Bucket=BUCKET, Key="shop/sales/2.csv")

    assert {"database": "shop", "table": "sales", "rows": 4, "looks": 2} == found
    assert 1 == waits.pauses
    assert 2 == len(looks(bed, "waiting"))


def test_the_cost_of_all_looks_is_added_up(bed: Bed) -> None:
    """
    Each look's ten megabytes stand in the evidence, whichever worker made it.
    """
    bed.edit("warehouse/arrived.yaml", "min_rows: 3", "min_rows: 9")
    bed.edit("warehouse/arrived.yaml", "timeout: 1m", "timeout: 3s")
    run = bed.run("arrived", "added")
    with pytest.raises(JobTimedOut):
        AthenaRowCountSensor(step="warehouse.arrived").work(run)

    assert run.evidence["looks"] >= 2
    assert pytest.approx(run.evidence["looks"] * 10 * 2**20 / 2**40 * 5) == run.evidence["cost_usd"]
    assert 1 == len(run.evidence["query_ids"])


def test_a_replay_between_two_looks_asks_for_nothing(bed: Bed) -> None:
    """
    The worker lets go until the next look is due; one that comes back too early lets go again.
    """
    bed.edit("warehouse/arrived.yaml", "min_rows: 3", "min_rows: 9")
    bed.edit("warehouse/arrived.yaml", "poke_interval: 1s", "poke_interval: 50s")
    rests = []
    for _ in range(3):
        with pytest.raises(Suspended) as caught:
            bed.work(AthenaRowCountSensor, "arrived", "early", waits=Deferring(SystemClock(), patience=0.5))
        rests.append(caught.value.watch)

    assert [("query", ())] * 3 == [(watch.kind, watch.names) for watch in rests]
    assert all(40 < watch.seconds <= 50 for watch in rests)
    assert 1 == len(looks(bed, "early"))


def test_a_worker_killed_at_any_call_starts_no_look_twice(bed: Bed) -> None:
    """
    One look was needed and one query was run.
    """
    found, kills = bed.killed_everywhere(AthenaRowCountSensor, "arrived", "killed")

    assert 1 == found["looks"]
    assert kills >= 3
    assert 1 == len(looks(bed, "killed"))


def test_a_sensor_gives_up_in_time(bed: Bed) -> None:
    """
    The limit counts from the first look, by Athena's clock; the error says what was seen.
    """
    bed.edit("warehouse/arrived.yaml", "min_rows: 3", "min_rows: 9")
    bed.edit("warehouse/arrived.yaml", "timeout: 1m", "timeout: 1s")

    with pytest.raises(JobTimedOut, match=r"within 1s: 3 rows, 9 wanted"):
        bed.work(AthenaRowCountSensor, "arrived", "too late")


def test_a_sensor_may_skip_what_comes_after_it(bed: Bed) -> None:
    """
    `on_timeout: skip` skips the task instead of failing it.
    """
    bed.edit("warehouse/fresh.yaml", "max_age: 26h", "max_age: 1s")
    bed.edit("warehouse/fresh.yaml", "timeout: 3s", "timeout: 1s")
    bed.edit("warehouse/fresh.yaml", "column: sold_at", "column: sold_at\npartition: {region: nowhere}")

    with pytest.raises(AirflowSkipException, match="no row with a sold_at"):
        bed.work(AthenaFreshnessSensor, "fresh", "skipped")


def test_a_fresh_table_is_known_by_its_newest_row(bed: Bed) -> None:
    """
    Sales of today are younger than 26 hours; its age is counted in seconds.
    """
    found = bed.work(AthenaFreshnessSensor, "fresh", "fresh")

    assert 0 <= found["age_seconds"] < 3600
    assert 1 == found["looks"]


@pytest.mark.parametrize("text", ["2026-01-01 10:00:00", "2026-01-01"])
def test_moments_may_be_texts(bed: Bed, text: str) -> None:
    """
    A column of ISO texts is read as moments; these are long past.
    """
    bed.athena(f"CREATE OR REPLACE VIEW shop.old AS SELECT '{text}' AS sold_at")
    bed.edit("warehouse/fresh.yaml", "table: sales", "table: old")
    bed.edit("warehouse/fresh.yaml", "timeout: 3s", "timeout: 1s")
    bed.edit("warehouse/fresh.yaml", "on_timeout: skip", "on_timeout: fail")

    with pytest.raises(JobTimedOut, match=r"newest row of 2026-01-01.* old, at most 26h|1d2h"):
        bed.work(AthenaFreshnessSensor, "fresh", f"old {text}")


def test_a_table_that_is_not_there_is_an_error_at_once(bed: Bed) -> None:
    """
    A wrong name is not waited for.
    """
    bed.edit("warehouse/arrived.yaml", "table: sales", "table: sails")

    with pytest.raises(DataError, match="sails"):
        bed.work(AthenaRowCountSensor, "arrived", "nowhere")
