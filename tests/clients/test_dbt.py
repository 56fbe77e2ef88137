"""dbt with its Athena adapter."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PROJECT = Path(__file__).parent / "dbt"

pytestmark = pytest.mark.xdist_group("dbt")


def test_a_project_is_built_twice(run_client, client, tmp_path):
    """A seed, a view, an incremental model and their tests; the second build overwrites one partition only."""
    s3 = client("s3")
    s3.create_bucket(Bucket="dbt-flights")
    project = shutil.copytree(PROJECT, tmp_path / "project")
    build = ("dbt", "--no-send-anonymous-usage-stats", "build", "--project-dir", str(project))
    for _ in range(2):
        printed = run_client("dbt", *build, "--profiles-dir", str(project))
        assert "PASS=5 WARN=0 ERROR=0 SKIP=0" in printed
    found = {}
    for item in s3.list_objects_v2(Bucket="dbt-flights", Prefix="data/dbt_flights/days/")["Contents"]:
        copy = tmp_path / "rows.parquet"
        s3.download_file("dbt-flights", item["Key"], str(copy))
        found[item["Key"].split("/")[-2]] = pq.ParquetFile(copy).read().column("run").to_pylist()

    assert {"day=2024-01-02": [1, 1, 1], "day=2024-01-03": [2, 2, 2]} == found
