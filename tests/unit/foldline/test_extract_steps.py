"""Extract steps: what does not agree is told before a database is asked; windows and columns are remembered."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from foldline.environment import Environment
from foldline.remote.extracts.parts import drift
from foldline.remote.extracts.watermarks import mark, value
from foldline.stepfiles.extractfiles import extract_conflicts
from foldline.steps.extract import ExtractSettings
from preprocessing.extract_request import extract_settings

WORKER: dict[str, Any] = {"connection": "shop_db", "table": "public.orders"}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"
JOB: dict[str, Any] = {
    "runs_on": "job",
    "secret": SECRET,
    "driver": "psycopg2",
    "table": "orders",
    "shard_by": "id",
    "job": {"image": "sklearn", "instance": "ml.m5.large", "instances": 2},
}


def environment(**more: Any) -> Environment:
    return Environment.model_validate(
        {
            "name": "dev",
            "account": "123456789012",
            "region": "eu-west-1",
            "bucket": "acme-ml",
            "role": "arn:aws:iam::123456789012:role/jobs",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({**WORKER, "table": None}, "needs one of table and query, has none"),
        ({**WORKER, "query": "orders.sql"}, "needs one of table and query, has both"),
        ({**WORKER, "connection": None}, "connection: must be given for runs_on: worker"),
        ({**WORKER, "secret": SECRET}, "secret: has a meaning for runs_on: job only"),
        ({**WORKER, "request": {"RoleArn": "x"}}, "request: has a meaning for runs_on: job only"),
        ({**WORKER, "parameters": {"least": 1}}, "a table has none"),
        ({"connection": "a", "query": "a.sql", "columns": ["a"]}, "a query selects its own"),
        ({"connection": "a", "query": "a.sql", "parameters": {"foldline_to": 1}}, "Foldline's own"),
        ({**WORKER, "columns": ["id", "ID"]}, "'ID' is here twice"),
        ({**JOB, "secret": None}, "secret: must be given for runs_on: job"),
        ({**JOB, "connection": "shop_db"}, "a job takes a `secret`"),
        ({**JOB, "since": {"column": "id"}}, "needs runs_on: worker"),
        ({**JOB, "shard_by": None}, "goes with several `job.instances`"),
        ({**WORKER, "table": 'orders"; DROP TABLE x'}, "is no table"),
        ({**WORKER, "types": {"a": "decimal(99,2)"}}, "is no column type"),
        ({**JOB, "secret": "hunter2"}, "is no secret"),
    ],
)
def test_settings_that_do_not_agree_are_told(changed: dict[str, Any], words: str) -> None:
    """
    At the setting to mend, in words.
    """
    with pytest.raises(ValidationError) as caught:
        ExtractSettings.model_validate(changed)
    assert words in str(caught.value)


def test_a_job_needs_a_vpc_or_a_reason(tmp_path: Path) -> None:
    """
    It reaches a database; a worker's step asks nothing of the environment.
    """
    network = {"subnets": ["subnet-0123abcd"], "security_groups": ["sg-0123abcd"]}
    job = ExtractSettings.model_validate(JOB)

    (told,) = extract_conflicts(tmp_path, job, environment())
    assert "names no subnets" in told.message
    assert [] == list(extract_conflicts(tmp_path, job, environment(**network)))
    reasoned = ExtractSettings.model_validate({**JOB, "allow_public": "a public sample database"})
    assert [] == list(extract_conflicts(tmp_path, reasoned, environment()))
    assert [] == list(extract_conflicts(tmp_path, ExtractSettings.model_validate(WORKER), environment()))


def test_a_query_file_is_looked_at_offline(tmp_path: Path) -> None:
    """
    Missing, more than one SELECT, values too many or too few.
    """
    settings = ExtractSettings.model_validate(
        {"connection": "a", "query": "orders.sql", "parameters": {"lest": 1}}
    )
    assert ["there is no such file"] == [
        told.message.partition(", ")[2].partition(" in ")[0]
        for told in extract_conflicts(tmp_path, settings, None)
    ]
    (tmp_path / "orders.sql").write_text("DELETE FROM orders WHERE id > :least")

    told = [conflict.message for conflict in extract_conflicts(tmp_path, settings, None)]
    assert [
        "orders.sql must be a SELECT",
        "orders.sql holds the word DELETE; an extract only reads",
        "orders.sql has no `:lest`",
        "has no value for `:least` of orders.sql",
    ] == told


def test_every_host_has_its_statement_before_the_job_starts() -> None:
    """
    The settings document follows from the step alone, so every try divides alike; dates are texts in it.
    """
    written = {**JOB, "table": None, "query": "orders.sql", "parameters": {"since": dt.date(2026, 1, 1)}}
    settings = ExtractSettings.model_validate(written)
    document = extract_settings(settings, "SELECT * FROM orders WHERE day > :since")

    assert document == extract_settings(settings, "SELECT * FROM orders WHERE day > :since")
    assert [{"since": "2026-01-01"}] * 2 == [one["values"] for one in document["statements"]]
    assert len({one["text"] for one in document["statements"]}) == 2
    assert SECRET == document["secret"]


@pytest.mark.parametrize(
    "newest",
    [
        7,
        2**70,
        Decimal("1.50"),
        "2026-01-01",
        dt.date(2026, 1, 1),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        None,
    ],
)
def test_a_watermark_is_remembered_exactly(newest: Any) -> None:
    """
    Of its own type, also through JSON.
    """
    back = value(mark(newest))
    assert (newest, type(newest)) == (back, type(back))


@pytest.mark.parametrize("newest", [True, 1.5, b"x"])
def test_what_has_no_exact_order_is_no_watermark(newest: Any) -> None:
    """
    A float would skip or repeat rows.
    """
    with pytest.raises(TypeError):
        mark(newest)


def test_drift_is_told_by_name() -> None:
    """
    Gone, new, of another type; an order is told only when nothing else explains it.
    """
    before = [["a", "int"], ["b", "string"], ["c", "date"]]

    assert [] == drift(before, before)
    assert ["column b is gone", "column d is new (int)", "column a was int, is bigint"] == drift(
        before, [["a", "bigint"], ["c", "date"], ["d", "int"]]
    )
    assert ["the columns are in another order"] == drift(before, [before[1], before[0], before[2]])
