"""Triggers in an event loop, as Airflow's triggerer runs them, on a real local endpoint."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from foldline.aws import Door
from foldline.waiting import Watch
from operators.triggers import Waited, WaitTrigger
from tests.conftest import Endpoint
from tests.faults.rules import Faults

PROGRAM = (
    'echo begun; for look in $(seq 600); do [ -e "$1" ] && { echo ended; exit; }; sleep 0.1; done; exit 9'
)
POLLING = {"first": 0.05, "longest": 0.5, "patience": 20.0}
SECONDS = 30


class Held:
    """Training jobs that run until a test lets them go."""

    def __init__(self, endpoint: Endpoint, sagemaker: Any, folder: Path) -> None:
        self.endpoint, self.sagemaker, self.folder = endpoint, sagemaker, folder

    def start(self) -> str:
        """A running job's name."""
        name = f"held-{uuid.uuid4().hex[:12]}"
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            RoleArn="arn:aws:iam::123456789012:role/jobs",
            AlgorithmSpecification={
                "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/"
                "sagemaker-scikit-learn:1.4-2-cpu-py3",
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["/bin/sh", "-c", PROGRAM, "held", str(self.folder / name)],
            },
            OutputDataConfig={"S3OutputPath": "s3://held/out/"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 120},
        )
        return name

    def end(self, name: str) -> None:
        """Let a job end."""
        (self.folder / name).touch()

    def status(self, name: str) -> str:
        """What AWS says of it."""
        return str(self.sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"])

    def trigger(self, *names: str, until: str = "all", seconds: float = SECONDS, **more: Any) -> WaitTrigger:
        """A trigger that waits for them, rebuilt from what Airflow stores of it."""
        door = Door("local", "123456789012", "us-east-1", self.endpoint.url)
        watch = Watch("training", names, seconds, until)  # type: ignore[arg-type]
        made = WaitTrigger(watch=watch.document(), door=vars(door), polling=POLLING, **more)
        _, arguments = made.serialize()
        return WaitTrigger(**json.loads(json.dumps(arguments)))


@pytest.fixture
def held(endpoint: Endpoint, client: Callable[[str], Any], tmp_path: Path) -> Held:
    client("s3").create_bucket(Bucket="held")
    return Held(endpoint, client("sagemaker"), tmp_path)


async def first(trigger: WaitTrigger) -> dict[str, Any]:
    """The payload of the trigger's only event."""
    events = [event.payload async for event in trigger.run()]
    assert 1 == len(events)
    return dict(events[0])


def within(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of ``work`` in a loop of its own."""
    return asyncio.run(asyncio.wait_for(work, SECONDS))


def test_it_fires_when_the_job_is_over(held: Held) -> None:
    """
    The event says how long the task has waited in all, and nothing of the job: the worker looks.
    """
    name = held.start()

    async def wait() -> dict[str, Any]:
        firing = asyncio.ensure_future(first(held.trigger(name, waited=100.0)))
        await asyncio.sleep(0)
        assert not firing.done()
        held.end(name)
        return await firing

    event = within(wait())

    assert {"waited", "positions"} == set(event)
    assert 100.0 < event["waited"] < 100.0 + SECONDS
    assert "Completed" == held.status(name)


def test_any_fires_with_the_first(held: Held) -> None:
    """
    A task with more to start looks when a slot is free.
    """
    names = [held.start(), held.start()]
    held.end(names[1])

    within(first(held.trigger(*names, until="any")))

    assert ["InProgress", "Completed"] == [held.status(name) for name in names]
    held.end(names[0])


def test_it_fires_when_its_time_is_up(held: Held) -> None:
    """
    A budget is judged by the worker, so it must come back for it.
    """
    name = held.start()

    within(first(held.trigger(name, seconds=0.3)))

    assert "InProgress" == held.status(name)
    held.end(name)


def test_it_runs_twice_without_harm(held: Held) -> None:
    """
    F10: Airflow may run a trigger in two triggerers; both fire, nothing is changed at AWS.
    """
    name = held.start()

    async def wait() -> list[dict[str, Any]]:
        firing = [asyncio.ensure_future(first(held.trigger(name))) for _ in range(2)]
        held.end(name)
        return await asyncio.gather(*firing)

    assert 2 == len(within(wait()))
    assert "Completed" == held.status(name)


def test_a_triggerer_that_ends_stops_nothing(held: Held) -> None:
    """
    F09: cancelled and cleaned up, the job runs on.
    """
    name = held.start()

    async def cancel() -> None:
        trigger = held.trigger(name)
        firing = asyncio.ensure_future(first(trigger))
        await asyncio.sleep(0.3)
        firing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await firing
        await trigger.cleanup()

    within(cancel())

    assert "InProgress" == held.status(name)
    held.end(name)


def test_a_user_who_ends_the_task_stops_the_jobs(held: Held) -> None:
    """
    F15: Airflow calls `on_kill` for nothing else; what had ended already does no harm.
    """
    names = [held.start() for _ in range(3)]
    held.end(names[0])
    within(first(held.trigger(names[0])))

    within(held.trigger(*names).on_kill())
    within(first(held.trigger(*names)))

    assert ["Completed", "Stopped", "Stopped"] == [held.status(name) for name in names]


def test_500_triggers_need_a_handful_of_threads(held: Held) -> None:
    """
    All waits of a kind share one poller; a wait holds no thread.
    """
    name = held.start()

    async def wait() -> int:
        firing = [asyncio.ensure_future(first(held.trigger(name))) for _ in range(500)]
        await asyncio.sleep(1)
        threads = threading.active_count()
        held.end(name)
        assert 500 == len(await asyncio.gather(*firing))
        return threads

    assert within(wait()) <= 24


def test_what_the_job_logs_is_logged_once(held: Held, caplog: pytest.LogCaptureFixture) -> None:
    """
    A second trigger of the same wait goes on where the first stopped; the end is drained before it fires.
    """
    name = held.start()
    lines: list[str] = []

    class Quoting(WaitTrigger):
        class log:  # stands where Airflow's logger does
            @staticmethod
            def info(form: str, line: str) -> None:
                lines.append(form % line)

    async def wait() -> None:
        arguments = held.trigger(name, seconds=2.0).serialize()[1]
        event = await first(Quoting(**arguments))
        held.end(name)
        again = held.trigger(name, positions=event["positions"]).serialize()[1]
        await first(Quoting(**again))

    within(wait())

    assert [f"[{name}] begun", f"[{name}] ended"] == lines


def test_a_slow_log_holds_up_no_task(held: Held) -> None:
    """
    The event comes first; what the log still holds is shown after it, while the worker goes on already.
    """
    name = held.start()
    lines: list[str] = []

    class Quoting(WaitTrigger):
        class log:  # stands where Airflow's logger does
            @staticmethod
            def info(form: str, line: str) -> None:
                lines.append(form % line)

    async def wait() -> list[str]:
        trigger = Quoting(**held.trigger(name).serialize()[1])
        held.end(name)
        async for _ in trigger.run():
            known = list(lines)
        return known

    slow = {"effect": "delay", "service": "logs", "operation": "GetLogEvents", "resource": f"{name}/*"}
    with Faults(held.endpoint.url).rule(**slow, seconds=1.5):
        known = within(wait())

    assert f"[{name}] ended" not in known
    assert [f"[{name}] begun", f"[{name}] ended"] == lines


@pytest.mark.parametrize("event", [None, {}, {"waited": 3.0}, {"waited": 3, "positions": None}])
def test_events_of_other_versions_are_read(event: dict[str, Any] | None) -> None:
    """
    A task that was deferred before an upgrade goes on after it.
    """
    waited = Waited.parse(event)

    assert (event or {}).get("waited", 0.0) == waited.waited
    assert {} == waited.positions
