"""One Glue run per piece of work, whatever becomes of its workers: on a real endpoint that runs the scripts."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError

from foldline.errors import JobFailed, JobStopped, JobTimedOut
from foldline.layout import S3Uri
from foldline.names import Identity
from foldline.remote.glue.jobs import KEY, OUTPUT, GlueJobs, GlueWork
from foldline.remote.glue.runs import GlueOutcome, failure_class, run_verdict
from foldline.remote.logs.glue import glue_log_lines
from foldline.waiting import Suspended
from preprocessing.glue_request import argument_text, glue_job_name
from tests.unit.foldline.gluebed import (
    BUCKET,
    QUICK,
    ROLE,
    Bed,
    Killed,
    LettingGo,
    Life,
    bed,
    faulty,
    replayed,
)

__all__ = ["bed", "faulty"]
pytestmark = pytest.mark.xdist_group("gluebed")

QUIET = "print('done')\n"
FAILING = "print('reads the table with password=hunter2-XyZ-991Q')\nraise ValueError('no such column')\n"
ENDLESS = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def work(bed: Bed) -> Callable[..., GlueWork]:
    """Makes pieces of work, each with a script and a job of its own."""

    def make(script: str = QUIET, name: str = "", **settings: Any) -> GlueWork:
        name = name or f"job-{uuid.uuid4().hex[:8]}"
        location = bed.put(f"scripts/{uuid.uuid4().hex}.py", script)
        definition = {
            "Name": name,
            "Role": ROLE,
            "Command": {
                "Name": "pythonshell",
                "PythonVersion": "3.9",
                "ScriptLocation": str(location),
            },
            "ExecutionProperty": {"MaxConcurrentRuns": 1},
            "MaxRetries": 0,
            "JobRunQueuingEnabled": False,
            "Timeout": 10,
            "MaxCapacity": 0.0625,
            "Tags": {"foldline:env": "test"},
        }
        identity = Identity("test", "dag", uuid.uuid4().hex, name, -1, "glue-job", "spec")

        def output(generation: int) -> S3Uri:
            return S3Uri(BUCKET, f"output/{name}-g{generation}/")

        request = {"JobName": name, "Arguments": {"--scriptLocation": str(location)}}
        return GlueWork(definition, request, identity, output, **{"budget": 60.0, **settings})

    return make


def jobs(bed: Bed, life: Life, memory: Any, waits: Any = None) -> GlueJobs:
    """A worker's."""
    mortal = life.of(memory, "get", "once", "put")
    return GlueJobs(
        life.of(bed.glue),
        bed.clock,
        waits or bed.staying,
        mortal,
        QUICK,
        lambda run: glue_log_lines(bed.logs, bed.clock, run),
    )


def states(bed: Bed, name: str) -> list[str]:
    """States of all runs of a job, the newest first."""
    return [run["JobRunState"] for run in bed.glue.get_job_runs(JobName=name)["JobRuns"]]


def test_a_worker_may_die_at_any_point(bed, work):
    """
    Killed before or after each of its calls and tried again, a piece of work has one run.
    """
    for point in itertools.count():
        piece, memory, life = work(), bed.memory(), Life(dies_at=point)
        try:
            jobs(bed, life, memory).run(piece)
        except Killed:
            outcome = jobs(bed, Life(), memory).run(piece)
            assert ["SUCCEEDED"] == states(bed, piece.name), point
            assert piece.key(0) == outcome.run["Arguments"][KEY]
        else:
            break
    assert point > 12


def test_letting_go_at_every_pause_runs_once(bed, work):
    """
    In deferrable mode the work runs again from its start after each hand-over, and finds its run.
    """
    piece, memory, waits = work(), bed.memory(), LettingGo()

    outcome = replayed(lambda: jobs(bed, Life(), memory, waits).run(piece))

    assert ["SUCCEEDED"] == states(bed, piece.name)
    assert {("glue-job", (f"{piece.name}/{outcome.run['Id']}",))} >= {
        (watch.kind, watch.names) for watch in waits.watches
    }


@pytest.mark.parametrize("effect", ["commit_then_drop", "throttle", "internal_failure"])
def test_a_lost_answer_is_looked_for(faulty, work, effect):
    """
    A StartJobRun whose answer is lost, or that is refused for a while, is not sent again blindly.
    """
    piece = work()
    faulty.fault(effect, service="glue", operation="StartJobRun", count=2)

    jobs(faulty, Life(), faulty.memory()).run(piece)

    assert ["SUCCEEDED"] == states(faulty, piece.name)


def test_the_run_of_somebody_else_is_waited_for(bed, work):
    """
    One run at a time: ours starts when the foreign one has ended, and is not taken for it.
    """
    foreign, memory = work(), bed.memory()
    jobs(bed, Life(), bed.memory()).run(foreign)
    theirs = bed.glue.start_job_run(JobName=foreign.name)["JobRunId"]
    ours, waits = work(name=foreign.name), LettingGo()

    outcome = replayed(lambda: jobs(bed, Life(), memory, waits).run(ours))

    named = {name for watch in waits.watches for name in watch.names}
    assert named <= {f"{ours.name}/{outcome.run['Id']}"}, "a user's kill would stop somebody else's run"
    assert theirs != outcome.run["Id"]
    assert ["SUCCEEDED"] * 3 == states(bed, ours.name)


def test_a_foreign_run_that_outlasts_the_budget_is_let_be(bed, work):
    """
    The task fails without having started anything.
    """
    foreign = work(ENDLESS)
    with pytest.raises(Suspended):
        jobs(bed, Life(), bed.memory(), LettingGo()).run(foreign)
    ours = work(name=foreign.name, budget=-1.0)

    with pytest.raises(JobTimedOut, match="could not be started"):
        jobs(bed, Life(), bed.memory()).run(ours)
    (state,) = states(bed, ours.name)
    assert state in ("STARTING", "RUNNING")
    bed.glue.batch_stop_job_run(JobName=ours.name, JobRunIds=[run_id(bed, ours.name)])


def test_our_own_run_is_stopped_when_the_budget_is_spent(bed, work):
    """
    Nothing is left running by a task that failed, and the next attempt says that it was stopped.
    """
    piece, memory = work(ENDLESS), bed.memory()
    with pytest.raises(Suspended):
        jobs(bed, Life(), memory, LettingGo()).run(piece)
    late = GlueWork(piece.definition, piece.request, piece.identity, piece.output, budget=-1.0)

    with pytest.raises(JobTimedOut, match="was stopped"):
        jobs(bed, Life(), memory).run(late)
    with pytest.raises(JobStopped):
        jobs(bed, Life(), memory).run(piece)
    assert ["STOPPED"] == states(bed, piece.name)


def test_a_failed_script_fails_with_its_reason_and_last_lines(bed, work):
    """
    What the script raised is no fault of AWS: it is not run again. Its lines lose their secrets.
    """
    piece = work(FAILING)

    with pytest.raises(JobFailed) as caught:
        jobs(bed, Life(), bed.memory()).run(piece)
    assert "no such column" in caught.value.cause
    assert "reads the table" in caught.value.cause
    assert "hunter2" not in caught.value.cause
    assert ["FAILED"] == states(bed, piece.name)


@pytest.mark.parametrize("effect", ["capacity", "internal"])
def test_a_fault_of_aws_is_started_again_under_another_key(faulty, work, effect):
    """
    The second generation has its own key and its own output folder, also across hand-overs.
    """
    piece, memory, waits = work(), faulty.memory(), LettingGo()
    faulty.fault(effect, job="glue", resource=piece.name, count=1)

    outcome = replayed(lambda: jobs(faulty, Life(), memory, waits).run(piece))

    assert 1 == outcome.generation
    assert ["SUCCEEDED", "FAILED"] == states(faulty, piece.name)
    assert piece.key(1) == outcome.run["Arguments"][KEY]
    assert str(piece.output(1)) == outcome.run["Arguments"][OUTPUT]


def test_a_third_failure_is_final(faulty, work):
    """
    A piece of work is started again at most twice.
    """
    piece = work()
    faulty.fault("capacity", job="glue", resource=piece.name)

    with pytest.raises(JobFailed, match="Resource unavailable"):
        jobs(faulty, Life(), faulty.memory()).run(piece)
    assert ["FAILED"] * 3 == states(faulty, piece.name)


def test_a_definition_follows_the_step(bed, work):
    """
    A second run with another script and timeout finds the definition changed, and nothing else is left of the old.
    """
    first = work()
    jobs(bed, Life(), bed.memory()).run(first)
    second = work("print('another')\n", name=first.name)
    second.definition["Timeout"] = 20

    jobs(bed, Life(), bed.memory()).run(second)

    there = bed.glue.get_job(JobName=first.name)["Job"]
    assert second.definition["Command"] == there["Command"]
    assert 20 == there["Timeout"]


def test_a_run_is_found_behind_many_others(bed, work):
    """
    Runs are listed in pages; ours is looked for as far back as this task has looked before, and no further.
    """
    piece, memory = work(), bed.memory()
    jobs(bed, Life(), bed.memory()).run(work(name=piece.name))
    outcome = jobs(bed, Life(), memory).run(piece)
    jobs(bed, Life(), bed.memory()).run(work(name=piece.name))

    class Pages:
        """Glue that lists one run at a time."""

        def __getattr__(self, name: str) -> Any:
            return getattr(bed.glue, name)

        def get_job_runs(self, **request: Any) -> Any:
            return bed.glue.get_job_runs(**{**request, "MaxResults": 1})

    class Forgetful:
        """A memory without the run's id."""

        def __getattr__(self, name: str) -> Any:
            return getattr(memory, name)

        def get(self, name: str) -> Any:
            return None if "glue-job-" in name else memory.get(name)

    again = GlueJobs(Pages(), bed.clock, bed.staying, Forgetful(), QUICK).run(piece)

    assert outcome.run["Id"] == again.run["Id"]
    assert 3 == len(states(bed, piece.name))


def test_another_request_of_the_same_task_is_another_run(bed, work):
    """
    F19: what a task noted of its work is not taken for other work under the same map index; its own is.
    """
    memory, first = bed.memory(), work()
    other = work(name=first.name)

    ids = [jobs(bed, Life(), memory).run(piece).run["Id"] for piece in (first, other, first)]

    assert ids[0] == ids[2] != ids[1]
    assert 2 == len(states(bed, first.name))


def run_id(bed: Bed, name: str) -> str:
    return bed.glue.get_job_runs(JobName=name)["JobRuns"][0]["Id"]


def described(state: str, message: str = "") -> dict[str, Any]:
    return {"JobName": "job", "Id": "jr_1", "JobRunState": state, "ErrorMessage": message}


@pytest.mark.parametrize(
    ("state", "error", "again"),
    [
        ("SUCCEEDED", type(None), ""),
        ("FAILED", JobFailed, ""),
        ("ERROR", JobFailed, ""),
        ("EXPIRED", JobFailed, "capacity"),
        ("TIMEOUT", JobTimedOut, ""),
        ("STOPPED", JobStopped, ""),
    ],
)
def test_only_succeeded_is_success(state: str, error: type, again: str):
    """
    Each of Glue's other last words fails; only a run that never began is begun again.
    """
    found = run_verdict(described(state))

    assert isinstance(found.error, error)
    assert again == found.again


@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "STOPPING", "WAITING", "NEWLY_INVENTED"])
def test_any_other_word_waits(bed, work, state: str):
    """
    WAITING, and a word that Glue may invent, is no end.
    """
    piece = work()

    class Worded:
        def __getattr__(self, name: str) -> Any:
            return getattr(bed.glue, name)

        def get_job_run(self, **request: Any) -> Any:
            answer = bed.glue.get_job_run(**request)
            answer["JobRun"]["JobRunState"] = state
            return answer

    with pytest.raises(Suspended):
        GlueJobs(Worded(), bed.clock, LettingGo(), bed.memory(), QUICK).run(piece)


@pytest.mark.parametrize(
    ("message", "again"),
    [
        ("Resource unavailable: there is not enough capacity for the run.", "capacity"),
        ("Error Category: UNCLASSIFIED_ERROR; Resource Unavailable", "capacity"),
        ("InternalServiceException: An internal service error occurred.", "internal"),
        ("Internal service error : Invalid input provided", ""),
        ("RuntimeError: Resource unavailable", ""),
        ("Error Category: UNCLASSIFIED_ERROR; KeyError: 'tenure'", ""),
        ("", ""),
    ],
)
def test_what_a_script_raised_is_no_fault_of_aws(message: str, again: str):
    """
    Only words with which Glue itself begins are worth another start.
    """
    assert again == failure_class(message)


def test_the_bill_is_glues_own_or_time_by_capacity():
    """
    DPUSeconds where Glue says them, else seconds times capacity.
    """
    assert 20.0 == GlueOutcome({"ExecutionTime": 10, "MaxCapacity": 2.0}).dpu_seconds
    assert 7.5 == GlueOutcome({"ExecutionTime": 10, "MaxCapacity": 2.0, "DPUSeconds": 7.5}).dpu_seconds


def test_a_job_is_named_after_its_task():
    """
    One definition per task; mapped tasks have one each, and names that look alike differ.
    """
    name = glue_job_name("prod", "churn", "clean")

    assert name.startswith("foldline-prod-churn-clean-")
    assert name == glue_job_name("prod", "churn", "clean")
    assert 4 == len({name, *(glue_job_name("prod", "churn", "clean", n) for n in range(3))})
    assert glue_job_name("prod", "a-b", "c") != glue_job_name("prod", "a", "b-c")
    assert len(glue_job_name("e" * 300, "d" * 300, "t" * 300, 999)) <= 255


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (date(2026, 1, 2), "2026-01-02"), (3, "3"), (0.5, "0.5"), ("x", "x")],
)
def test_arguments_are_texts(value: Any, text: str):
    """
    YAML's values as a script reads them.
    """
    assert text == argument_text(value)


def test_a_refusal_of_the_request_is_not_waited_out(bed, work):
    """
    What Glue will never take fails at once.
    """
    piece = work()
    broken = GlueWork(
        piece.definition, {**piece.request, "Timeout": 10**6}, piece.identity, piece.output, 60.0
    )

    with pytest.raises(ClientError, match="InvalidInputException"):
        jobs(bed, Life(), bed.memory()).run(broken)
