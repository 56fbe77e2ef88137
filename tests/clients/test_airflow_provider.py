"""Airflow's own Amazon provider: its operators and sensors, by `airflow dags test`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("airflow_provider")
DAGS = Path(__file__).parent / "dags"
BUCKET = "airflow-provider"


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory) -> Path:
    """An empty home for Airflow."""
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture
def airflow(run_client, airflow_home):
    """Runs a command of Airflow's: ``airflow("dags", "test", "provider")``."""
    settings = {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONWARNINGS": "ignore",
    }
    run_client("ours", "airflow", "db", "migrate", **settings)
    return lambda *words: run_client(
        "ours", "airflow", *words, **settings, NO_COLOR="1", PATH=os.environ["PATH"]
    )


def test_the_operators_run_a_pipeline(airflow, client):
    """S3, crawler, query, processing, training, model, transform and endpoint operators all succeed in a chain."""
    printed = airflow("dags", "test", "provider")

    assert "state=failed" not in printed
    s3, sagemaker = client("s3"), client("sagemaker")
    answer = client("sagemaker-runtime").invoke_endpoint(
        EndpointName="provider-endpoint", ContentType="text/csv", Body=b"20,22"
    )
    assert b"42\n" == answer["Body"].read()
    assert b"3\n7\n" == s3.get_object(Bucket=BUCKET, Key="transformed/a.csv.out")["Body"].read()
    assert b"1,2\n3,4" == s3.get_object(Bucket=BUCKET, Key="processed/n")["Body"].read()
    (result,) = [
        item["Key"]
        for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="results/")["Contents"]
        if item["Key"].endswith(".csv")
    ]
    assert b'"6"' in s3.get_object(Bucket=BUCKET, Key=result)["Body"].read()
    jobs = sagemaker.list_training_jobs(NameContains="provider-training")["TrainingJobSummaries"]
    assert ["Completed", "Completed"] == [job["TrainingJobStatus"] for job in jobs]
    assert "InService" == sagemaker.describe_endpoint(EndpointName="provider-endpoint")["EndpointStatus"]
