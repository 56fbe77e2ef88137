"""F13, F19, F33, F54: what a next try makes of the job it finds, and how a job's own failure is told."""

from __future__ import annotations

from typing import Any

import pytest

from foldline.errors import JobError, JobFailed, JobStopped
from foldline.jobs import Runner, Work
from foldline.names import Identity
from foldline.outcomes import TRAINING
from foldline.remote.calls import Backoff
from foldline.waiting import Staying
from tests.faults.awsbed import BadDay
from tests.unit.foldline.fakes import FakeClock, FakeSageMaker, completed, failed, stopped

pytestmark = pytest.mark.xdist_group("fault-table")
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
ENDS: list[tuple[str, list[dict[str, Any]], int, type[JobError] | None]] = [
    ("runs", completed(), 1, None),
    ("is being stopped", [{"TrainingJobStatus": "Stopping"}, *stopped()], 1, JobStopped),
    ("has a word nobody knows", [{"TrainingJobStatus": "Deleting"}, *completed()], 1, None),
    ("has completed", completed()[1:], 1, None),
    ("failed by its program", failed("AlgorithmError: no, exit code: 1")[1:], 1, JobFailed),
    ("failed by its data", failed("ClientError: no objects found")[1:], 1, JobFailed),
    ("found no capacity", failed("CapacityError: none left")[1:], 2, None),
    ("failed inside AWS", failed(INTERNAL)[1:], 2, None),
    ("never got its spot machine", stopped("MaxWaitTimeExceeded")[1:], 2, None),
    ("ran too long", stopped("MaxRuntimeExceeded")[1:], 1, JobStopped),
    ("was stopped by a person", stopped()[1:], 1, JobStopped),
]


def attempt(client: FakeSageMaker, request: str = "one", **more: Any) -> tuple[Runner, Work]:
    """A worker of its own, and the piece of work that the same task asks for."""
    clock = FakeClock()
    identity = Identity("local", "dag", "run", "fit", 3, "training", request)
    return Runner(client, clock, Staying(clock), Backoff(0.1, 1.0)), Work(TRAINING, identity, {}, **more)


def found(script: list[dict[str, Any]]) -> FakeSageMaker:
    """An AWS where an earlier try has left a job that goes on as scripted; the next job completes."""
    client = FakeSageMaker(script, completed())
    runner, work = attempt(client)
    runner.look(work, 0.0)
    return client


@pytest.mark.parametrize(("what", "script", "jobs", "error"), ENDS, ids=[end[0] for end in ENDS])
def test_a_retry_does_what_the_job_it_finds_asks_for(
    what: str, script: list[dict[str, Any]], jobs: int, error: type[JobError] | None
) -> None:
    """
    F13: what runs is adopted, what is done is taken, AWS's own failures start one more, all else is final.
    """
    client = found(script)
    runner, work = attempt(client)

    outcome = runner.run_all([work])[0]

    assert (jobs, error) == (len(client.created()), type(outcome.error) if outcome.error else None)
    assert jobs == len(set(client.created()))


def test_a_retry_does_not_take_a_completed_job_without_its_output() -> None:
    """
    F13: the model of an earlier try is gone: the work is done once more, and only once.
    """
    client = found(completed()[1:])
    runner, work = attempt(client, verify=lambda told: "gone" if "-g0-" in told["TrainingJobName"] else "")

    assert "-g1-" in runner.run(work).name
    assert 2 == len(client.created())


def test_a_fold_whose_index_shifted_never_takes_another_folds_job() -> None:
    """
    F19: the same run, task and map index with another request is another job; with the same one it is not.
    """
    client = found(completed())
    runner, shifted = attempt(client, "another fold's data")

    other = runner.run(shifted)
    again, same = attempt(client)
    first = again.run(same)

    assert [first.name, other.name] == client.created()
    assert (True, False) == (first.adopted, other.adopted)


def test_a_program_that_fails_is_told_with_its_reason_and_last_lines(bad_day: BadDay) -> None:
    """
    F33: AWS's FailureReason and the end of the job's own log stand in the error; one job, not three.
    """
    (bad_day.root / "code" / "fit.py").write_text("print('row 7 is odd')\nraise ValueError('no labels')\n")

    with pytest.raises(JobFailed) as told:
        bad_day.fit("algorithm")

    assert "AlgorithmError" in told.value.cause
    assert "no labels" in told.value.cause
    assert "row 7 is odd" in told.value.cause
    assert ["Failed"] == [job["TrainingJobStatus"] for job in bad_day.jobs("algorithm")]


FULL = """\
import pathlib, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
target = pathlib.Path("/opt/ml/model/model.txt")
with target.open("wb") as file:
    file.write(b"x" * 1_000_000)
"""


def test_a_job_on_a_full_disk_fails_and_nothing_is_taken_for_its_model(bad_day: BadDay) -> None:
    """
    F54: the system's own word stands in the error; the task has no result, and no generation is wasted on it.
    """
    (bad_day.root / "code" / "fit.py").write_text(FULL)

    with pytest.raises(JobFailed, match="AlgorithmError") as told:
        bad_day.fit("full disk")

    assert "File too large" in told.value.cause
    assert 1 == len(bad_day.jobs("full disk"))
