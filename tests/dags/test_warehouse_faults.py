"""Warehouse steps on a bad day of AWS: lost answers, throttles, late reads; nothing runs twice, nothing fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from foldline.remote.calls import SystemClock
from foldline.waiting import Deferring, Suspended
from operators.athena import AthenaQueryOperator
from operators.athena_sensors import AthenaRowCountSensor
from operators.athena_table import AthenaTableOperator
from operators.base import StepOperator
from operators.redshift import RedshiftUnloadOperator
from tests.dags.warehousebed import Bed
from tests.localaws.faults.conftest import control

pytestmark = pytest.mark.xdist_group("warehouse")
STEPS: list[tuple[type[StepOperator], str]] = [
    (AthenaRowCountSensor, "arrived"),
    (AthenaTableOperator, "daily"),
    (AthenaQueryOperator, "best"),
    (RedshiftUnloadOperator, "export"),
]


@pytest.fixture(scope="module")
def bed(make_bed: Callable[[], Bed]) -> Bed:
    """A project whose daily table is there."""
    made = make_bed()
    made.work(AthenaTableOperator, "daily", "before faults")
    return made


@pytest.fixture
def fault(bed: Bed) -> Iterator[Callable[..., None]]:
    """Adds a rule to the endpoint; all are gone when the test is over."""

    def add(effect: str, **members: object) -> None:
        status, rule = control(bed.endpoint, "POST", body={"effect": effect, **members})
        assert 201 == status, rule

    yield add
    control(bed.endpoint, "DELETE")


def started(bed: Bed) -> list[str]:
    """Ids of all queries and batches there are."""
    queries = [one["QueryExecutionId"] for one in bed.executions("")]
    pages = bed.client("redshift-data").get_paginator("list_statements").paginate(Status="ALL")
    return queries + [one["Id"] for page in pages for one in page["Statements"]]


@pytest.mark.parametrize(("operator", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_lost_answer_starts_nothing_twice(
    bed: Bed, fault: Callable[..., None], operator: type[StepOperator], step: str
) -> None:
    """
    Every first call that starts or changes something is carried out and its answer lost.
    """
    before = set(started(bed))
    for operation in ("StartQueryExecution", "BatchExecuteStatement", "UpdateTable", "DeleteTable"):
        fault("commit_then_drop", operation=operation, count=1)
    bed.work(operator, step, f"lost {step}")
    control(bed.endpoint, "DELETE")

    assert 1 == len(set(started(bed)) - before)


@pytest.mark.parametrize(("operator", "step"), STEPS, ids=[step for _, step in STEPS])
def test_throttles_and_failing_servers_fail_no_task(
    bed: Bed, fault: Callable[..., None], operator: type[StepOperator], step: str
) -> None:
    """
    A third of all calls is throttled and a fifth meets a 5xx.
    """
    before = set(started(bed))
    for service in ("athena", "glue", "redshift-data"):
        fault("throttle", service=service, probability=0.33, seed=1)
        fault("unavailable", service=service, probability=0.2, seed=2)
    bed.work(operator, step, f"throttled {step}")
    control(bed.endpoint, "DELETE")

    assert 1 == len(set(started(bed)) - before)


def test_a_query_that_a_late_read_does_not_show_is_looked_for_again(
    bed: Bed, fault: Callable[..., None]
) -> None:
    """
    The worker stays for the seconds that takes, starts nothing again, and has its answer.
    """
    before = set(started(bed))
    fault("stale", service="athena", operation="GetQueryExecution", writes=9, count=1)
    waits = Deferring(SystemClock(), patience=0.0)
    found = bed.work(AthenaQueryOperator, "best", "not visible yet", waits=waits)

    control(bed.endpoint, "DELETE")
    assert {found["query_id"]} == set(started(bed)) - before


def test_a_query_that_runs_is_waited_for_elsewhere_and_found_again(
    bed: Bed, fault: Callable[..., None]
) -> None:
    """
    The worker lets go of a query by its id; the next one finds it and starts none.
    """
    before = set(started(bed))
    fault("stale", service="athena", operation="GetQueryExecution", writes=1, count=1)
    with pytest.raises(Suspended) as caught:
        bed.work(AthenaQueryOperator, "best", "handed over", waits=Deferring(SystemClock(), patience=0.0))
    found = bed.work(AthenaQueryOperator, "best", "handed over")

    assert ("query", (found["query_id"],)) == (caught.value.watch.kind, caught.value.watch.names)
    control(bed.endpoint, "DELETE")
    assert {found["query_id"]} == set(started(bed)) - before


def test_a_lost_answer_of_the_first_swap_leaves_one_table(bed: Bed, fault: Callable[..., None]) -> None:
    """
    CreateTable was carried out and is asked for again: the table is found to be ours.
    """
    bed.client("glue").delete_table(DatabaseName="shop", Name="daily_sales")
    fault("commit_then_drop", operation="CreateTable", count=1)
    found = bed.work(AthenaTableOperator, "daily", "lost create")

    table = bed.client("glue").get_table(DatabaseName="shop", Name="daily_sales")["Table"]
    assert found["uri"] == table["StorageDescriptor"]["Location"]
