"""The ensure-once loop against a fake SageMaker with faults."""

from __future__ import annotations

from typing import Any

import pytest

from foldline.errors import JobConflict, JobFailed, JobStopped, JobTimedOut
from foldline.jobs import Runner
from foldline.names import Identity
from foldline.outcomes import TRAINING
from foldline.remote.calls import Backoff
from foldline.waiting import Interrupted, Staying
from foldline.work import Work
from tests.unit.foldline.fakes import (
    FakeClock,
    FakeSageMaker,
    completed,
    dropped,
    failed,
    refusal,
    running,
    stopped,
)


def work(task: str = "training", budget: float = 3600.0) -> Work:
    identity = Identity("local", "dag", "run-1", task, -1, "training", "spec")
    return Work(TRAINING, identity, {"RoleArn": "role"}, budget)


def runner(client: FakeSageMaker, *, interrupted: bool = False, **more: Any) -> Runner:
    clock = FakeClock()
    return Runner(client, clock, Staying(clock, lambda: interrupted), Backoff(0.1, 1.0), **more)


class TestStart:
    def test_a_job_is_created_once_and_waited_for(self) -> None:
        """
        Describe, create, describe until Completed: one create.
        """
        client = FakeSageMaker()

        outcome = runner(client).run(work())

        assert [outcome.name] == client.created()
        assert "Completed" == outcome.description["TrainingJobStatus"]
        assert not outcome.adopted

    def test_a_second_worker_adopts_the_running_job(self) -> None:
        """
        A retry after a crash comes back to the same name and creates nothing.
        """
        client = FakeSageMaker([running(), running(), *completed()])
        runner(client).look(work(), 0.0)

        outcome = runner(client).run(work())

        assert 1 == len(client.created())
        assert outcome.adopted

    def test_the_log_tells_a_start_from_an_adoption(self, caplog: pytest.LogCaptureFixture) -> None:
        """
        Whoever reads a task's log sees which job it started, and which one it found.
        """
        client, mine = FakeSageMaker([running(), running(), *completed()]), work()

        with caplog.at_level("INFO", "foldline.jobs"):
            runner(client).look(mine, 0.0)
            runner(client).run(work())

        told = [f"started training job {mine.name}", f"adopted training job {mine.name}, begun before"]
        assert told == caplog.messages

    def test_a_lost_answer_of_create_starts_no_second_job(self) -> None:
        """
        The create was accepted, its answer lost; the repeated create answers ResourceInUse and is adopted.
        """
        client, lost = FakeSageMaker(), []

        def fault(operation: str, name: str, moment: str) -> None:
            if (operation, moment) == ("create", "after") and not lost:
                lost.append(name)
                raise dropped()

        client.faults = fault
        outcome = runner(client).run(work())

        assert [outcome.name] == client.created()
        assert 2 == [operation for operation, _ in client.calls].count("create")

    def test_a_foreign_job_of_that_name_is_never_adopted(self) -> None:
        """
        Same name, other tags: a conflict, not our job.
        """
        client = FakeSageMaker()
        mine = work()
        client.create_training_job(TrainingJobName=mine.name, Tags=[{"Key": "owner", "Value": "somebody"}])

        with pytest.raises(JobConflict, match="is not this run's"):
            runner(client).run(mine)

    def test_a_refused_request_is_raised_as_it_is(self) -> None:
        """
        AccessDenied on create is no reason to try again.
        """
        client = FakeSageMaker()

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "create":
                raise refusal("AccessDeniedException", status=403)

        client.faults = fault
        with pytest.raises(Exception, match="AccessDenied"):
            runner(client).run(work())
        assert [] == client.created()

    def test_a_throttled_create_is_tried_again(self) -> None:
        """
        Three throttles delay the start and do not fail it.
        """
        client, throttles = FakeSageMaker(), [1, 2, 3]

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "create" and moment == "before" and throttles:
                throttles.pop()
                raise refusal("ThrottlingException")

        client.faults = fault
        assert "Completed" == runner(client).run(work()).description["TrainingJobStatus"]
        assert 1 == len(client.created())


class TestEnd:
    @pytest.mark.parametrize("secondary", ["Stopped", "MaxRuntimeExceeded"])
    def test_stopped_is_a_failure(self, secondary: str) -> None:
        """
        Neither a person's stop nor a spent time limit is ever success.
        """
        with pytest.raises(JobStopped):
            runner(FakeSageMaker(stopped(secondary))).run(work())

    def test_an_algorithm_error_is_final_and_shows_the_last_log_lines(self) -> None:
        """
        The error holds AWS's FailureReason and the end of the log.
        """
        client = FakeSageMaker(failed("AlgorithmError: ValueError: bad depth, exit code: 1"))

        with pytest.raises(JobFailed) as caught:
            runner(client, log_tail=lambda kind, name: "line 1\nline 2").run(work())

        assert "ValueError: bad depth" in str(caught.value)
        assert "line 2" in str(caught.value)
        assert 1 == len(client.created())

    @pytest.mark.parametrize("reason", ["CapacityError: none left", "InternalServerError: try again"])
    def test_a_failure_of_aws_starts_the_next_generation(self, reason: str) -> None:
        """
        Capacity and internal errors are AWS's own: a job of the next generation, under another name.
        """
        client = FakeSageMaker(failed(reason), completed())

        outcome = runner(client).run(work())

        assert 1 == outcome.generation
        assert 2 == len(set(client.created()))

    def test_generations_end(self) -> None:
        """
        After two further generations the failure stands.
        """
        client = FakeSageMaker(failed("CapacityError: none left"))

        with pytest.raises(JobFailed):
            runner(client).run(work())
        assert 3 == len(client.created())

    def test_an_unknown_status_is_waited_for(self) -> None:
        """
        A word that AWS may add is no success and no failure.
        """
        client = FakeSageMaker([{"TrainingJobStatus": "Deleting"}, *completed()])

        assert "Completed" == runner(client).run(work()).description["TrainingJobStatus"]

    def test_a_spent_budget_stops_the_job_and_fails(self) -> None:
        """
        Never "fail and leave it running".
        """
        client = FakeSageMaker([running()])

        with pytest.raises(JobTimedOut):
            runner(client).run(work(budget=30))
        assert "stop" in [operation for operation, _ in client.calls]

    def test_a_throttled_describe_fails_nothing(self) -> None:
        """
        Describe is throttled for a while; the wait goes on.
        """
        client, count = FakeSageMaker([running()] * 3 + completed()), [0]

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "describe" and moment == "before":
                count[0] += 1
                if count[0] % 2:
                    raise refusal("ThrottlingException")

        client.faults = fault
        assert "Completed" == runner(client).run(work()).description["TrainingJobStatus"]


class TestMany:
    def test_at_most_so_many_run_at_once(self) -> None:
        """
        Ten pieces, three at a time: never more than three are under way.
        """
        client = FakeSageMaker([running()] * 4 + completed())
        under_way: set[int] = set()
        most = [0]

        def started(index: int, name: str) -> None:
            under_way.add(index)
            most[0] = max(most[0], len(under_way))

        outcomes = runner(client).run_all(
            [work(f"fit-{number}") for number in range(10)],
            max_parallel=3,
            on_start=started,
            on_end=lambda index, outcome: under_way.discard(index),
        )

        assert 10 == len(outcomes)
        assert 3 == most[0]
        assert 10 == len(client.created())

    def test_after_a_failure_nothing_new_starts(self) -> None:
        """
        The first piece fails; what runs beside it ends, the rest is never created.
        """
        slow = [running()] * 20 + completed()
        client = FakeSageMaker(failed("AlgorithmError: no"), slow, completed())

        outcomes = runner(client).run_all([work(f"fit-{n}") for n in range(6)], max_parallel=2)

        assert 2 == len(client.created())
        assert isinstance(outcomes[0].error, JobFailed)

    def test_a_refused_piece_leaves_no_sibling_alone(self) -> None:
        """
        AWS refuses the second create; the first job is still waited for to its end, then the task fails.
        """
        client = FakeSageMaker([running()] * 5 + completed())
        works = [work("fit-0"), work("fit-1")]

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "create" and name == works[1].name:
                raise refusal("ValidationException", "no such image")

        client.faults = fault

        good, bad = runner(client).run_all(works)

        assert "Completed" == good.description["TrainingJobStatus"]
        assert isinstance(bad.error, JobFailed)
        assert "no such image" == bad.error.cause

    def test_a_foreign_job_leaves_no_sibling_alone(self) -> None:
        """
        The second name is somebody else's; the first job is waited for all the same.
        """
        client = FakeSageMaker([running()] * 5 + completed())
        works = [work("fit-0"), work("fit-1")]
        client.create_training_job(TrainingJobName=works[1].name, Tags=[])

        good, bad = runner(client).run_all(works)

        assert "Completed" == good.description["TrainingJobStatus"]
        assert isinstance(bad.error, JobConflict)

    def test_an_interrupted_worker_leaves_the_job_running(self) -> None:
        """
        SIGTERM ends the worker; nobody stops the job, and the next worker adopts it.
        """
        client = FakeSageMaker([running()] * 5 + completed())

        with pytest.raises(Interrupted):
            runner(client, interrupted=True).run(work())

        assert "stop" not in [operation for operation, _ in client.calls]
        assert runner(client).run(work()).adopted
