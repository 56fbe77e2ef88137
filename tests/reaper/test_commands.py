"""`foldline status`, `logs` and `stop`, on jobs that really run."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from foldline.errors import ConfigError
from foldline.layout import RunLayout
from foldline.runs import JobRecord, TaskRecord
from tests.reaper.conftest import DAG, SHORT, Place


@pytest.fixture
def run() -> str:
    """A run id that no other test has, with characters that S3 keys and names must replace."""
    return f"manual__{uuid.uuid4().hex[:8]}T10:00:00+00:00"


def test_status_lists_a_runs_jobs_with_whose_they_are_and_how(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    Task, part, job, status, seconds, instance and a link; jobs of another run are not among them.
    """
    short = place.begin(run, "tuning/trial-001/fold-002", SHORT)
    other = place.begin(run + "1", "tuning", SHORT)
    place.settle(short.name)

    (job,) = foldline("status", run, "-o", "json")

    assert [short.name, "Completed", "tuning", "trial-001/fold-002", "ml.m5.large"] == [
        job[word] for word in ("name", "status", "task", "label", "instance")
    ]
    assert 0 < job["seconds"] < 60
    assert job["link"].endswith(f"/ui/jobs/processing/{short.name}")
    assert short.name in foldline("status", run)
    place.settle(other.name)


def test_status_lists_what_has_no_tags_once_its_task_has_noted_it(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    A query stands in its task's record, and is listed beside the jobs that tags tell of.
    """
    work = place.begin(run, "ingest", SHORT)
    jobs = [
        JobRecord(work.name, "processing", "Completed"),
        JobRecord("q-1", "query", "SUCCEEDED", seconds=2.5),
    ]
    uri = RunLayout(place.environment.bucket, DAG, run).record("ingest")
    body = TaskRecord("ingest", "ingest", jobs=jobs).to_json().encode()
    place.clients.client("s3").put_object(Bucket=uri.bucket, Key=uri.key, Body=body)

    found = foldline("status", run, "-o", "json")

    assert [(work.name, "processing"), ("q-1", "query")] == [(job["name"], job["kind"]) for job in found]
    assert ("ingest", "SUCCEEDED", 2.5) == tuple(found[1][word] for word in ("task", "status", "seconds"))
    place.settle(work.name)


def test_a_run_is_meant_by_a_beginning_that_no_other_shares(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    A beginning two runs share is refused with both; a mistyped run or task is told the nearest.
    """
    works = [place.begin(f"{run}-{end}", "quality", SHORT) for end in ("one", "two")]

    assert [works[1].name] == [job["name"] for job in foldline("status", f"{run}-t", "-o", "json")]
    with pytest.raises(ConfigError, match="2 runs begin with"):
        foldline("status", f"{run}-")
    with pytest.raises(ConfigError, match=re.escape(f"did you mean '{run}-one'")):
        foldline("status", f"{run}-onne")
    with pytest.raises(ConfigError, match="did you mean 'quality'"):
        foldline("logs", f"{run}-one", "qualty")
    for work in works:
        place.settle(work.name)


def test_a_run_at_which_a_list_was_cut_off_is_told_from_a_whole_one(
    place: Place, foldline: Callable[..., Any], run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Of a run with more jobs than one page holds, the last runs say how many it has at least.
    """
    monkeypatch.setattr("foldline.cli.awsruns.RECENT", 2)
    for job in [place.begin(run, f"task-{number}", SHORT) for number in range(3)]:
        place.settle(job.name)

    newest, *_ = foldline("status", "-o", "json")

    assert (run, {"Completed": 2}, False) == (newest["run"], newest["statuses"], newest["whole"])
    assert "at least 2 Completed" in foldline("status")


def test_the_last_runs_are_listed_newest_first(place: Place, foldline: Callable[..., Any], run: str) -> None:
    """
    Without a run, each run is one line with its jobs by status.
    """
    works = [place.begin(f"{run}-{end}", "quality", SHORT) for end in ("a", "b")]
    works.append(place.begin(f"{run}-b", "report", SHORT))
    for work in works:
        place.settle(work.name)

    newest, before, *_ = foldline("status", "-o", "json")

    assert (f"{run}-b", {"Completed": 2}) == (newest["run"], newest["statuses"])
    assert f"{run}-a" == before["run"]


def test_logs_are_printed_by_task_and_followed_to_the_end(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    Every line stands behind its task; --follow ends when the last job has, with all it wrote.
    """
    count = "import time\nfor n in range(4):\n    print('line', n, flush=True)\n    time.sleep(0.2)"
    place.begin(run, "training", count)
    place.begin(run, "quality", SHORT)

    followed = foldline("logs", run, "--follow").splitlines()

    lines = [f"[training] line {number}" for number in range(4)]
    assert lines == [line for line in followed if "[training] line" in line]
    assert "[quality] hello from the job" in followed
    assert lines == [line for line in foldline("logs", run, "training").splitlines() if "line" in line]


def test_stop_stops_what_runs_waits_and_may_be_asked_again(
    place: Place, foldline: Callable[..., Any], run: str
) -> None:
    """
    One task first, then the rest; what has ended stays as it is, and a second call has nothing to do.
    """
    done = place.begin(run, "quality", SHORT)
    fold, other = (place.begin(run, task) for task in ("training", "evaluation"))
    place.settle(done.name)

    (stopped,) = foldline("stop", run, "training", "--yes", "-o", "json")
    assert (fold.name, "Stopped") == (stopped["name"], stopped["status"])
    assert "InProgress" == place.status(other.name)

    assert other.name in foldline("stop", run, "--yes")
    assert ["Completed", "Stopped", "Stopped"] == [place.status(work.name) for work in (done, fold, other)]
    assert "nothing to stop: all 3 jobs are over" in foldline("stop", run, "--yes")


def test_stop_asks_before_it_stops(place: Place, foldline: Callable[..., Any], run: str) -> None:
    """
    Anything but yes leaves the job running.
    """
    work = place.begin(run, "training")

    foldline("stop", run, answer="n\n")
    assert "InProgress" == place.status(work.name)

    foldline("stop", run, answer="y\n")
    assert "Stopped" == place.status(work.name)
