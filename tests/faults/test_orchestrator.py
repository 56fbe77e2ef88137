"""Airflow's processes die, hang and come back; a job starts once, and ends as its task says.

Rows of the fault table in docs/reliability.md. Every process is Airflow's own and is killed by its pid.
"""

from __future__ import annotations

import signal

import pytest

from tests.faults.airflow import Airflow
from tests.faults.rules import Faults
from tests.faults.steps import Jobs, started, waiting

pytestmark = [pytest.mark.xdist_group("airflow-faults"), pytest.mark.scheduler]


def test_killed_workers_and_triggerers_leave_one_job_each(airflow: Airflow, jobs: Jobs) -> None:
    """
    F04 F05 F06 F09: kill -9 and kill -TERM of a waiting worker, kill -9 of the triggerer: the job that runs is adopted.
    """
    killed = airflow.trigger("one_staying", "worker-9")
    told = airflow.trigger("one_staying", "worker-term")
    handed = airflow.trigger("one_deferring", "triggerer-9")
    first = {run: started(airflow, jobs, "one_staying", run) for run in (killed, told)}
    first[handed] = [waiting(airflow, jobs, "one_deferring", handed)]
    deferred = airflow.task("one_deferring", handed, "fit")

    airflow.kill("triggerer")
    airflow.kill_worker("one_staying", killed, "fit")
    airflow.kill_worker("one_staying", told, "fit", number=signal.SIGTERM)
    airflow.restart("triggerer")
    for run in (killed, told):
        airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    airflow.until(
        lambda: 2 == airflow.triggerers("one_deferring", handed, "fit"),
        "another triggerer waits",
        during=("one_deferring", handed),
    )
    now = airflow.task("one_deferring", handed, "fit")
    assert ("deferred", deferred["try_number"]) == (now["state"], now["try_number"])
    assert ["InProgress"] * 3 == [job.status for run in first for job in jobs(run)]
    for run in first:
        airflow.open(run)

    assert "success" == airflow.wait("one_staying", killed)
    assert "success" == airflow.wait("one_staying", told)
    assert "success" == airflow.wait("one_deferring", handed)
    assert first == {run: [job.name for job in jobs(run)] for run in first}
    assert airflow.result("one_staying", killed, "fit")["adopted"]


def test_a_clear_of_a_succeeded_task_runs_it_once_more(airflow: Airflow, jobs: Jobs) -> None:
    """
    F14: the cleared task gets a job of a new epoch; the first one's result is not taken for it.
    """
    run = airflow.trigger("one_staying", "cleared")
    airflow.open(run)
    airflow.wait("one_staying", run)

    airflow.clear("one_staying", run, "fit")
    airflow.wait_task("one_staying", run, "fit", ["success"], tries=2)

    assert "success" == airflow.wait("one_staying", run)
    assert ["Completed", "Completed"] == [job.status for job in jobs(run)]
    assert 2 == len({job.epoch for job in jobs(run)})
    assert not airflow.result("one_staying", run, "fit")["adopted"]


def test_one_fold_that_fails_for_good_is_run_again_alone(airflow: Airflow, jobs: Jobs) -> None:
    """
    F20: the other folds are kept; after a clear of the failed fold only it gets another job.
    """
    dag = "folds_deferring"
    run = airflow.trigger(dag, "bad-fold", {"k": 3})
    started(airflow, jobs, dag, run, 3)
    airflow.open(run, "fit", 1, word="no")
    for index in (0, 2):
        airflow.open(run, "fit", index)
    assert "failed" == airflow.wait(dag, run)
    assert "upstream_failed" == airflow.task_states(dag, run)["final", -1]

    airflow.open(run, "fit", 1)
    airflow.open(run)
    airflow.clear(dag, run, "fit", 1)
    airflow.clear(dag, run, "final")

    airflow.wait_task(dag, run, "final", ["success"])
    assert {("fit", 0): 1, ("fit", 1): 2, ("fit", 2): 1, ("final", -1): 1} == {
        task: len([job for job in jobs(run) if job.task == task]) for task in {job.task for job in jobs(run)}
    }


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        ({"effect": "delay", "operation": "DescribeTrainingJob", "seconds": 4}, 0),
        ({"effect": "delay", "operation": "CreateTrainingJob", "seconds": 4}, 0),
        ({"effect": "commit_then_drop", "operation": "CreateTrainingJob"}, 1),
    ],
    ids=["before the create is sent", "between request and answer", "answer lost"],
)
def test_a_worker_killed_around_the_create_call_starts_one_job(
    airflow: Airflow, jobs: Jobs, faults: Faults, rule: dict[str, object], accepted: int
) -> None:
    """
    F01 F02 F03: whether AWS has the request when the worker dies, and whether it answered: one job.
    """
    run = airflow.trigger("one_staying", f"create-{rule['effect']}-{rule['operation']}")
    with faults.rule(service="sagemaker", count=1, **rule) as hits:
        airflow.until(hits, "the rule strikes", during=("one_staying", run))
        if not accepted:
            airflow.kill_worker("one_staying", run, "fit")
            airflow.wait_task("one_staying", run, "fit", ["running"], tries=2)
    (name,) = started(airflow, jobs, "one_staying", run)
    airflow.open(run)

    assert "success" == airflow.wait("one_staying", run)
    assert [name] == [job.name for job in jobs(run)]
