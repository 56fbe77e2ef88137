"""The edges of a task: what it may hand on, and an account that is not its own."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from foldline.errors import DataError
from operators.base import StepOperator
from operators.xcom import LIMIT, short_result
from tests.foreign import ACCOUNT, foreign_account

ROOT = Path(__file__).parents[2]


class Idle(StepOperator):
    """Would return what it is told, if it came to that."""

    def work(self, run: Any) -> dict[str, Any]:
        """Nothing much."""
        return {"rows": 1}


def test_a_task_in_a_foreign_account_only_asks_who_it_is(tmp_path, monkeypatch):
    """
    The laptop's config against somebody's AWS: one question, no write, not even the task's record; no retry.
    """
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    monkeypatch.setenv("FOLDLINE_ROOT", str(tmp_path))
    monkeypatch.setenv("FOLDLINE_ENV", "local")
    pushed: list[str] = []
    ti = SimpleNamespace(
        map_index=-1,
        max_tries=0,
        start_date=dt.datetime.now(dt.UTC),
        xcom_push=lambda key, value: pushed.append(key),
    )
    context = {"ti": ti, "run_id": "manual__1", "params": {}, "outlet_events": {}}
    with foreign_account() as foreign:
        monkeypatch.setenv("AWS_ENDPOINT_URL", foreign.url)
        with pytest.raises(AirflowFailException, match=ACCOUNT):
            Idle(step="flight_delays.catalogue").execute(context)
    (call,) = foreign.calls
    assert "Action=GetCallerIdentity" in call


def test_a_short_json_result_goes_through():
    """
    Texts, numbers, null, lists and mappings are handed on as they are.
    """
    result = {"uri": "s3://b/k", "rows": 3, "score": 0.5, "fold": None, "jobs": ["a"], "by": {"x": True}}
    assert result == short_result("fit", result)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (dt.date(2026, 1, 1), "date"),
        (Decimal("1.5"), "Decimal"),
        (b"x", "bytes"),
        ({1, 2}, "set"),
        (Path("x"), "PosixPath"),
        (object(), "object"),
    ],
)
def test_a_foreign_type_is_refused_with_its_key(value, kind):
    """
    Airflow would store it by its class, and another version could not read it.
    """
    with pytest.raises(DataError, match=rf"fits\[1\].at: is of type {kind}"):
        short_result("fit", {"fits": [{}, {"at": value}]})


def test_numbers_of_other_libraries_are_refused():
    """
    A NumPy float is a float, and yet stored as NumPy's.
    """
    import numpy as np

    with pytest.raises(DataError, match="mean: is of type float64"):
        short_result("fit", {"mean": np.float64(0.5)})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_refused(value):
    """
    NaN and infinities would be text that no other reader takes.
    """
    with pytest.raises(DataError, match=r"score: .* is no JSON number"):
        short_result("fit", {"score": value})


def test_a_long_result_is_refused_with_its_longest_key():
    """
    The limit is 64 kB of JSON; the message names the member to shorten.
    """
    with pytest.raises(DataError, match=f"rows: 70,0.. of the 70,... bytes; at most {LIMIT:,}"):
        short_result("ingest", {"uri": "s3://b/k", "rows": "x" * 70_000})
    assert short_result("ingest", {"rows": "x" * (LIMIT - 20)})


def test_a_secret_result_is_refused_without_its_text():
    """
    XCom is read by everyone who may see the run.
    """
    with pytest.raises(DataError, match=r"dsn: looks like a URL with a password") as caught:
        short_result("extract", {"dsn": "postgresql://etl:hunter2@db/raw"})
    assert "hunter2" not in str(caught.value)
