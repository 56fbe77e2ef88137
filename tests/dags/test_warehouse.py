"""The example of docs/operators.md, run by Airflow itself: in the worker, and through the triggerer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foldline.cli.airflowhome import airflow_environment
from tests.airflowhomes import migrated
from tests.conftest import ROOT
from tests.dags.warehousebed import Bed

pytestmark = pytest.mark.xdist_group("warehouse")


@pytest.fixture(scope="module")
def bed(make_bed: Callable[[], Bed]) -> Bed:
    """The project with its own environment file."""
    return make_bed()


@pytest.fixture(scope="module")
def runs(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Both DAGs, run once: states by task."""
    home = tmp_path_factory.mktemp("airflow")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
    made = airflow_environment(bed.pipeline.environment, bed.root)
    ours = {key: value for key, value in made.items() if key.startswith(("AWS_", "AIRFLOW", "FOLDLINE"))}
    variables = {**kept, **ours, "AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT)}
    variables["AWS_ENDPOINT_URL"] = bed.endpoint.url
    migrated(home)
    command = [sys.executable, "-m", "tests.dags.rundags", str(bed.root / "dags")]
    done = subprocess.run(
        [*command, "warehouse", "warehouse_deferring"],
        cwd=home,
        env=variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert 0 == done.returncode, (done.stdout + done.stderr)[-4000:]
    lines = [json.loads(line) for line in Path(home, "runs.jsonl").read_text().splitlines()]
    return {line["dag"]: line for line in lines}


def record(bed: Bed, run_id: str, task: str) -> dict[str, Any]:
    """What a task left for the run record."""
    from foldline.layout import PipelineLayout

    key = PipelineLayout("foldline-local", "warehouse").run(run_id).record(task).key
    return json.loads(bed.client("s3").get_object(Bucket="foldline-local", Key=key)["Body"].read())


def test_all_tasks_of_the_example_succeed(runs: dict[str, dict[str, Any]]) -> None:
    """
    Sensors, the swapped table, the query on it and the unload from Redshift.
    """
    assert (
        dict.fromkeys(("arrived", "fresh", "daily", "best", "export"), "success")
        == runs["warehouse"]["states"]
    )


def test_a_deferring_sensor_gives_up_and_skips(runs: dict[str, dict[str, Any]]) -> None:
    """
    It looks, waits in the triggerer, looks again, and skips what waits for it; what does not, runs.
    """
    assert {"late": "skipped", "after": "skipped", "daily": "success"} == runs["warehouse_deferring"][
        "states"
    ]


def test_a_deferring_sensor_ran_each_look_once(bed: Bed, runs: dict[str, dict[str, Any]]) -> None:
    """
    Two looks, two queries; the record says that the task skipped itself.
    """
    left = record(bed, runs["warehouse_deferring"]["run"], "late")

    assert "skipped" == left["state"]
    assert 2 == left["evidence"]["looks"]
    assert 2 == len(bed.executions('WHERE "region" = ? AND "amount" = ?'))


def test_the_record_of_a_query_names_what_it_cost(bed: Bed, runs: dict[str, dict[str, Any]]) -> None:
    """
    Bytes, seconds, dollars and the query's id stand in the run's record.
    """
    left = record(bed, runs["warehouse"]["run"], "daily")

    assert left["evidence"]["cost_usd"] > 0
    assert left["evidence"]["bytes_scanned"] > 0
    assert [left["result"]["query_id"]] == left["evidence"]["query_ids"]
