"""Airflow's own Glue job operator and sensor, by `airflow dags test`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("airflow_provider")
DAGS = Path(__file__).parent / "dags"


def test_the_glue_operators_run_a_job(run_client, client, tmp_path):
    """A job is created, run, updated before its second and third run, waited for by the sensor; its log is shown."""
    settings = {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONWARNINGS": "ignore",
        "NO_COLOR": "1",
        "PATH": os.environ["PATH"],
    }
    run_client("ours", "airflow", "db", "migrate", **settings)
    printed = run_client("ours", "airflow", "dags", "test", "glue_jobs", **settings)

    assert "state=failed" not in printed
    assert "wrote s3://airflow-glue/done/first" in printed
    done = {
        task: client("s3").get_object(Bucket="airflow-glue", Key=f"done/{task}")["Body"].read()
        for task in ("first", "second", "third")
    }
    assert {"first": b"first", "second": b"second", "third": b"third"} == done
    job = client("glue").get_job(JobName="airflow-glue-job")["Job"]
    assert {"--mode": "third"} == job["DefaultArguments"]
    runs = client("glue").get_job_runs(JobName="airflow-glue-job")["JobRuns"]
    assert ["SUCCEEDED"] * 3 == [run["JobRunState"] for run in runs]
