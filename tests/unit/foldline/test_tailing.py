"""A job's log is followed line by line, paced, and never a reason to fail."""

from __future__ import annotations

from typing import Any

import pytest

from foldline.remote.logs.tailing import JOBS_PER_PROCESS, Tail, Tails
from foldline.remote.pace import Bucket
from foldline.waiting import Deferring, Staying, Suspended, Watch
from tests.unit.foldline.fakes import FakeClock, dropped, refusal

GROUP = "/aws/sagemaker/TrainingJobs"


class Logs:
    """Streams of lines; a token is how many lines were read."""

    def __init__(self, **streams: list[str]) -> None:
        self.streams = {name.replace("__", "/"): lines for name, lines in streams.items()}
        self.calls: list[str] = []
        self.fault: Exception | None = None
        self.page = 1000

    def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str) -> dict[str, Any]:
        self.enter("describe")
        assert GROUP == logGroupName
        found = [name for name in self.streams if name.startswith(logStreamNamePrefix)]
        return {"logStreams": [{"logStreamName": name} for name in found]}

    def get_log_events(
        self, logGroupName: str, logStreamName: str, startFromHead: bool, nextToken: str = "0"
    ) -> dict[str, Any]:
        self.enter("get")
        first = int(nextToken)
        lines = self.streams[logStreamName][first : first + self.page]
        return {
            "events": [{"timestamp": 0, "message": line} for line in lines],
            "nextForwardToken": str(first + len(lines)),
        }

    def enter(self, operation: str) -> None:
        self.calls.append(operation)
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def watch(*names: str) -> Watch:
    return Watch("training", names, 60.0)


def tails_of(
    logs: Logs, clock: FakeClock, positions: dict[str, str] | None = None
) -> tuple[Tails, list[str]]:
    shown: list[str] = []
    return Tails(lambda: logs, clock, shown.append, positions, bucket=Bucket(5.0, 10.0)), shown


def test_each_line_is_shown_once_as_it_is_written(clock: FakeClock) -> None:
    """
    The next look begins where the last one ended.
    """
    logs = Logs(a__algo_1=["one", "two"])
    tails, shown = tails_of(logs, clock)
    tails.follow(watch("a"))
    logs.streams["a/algo_1"] += ["three"]
    clock.now += 10
    tails.follow(watch("a"))

    assert ["[a] one", "[a] two", "[a] three"] == shown


def test_what_is_left_is_shown_when_the_job_is_over(clock: FakeClock) -> None:
    """
    The last lines say why a job failed: they are read without waiting for the next look.
    """
    logs = Logs(a__algo_1=["one"])
    tails, shown = tails_of(logs, clock)
    tails.follow(watch("a"))
    logs.streams["a/algo_1"] += [f"line {n}" for n in range(2500)]
    tails.close()

    assert 2501 == len(shown)
    assert "[a] line 2499" == shown[-1]


def test_the_rest_of_one_job_is_shown_when_others_go_on(clock: FakeClock) -> None:
    """
    A fold that is no longer waited for has ended.
    """
    logs = Logs(a__algo_1=["a1"], b__algo_1=["b1"])
    tails, shown = tails_of(logs, clock)
    tails.follow(watch("a", "b"))
    logs.streams["a/algo_1"] += ["a2"]
    tails.follow(watch("b"))

    assert ["[a] a1", "[b] b1", "[a] a2"] == shown


def test_hosts_are_told_apart(clock: FakeClock) -> None:
    """
    A job on two hosts has two streams.
    """
    logs = Logs()
    logs.streams = {"a/algo-1-170": ["x"], "a/algo-2-170": ["y"]}
    tails, shown = tails_of(logs, clock)
    tails.follow(watch("a"))

    assert ["[a] algo-1: x", "[a] algo-2: y"] == shown


def test_another_process_goes_on_where_this_one_stopped(clock: FakeClock) -> None:
    """
    Worker to triggerer and back: positions travel, lines do not come twice.
    """
    logs = Logs(a__algo_1=["one"], b__algo_1=["other"])
    tails, shown = tails_of(logs, clock)
    tails.follow(watch("a", "b"))
    positions = tails.positions_of(watch("a"))
    tails.leave()
    logs.streams["a/algo_1"] += ["two"]
    later, shown_later = tails_of(logs, clock, positions)
    later.follow(watch("a"))

    assert {f"{GROUP}:a/algo_1": "1"} == positions
    assert ["[a] two"] == shown_later
    assert ["[a] one", "[b] other"] == shown
    later.leave()


def test_looks_are_paced(clock: FakeClock) -> None:
    """
    However often a pause calls, one job's log is read every five seconds.
    """
    logs = Logs(a__algo_1=["one"])
    tails, _ = tails_of(logs, clock)
    for _ in range(120):
        tails.follow(watch("a"))
        clock.now += 0.5
    tails.leave()

    assert logs.calls.count("get") <= 60 / 5 + 2
    assert logs.calls.count("describe") <= 3


def test_all_tails_of_a_process_share_one_pace(clock: FakeClock) -> None:
    """
    An account allows about ten reads a second; ours stay at half of it.
    """
    names = [f"job-{n}" for n in range(JOBS_PER_PROCESS)]
    logs = Logs(**{f"{name}__s": ["x"] * 5 for name in names})
    tails, _ = tails_of(logs, clock)
    for _ in range(600):
        tails.follow(watch(*names))
        clock.now += 0.1
    tails.leave()

    assert len(logs.calls) <= 10 + 60 * 5


def test_twenty_jobs_are_followed_and_the_others_named_once(clock: FakeClock) -> None:
    """
    The note says where their logs are; a seat that gets free is taken by the next.
    """
    names = [f"job-{n}" for n in range(JOBS_PER_PROCESS + 5)]
    tails, shown = tails_of(Logs(), clock)
    tails.follow(watch(*names))
    tails.follow(watch(*names))
    other, _ = tails_of(Logs(late__s=["x"]), clock)
    other.follow(watch("late"))
    notes = [line for line in shown if "not among them" in line]
    tails.leave()
    clock.now += 60
    heard, lines = tails_of(Logs(late__s=["x"]), clock)
    heard.follow(watch("late"))
    heard.leave()

    assert 1 == len(notes)
    assert GROUP in notes[0]
    assert ["[late] x"] == lines


def test_logs_that_may_not_be_read_cost_one_warning(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """
    F28: AccessDenied on the log stops the tail, not the task.
    """
    logs = Logs(a__algo_1=["one"])
    logs.fault = refusal("AccessDeniedException")
    tails, shown = tails_of(logs, clock)
    for _ in range(100):
        tails.follow(watch("a"))
        clock.now += 1
    tails.close()

    assert [] == shown
    assert 1 == len(caplog.records)
    assert ["describe"] == logs.calls


@pytest.mark.parametrize(
    "error", [dropped(), refusal("ThrottlingException"), refusal("ResourceNotFoundException")]
)
def test_a_fault_that_passes_loses_no_line(
    clock: FakeClock, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A log group that is not there yet, a throttle or a lost connection: the next look goes on, later.
    """
    logs = Logs(a__algo_1=["one"])
    logs.fault = error
    tails, shown = tails_of(logs, clock)
    tails.follow(watch("a"))
    logs.fault = None
    clock.now += 40
    tails.follow(watch("a"))
    tails.leave()

    assert ["[a] one"] == shown
    assert [] == caplog.records


class GlueLogs(Logs):
    """Groups of streams; a group is there once it has one."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[str, dict[str, list[str]]] = {}

    def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str) -> dict[str, Any]:
        self.enter("describe")
        if logGroupName not in self.groups:
            raise refusal("ResourceNotFoundException")
        found = [name for name in self.groups[logGroupName] if name.startswith(logStreamNamePrefix)]
        return {"logStreams": [{"logStreamName": name} for name in found]}

    def get_log_events(self, logGroupName: str, **request: Any) -> dict[str, Any]:
        self.streams = self.groups[logGroupName]
        return super().get_log_events(logGroupName, **request)


def test_a_glue_job_run_is_followed_in_both_of_its_groups(clock: FakeClock) -> None:
    """
    Its streams have one name, the run's; another process goes on in each where this one stopped.
    """
    logs = GlueLogs()
    logs.groups["/aws-glue/python-jobs/output"] = {"jr_1": ["out 1"], "jr_2": ["another run's"]}
    logs.groups["/aws-glue/python-jobs/error"] = {"jr_1": ["err 1"]}
    about = Watch("glue-job", ("load/jr_1",), 60.0)
    tails, shown = tails_of(logs, clock)
    tails.follow(about)
    positions = tails.positions_of(about)
    tails.leave()
    logs.groups["/aws-glue/python-jobs/error"]["jr_1"] += ["err 2"]
    later, shown_later = tails_of(logs, clock, positions)
    later.follow(about)
    later.close()

    assert {"[load/jr_1] output: out 1", "[load/jr_1] error: err 1"} == set(shown)
    assert ["[load/jr_1] error: err 2"] == shown_later


def test_a_group_that_comes_late_is_found_and_looked_for_seldom(clock: FakeClock) -> None:
    """
    While a run waits for its machine it has no stream in any of four groups: a look at all every 20 s.
    """
    logs = GlueLogs()
    tails, shown = tails_of(logs, clock)
    for _ in range(120):
        tails.follow(Watch("glue-job", ("load/jr_1",), 60.0))
        clock.now += 0.5
    logs.groups["/aws-glue/jobs/output"] = {"jr_1": ["begins"], "jr_1_g-2f": ["an executor"]}
    tails.close()

    assert 4 * 60 / 20 + 4 >= logs.calls.count("describe")
    assert ["[load/jr_1] output: begins", "[load/jr_1] output_g-2f: an executor"] == shown


def test_kinds_without_a_log_are_not_followed(clock: FakeClock) -> None:
    """
    A query has no log group.
    """
    logs = Logs()
    tails, _ = tails_of(logs, clock)
    tails.follow(Watch("query", ("q",), 60.0))

    assert [] == logs.calls


def test_a_staying_worker_follows_the_log_during_a_long_pause(clock: FakeClock) -> None:
    """
    A pause of thirty seconds does not delay the log by thirty seconds.
    """
    logs = Logs(a__algo_1=["one"])
    tails, shown = tails_of(logs, clock)
    logs_at: list[float] = []

    def meanwhile(about: Watch) -> None:
        tails.follow(about)
        logs_at.append(clock.now)

    Staying(clock, meanwhile=meanwhile).pause(30.0, watch("a"))
    tails.leave()

    assert 30 < len(logs_at)
    assert logs.calls.count("get") >= 6
    assert ["[a] one"] == shown


def test_a_deferring_worker_follows_the_log_until_it_lets_go(clock: FakeClock) -> None:
    """
    Short jobs end within its patience; their log is shown like others'.
    """
    logs = Logs(a__algo_1=["one"])
    tails, shown = tails_of(logs, clock)
    waits = Deferring(clock, meanwhile=tails.follow)
    waits.pause(0.5, watch("a"))
    with pytest.raises(Suspended):
        waits.pause(10.0, watch("a"))
    tails.leave()

    assert ["[a] one"] == shown


def test_a_tail_stops_reading_when_its_time_is_up(clock: FakeClock) -> None:
    """
    Draining is bounded: an endless log does not hold the task.
    """
    logs = Logs(a__algo_1=[])
    logs.streams["a/algo_1"] = ["x"] * 100_000
    logs.page = 1
    tail = Tail(connect=lambda: logs, clock=clock, kind="training", name="a", bucket=Bucket(5.0, 10.0))

    assert 0 < len(tail.rest(clock.now + 10)) <= 10 + 10 * 5 + 1
    assert clock.now <= 11
