"""Runs that must stop, where they stop and what they say. Each leaves a record and starts nothing after the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.xdist_group("bad_input")
SMALL = ("-p", "folds=2", "-p", "trials=1")


def training_jobs(client: Callable[..., Any]) -> int:
    pages = client("sagemaker").get_paginator("list_training_jobs").paginate()
    return sum(len(page["TrainingJobSummaries"]) for page in pages)


def test_an_empty_query_result_stops_the_run(project: Project, client: Callable[..., Any]) -> None:
    """
    No flight in 2014: the ingest says so, with the query file and what to mend, and nothing is spent.
    """
    before = training_jobs(client)

    result = project.run("-p", "from_date=2014-01-01", "-p", "to_date=2014-12-31")

    assert not result["succeeded"]
    assert "ingest" == result["stopped_at"]
    assert "gives no rows" in result["error"]
    assert "infra/flight_delays/ingest.sql" in result["error"]
    assert before == training_jobs(client)


def test_a_label_with_one_class_stops_at_the_quality_gate(
    project: Project, client: Callable[..., Any]
) -> None:
    """
    A rule that drops every late flight leaves one class: the gate names the label before anything is trained.
    """
    before = training_jobs(client)
    project.edit("infra/flight_delays/ingest.yaml", "rules:", "rules:\n  late: late = 1\n  #")

    result = project.run()

    assert "quality" == result["stopped_at"]
    assert "late" in result["error"]
    assert before == training_jobs(client)


def test_more_folds_than_groups_is_told_with_both_numbers(project: Project) -> None:
    """
    Ten days cannot make twenty folds of whole days.
    """
    project.edit("infra/flight_delays/quality.yaml", "min_rows: 10000", "min_rows: 100")
    project.edit("infra/flight_delays/preprocessing.yaml", "from: 2013-12-01", "from: 2013-01-09")

    result = project.run("-p", "from_date=2013-01-01", "-p", "to_date=2013-01-10", "-p", "folds=20")

    assert "preprocessing" == result["stopped_at"]
    assert "20" in result["error"]
    assert "8" in result["error"]


def test_a_training_script_that_raises_shows_its_last_log_lines(project: Project) -> None:
    """
    The task's error holds AWS's FailureReason and the end of the job's log.
    """
    project.edit("infra/flight_delays/cross_validation.yaml", "by: [carrier, dep_hour]", "by: [carier]")

    result = project.run(*SMALL)

    assert "cross_validation" == result["stopped_at"]
    assert "AlgorithmError" in result["error"]
    assert "last" in result["error"]
    assert "carier" in result["error"]


def test_a_candidate_within_the_margin_stops_at_the_gate(
    project: Project, client: Callable[..., Any]
) -> None:
    """
    A margin nobody reaches: the run stops with both means, before the final fit.
    """
    result = project.run(*SMALL, "-p", "margin=0.9")

    assert "gate" == result["stopped_at"]
    assert "0.9000 asked" in result["error"]
    assert result["report"]


def test_a_wrong_param_starts_nothing(project: Project) -> None:
    """
    folds=1 breaks the setting's rule: told by name and rule before Airflow starts.
    """
    done = project.foldline("run", "flight_delays", "-p", "folds=1", check=False)

    assert 1 == done.returncode
    assert "folds" in done.stderr
    assert "at least 2" in done.stderr


def test_no_endpoint_is_told_with_the_mend(make_project: Callable[..., Project]) -> None:
    """
    Nothing listens: the error names the address and the command that starts the local endpoint.
    """
    done = make_project("http://127.0.0.1:9").foldline("run", "flight_delays", check=False)

    assert 1 == done.returncode
    assert "http://127.0.0.1:9" in done.stderr
    assert "foldline local start" in done.stderr
