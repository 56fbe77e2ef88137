"""The main job on a tenth of the real flights: raw CSV files to an endpoint that answers, through Airflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Demo

pytestmark = pytest.mark.xdist_group("flight_delays")
STEPS = {
    "catalogue",
    "ingest",
    "quality",
    "preprocessing",
    "cross_validation",
    "tuning",
    "gate",
    "training",
    "register",
    "transform",
    "evaluation",
    "deploy",
}


def test_the_run_succeeds_and_beats_the_baseline(demo: Demo) -> None:
    """
    Cross-validated and hold-out AUC are those of a model that learned, not of luck or leakage.
    """
    assert demo.first["succeeded"]
    cross_validated, hold_out = demo.first["cross_validation"], demo.first["holdout"]

    assert 0.70 < cross_validated["mean"] < 0.85
    assert 0 < cross_validated["sd"] < 0.05
    assert 0.65 < hold_out["score"] < 0.85
    assert hold_out["score"] > hold_out["baseline"] + 0.02


def test_every_step_leaves_its_record(record: dict[str, Any]) -> None:
    """
    Twelve steps, the cross-validation once per fold, all successful.
    """
    tasks = record["tasks"]

    assert STEPS == {task["step"] for task in tasks}
    assert {"success"} == {task["state"] for task in tasks}
    assert [0, 1, 2] == sorted(t["map_index"] for t in tasks if t["step"] == "cross_validation")


def test_rows_are_accounted_for(record: dict[str, Any]) -> None:
    """
    Rows in = rows kept + rows dropped by each rule; folds + hold-out = rows kept.
    """
    evidence = {task["step"]: task["evidence"] for task in record["tasks"]}
    ingest, split = evidence["ingest"], evidence["preprocessing"]

    assert ingest["rows_in"] == ingest["rows_kept"] + sum(ingest["dropped"].values())
    assert ingest["dropped"]["cancelled"] > 0
    assert ingest["bytes_scanned"] > 0
    in_folds = sum(shard["rows"] for shard in split["manifest"]["shards"])
    assert ingest["rows_kept"] == in_folds + split["holdout"]["rows"]
    assert evidence["evaluation"]["rows"]["predicted"] == split["holdout"]["rows"]


def test_each_fit_is_one_job(record: dict[str, Any]) -> None:
    """
    Three folds of the baseline, two trials of three folds, one final fit: ten training jobs, no more.
    """
    jobs = [job for task in record["tasks"] for job in task["jobs"] if job["kind"] == "training"]

    assert 3 + 2 * 3 + 1 == len(jobs)
    assert len(jobs) == len({job["name"] for job in jobs})
    assert {"Completed"} == {job["status"] for job in jobs}


def test_the_endpoint_answers_csv_and_json(
    demo: Demo, record: dict[str, Any], client: Callable[..., Any]
) -> None:
    """
    The same record in both forms has the same probability; a broken record is refused as the client's mistake.
    """
    example = next(task for task in record["tasks"] if task["step"] == "deploy")["evidence"]["example"]
    runtime, name = client("sagemaker-runtime"), demo.first["endpoint"]
    line = ",".join("" if value is None else str(value) for value in example["features"].values())

    csv = runtime.invoke_endpoint(
        EndpointName=name, ContentType="text/csv", Accept="text/csv", Body=line.encode()
    )
    body = json.dumps({"instances": [line.split(",")]})
    answer = runtime.invoke_endpoint(EndpointName=name, ContentType="application/json", Body=body.encode())

    probability = float(csv["Body"].read())
    assert pytest.approx(example["prediction"], abs=1e-6) == probability
    assert (
        pytest.approx(probability, abs=1e-6)
        == json.loads(answer["Body"].read())["predictions"][0]["probability"]
    )
    with pytest.raises(runtime.exceptions.ModelError, match="400"):
        runtime.invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=b"only,two")


def test_the_report_is_one_page_without_outside_parts(demo: Demo) -> None:
    """
    The page the command names is there and asks no other host for anything.
    """
    from pathlib import Path

    page = Path(demo.first["report"]).read_text()

    assert "<svg" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_a_second_demo_updates_the_endpoint(demo: Demo, client: Callable[..., Any]) -> None:
    """
    Run again: another run, another model version, the same endpoint on a new config.
    """
    sagemaker, name = client("sagemaker"), demo.first["endpoint"]
    before = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]

    second = demo.demo()

    assert second["succeeded"]
    assert second["run_id"] != demo.first["run_id"]
    after = sagemaker.describe_endpoint(EndpointName=name)
    assert "InService" == after["EndpointStatus"]
    assert before != after["EndpointConfigName"]
    versions = sagemaker.list_model_packages(ModelPackageGroupName="flight-delays")["ModelPackageSummaryList"]
    assert 2 == len(versions)
