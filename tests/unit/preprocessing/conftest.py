"""A small table of flights and the folder of a job."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foldline.folds import Schema
from preprocessing.container import JobDir

DAYS = 24


@pytest.fixture
def schema() -> Schema:
    return Schema("flight_id", "late", ("dep_hour", "temp"), ("carrier", "origin"))


@pytest.fixture
def table() -> pa.Table:
    """480 flights of 24 days; a tenth of the temperatures and some carriers are missing; lines need quoting."""
    random = np.random.default_rng(4)
    rows = DAYS * 20
    hour = random.integers(5, 24, rows)
    return pa.table(
        {
            "flight_id": [f"f-{number:04d}" for number in random.permutation(rows)],
            "flight_date": [dt.date(2013, 1, 1) + dt.timedelta(days=number % DAYS) for number in range(rows)],
            "late": pa.array((random.random(rows) < hour / 40).astype(np.int32)),
            "dep_hour": pa.array(hour.astype(np.int32)),
            "temp": pa.array(random.normal(50, 20, rows), mask=random.random(rows) < 0.1),
            "carrier": [[None, "AA", "B6", 'quo"te, Inc.'][number] for number in random.integers(0, 4, rows)],
            "origin": [["EWR", "JFK"][number] for number in random.integers(0, 2, rows)],
        }
    )


@pytest.fixture
def job(tmp_path: Path) -> JobDir:
    return JobDir(tmp_path / "job")


@pytest.fixture
def processing_job(job: JobDir) -> Callable[..., JobDir]:
    """Lays out the inputs of a processing job."""

    def lay(table: pa.Table, settings: dict[str, Any]) -> JobDir:
        inputs = job.root / "processing" / "input"
        for name in ("settings", "table"):
            (inputs / name).mkdir(parents=True)
        (inputs / "settings" / "settings.json").write_text(json.dumps(settings))
        half = table.num_rows // 2
        pq.write_table(table.slice(0, half), inputs / "table" / "20260101_000000_aaaaa")
        pq.write_table(table.slice(half), inputs / "table" / "20260101_000000_bbbbb")
        return job

    return lay
