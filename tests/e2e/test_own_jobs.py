"""The example with one's own scripts, through real Airflow, in deferrable mode: what a replay finds is adopted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from foldline.layout import PipelineLayout
from tests.e2e.conftest import Project

pytestmark = pytest.mark.xdist_group("own_jobs")


def test_scripts_of_ones_own_run_from_data_to_predictions_in_deferrable_mode(
    make_project: Callable[..., Project], client: Callable[[str], Any]
) -> None:
    """
    Processing, a spot training, a search by SageMaker's tuner, its best model, a batch transform: all by name.
    """
    project = make_project()
    project.edit("infra/env/local.yaml", "polling:", "deferrable: true\npolling:")
    s3 = client("s3")
    s3.create_bucket(Bucket="foldline-local")

    done = project.foldline("run", "tumours_own", "--output", "json", check=False)

    summary = json.loads(done.stdout)
    assert summary["succeeded"], done.stderr
    key = PipelineLayout("foldline-local", "tumours_own").run(summary["run_id"]).run_json.key
    record = json.loads(s3.get_object(Bucket="foldline-local", Key=key)["Body"].read())
    results = {task["step"]: task["result"] for task in record["tasks"]}
    assert 114 == results["predict"]["records"]
    assert results["fit"]["metrics"]["validation:auc"] > 0.9
    assert (3, 0) == (results["search"]["completed"], results["search"]["failed"])
    assert results["search"]["value"] > 0.9
    generations = [job["generation"] for task in record["tasks"] for job in task["jobs"]]
    assert [0, 0, 0, 0] == generations
