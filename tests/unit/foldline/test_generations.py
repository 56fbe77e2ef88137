"""Starting the same work again: which failures are worth it, on which machine, how often, and when."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from foldline.errors import JobFailed, JobStopped
from foldline.jobs import QUOTA_SECONDS, UNLIMITED_SECONDS, Runner
from foldline.names import Identity
from foldline.outcomes import (
    PROCESSING,
    TRAINING,
    TRANSFORM,
    TUNING,
    Kind,
    age,
    failure_class,
    is_over,
    verdict,
)
from foldline.remote.calls import Backoff
from foldline.waiting import Deferring, Staying, Suspended
from foldline.work import Work
from tests.unit.foldline.fakes import FakeClock, FakeSageMaker, completed, failed, refusal, running, stopped

CAPACITY = "CapacityError: Unable to provision requested ML compute capacity."
LADDER = ("ml.m5.xlarge", "ml.m5a.xlarge")


def work(**more: Any) -> Work:
    identity = Identity("local", "dag", "run-1", "training", -1, "training", "spec")
    return Work(TRAINING, identity, {"ResourceConfig": {"InstanceType": LADDER[0]}}, **more)


def runner(client: FakeSageMaker, clock: FakeClock | None = None) -> Runner:
    clock = clock or FakeClock()
    return Runner(client, clock, Staying(clock), Backoff(0.1, 10.0))


def machines(client: FakeSageMaker) -> list[str]:
    return [job["request"]["ResourceConfig"]["InstanceType"] for job in client.jobs.values()]


class TestLadder:
    def test_without_capacity_the_next_type_is_tried_at_once(self):
        """
        The second job runs on the second type; nobody waits for the first to come back.
        """
        client, clock = FakeSageMaker(failed(CAPACITY), completed()), FakeClock()

        outcome = runner(client, clock).run(work(instances=LADDER))

        assert list(LADDER) == machines(client)
        assert 1 == outcome.generation
        assert clock.now < 1.0

    def test_the_last_type_is_kept(self):
        """
        Three failures, two types: the last job asks for the last type again.
        """
        client = FakeSageMaker(failed(CAPACITY))

        with pytest.raises(JobFailed):
            runner(client).run(work(instances=LADDER))
        assert [LADDER[0], LADDER[1], LADDER[1]] == machines(client)

    def test_an_internal_error_stays_on_its_type(self):
        """
        The machine was there; it is AWS that failed.
        """
        client = FakeSageMaker(failed("InternalServerError: try again"), completed())

        runner(client).run(work(instances=LADDER))

        assert [LADDER[0], LADDER[0]] == machines(client)

    def test_the_climb_is_found_again_by_a_new_worker(self):
        """
        A retry reads the failed generations and goes on with the type they lead to.
        """
        client = FakeSageMaker(failed(CAPACITY), [running(), running(), *completed()])
        first = work(instances=LADDER)
        for _ in range(4):
            runner(client).look(first, 0.0)

        outcome = runner(client).run(work(instances=LADDER))

        assert (2, 1) == (len(client.created()), outcome.generation)
        assert list(LADDER) == machines(client)


class TestQuota:
    def test_a_quota_is_waited_for(self):
        """
        Five times there is no room, then the job starts: no failure, one job.
        """
        client, full = FakeSageMaker(), [1] * 5

        def fault(operation: str, name: str, moment: str) -> None:
            if (operation, moment) == ("create", "before") and full:
                full.pop()
                raise refusal("ResourceLimitExceeded", "The account-level service limit …")

        client.faults = fault

        assert "Completed" == runner(client).run(work()).description["TrainingJobStatus"]
        assert 1 == len(client.created())

    def test_a_quota_that_stays_full_fails_with_its_name(self):
        """
        After an hour the task fails and says which limit it met.
        """
        client, clock = FakeSageMaker(), FakeClock()

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "create":
                raise refusal("ResourceLimitExceeded", "limit 'ml.m5.xlarge for training job usage' is 0")

        client.faults = fault

        with pytest.raises(JobFailed, match=r"ml\.m5\.xlarge for training job usage"):
            runner(client, clock).run(work())
        assert QUOTA_SECONDS < clock.now < QUOTA_SECONDS + 60

    def test_the_slot_is_released_meanwhile(self):
        """
        A deferring worker hands a pure pause over: no job's name, and no longer than until the next try.
        """
        client, clock = FakeSageMaker(), FakeClock()

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "create":
                raise refusal("ResourceLimitExceeded")

        client.faults = fault
        deferring = Runner(client, clock, Deferring(clock), Backoff(0.1, 10.0))

        with pytest.raises(Suspended) as caught:
            deferring.run(work())
        assert () == caught.value.watch.names
        assert caught.value.watch.seconds <= 10.0

    def test_the_hour_goes_on_through_hand_overs(self):
        """
        The first refusal is remembered by AWS's own clock: a worker that comes back does not begin anew.
        """
        client, dates = FakeSageMaker(), iter(["10:00:00", "10:59:59", "11:00:01"])

        def fault(operation: str, name: str, moment: str) -> None:
            if operation == "create":
                error = refusal("ResourceLimitExceeded")
                headers = {"date": f"Thu, 01 Jan 2026 {next(dates)} GMT"}
                error.response["ResponseMetadata"]["HTTPHeaders"] = headers
                raise error

        client.faults, refused = fault, {}

        for expected in (Suspended, Suspended, JobFailed):
            clock = FakeClock()
            deferring = Runner(client, clock, Deferring(clock), Backoff(0.1, 10.0), refused=refused)
            with pytest.raises(expected):
                deferring.run(work())
        assert ["2026-01-01T10:00:00+00:00"] == list(refused.values())


class TestOutput:
    def test_a_completed_job_without_its_output_is_run_once_more(self):
        """
        The artifact was missing, the next generation left it.
        """
        client, problems = FakeSageMaker(), ["model.tar.gz is empty", ""]

        outcome = runner(client).run(work(verify=lambda description: problems.pop(0)))

        assert (1, 2) == (outcome.generation, len(client.created()))

    def test_once_more_is_enough(self):
        """
        Missing twice, it is the program's fault: the task fails and says what is missing.
        """
        client = FakeSageMaker()

        with pytest.raises(JobFailed, match=r"model\.tar\.gz is empty"):
            runner(client).run(work(verify=lambda description: "model.tar.gz is empty"))
        assert 2 == len(client.created())


class TestBudget:
    def test_keep_waiting_keeps_waiting(self):
        """
        The budget is spent, the job is left alone and its end is taken.
        """
        client = FakeSageMaker([running()] * 30 + completed())

        runner(client).run(work(budget=1.0, on_timeout="keep_waiting"))

        assert "stop" not in [operation for operation, _ in client.calls]

    def test_whoever_waits_without_a_limit_is_not_woken_early(self):
        """
        A spent budget that ends nothing does not send the task back to a worker every few seconds.
        """
        client, clock = FakeSageMaker([running()]), FakeClock()
        deferring = Runner(client, clock, Deferring(clock, patience=0.0), Backoff(0.1, 10.0))

        with pytest.raises(Suspended) as caught:
            deferring.run(work(budget=0.0, on_timeout="keep_waiting"))
        assert UNLIMITED_SECONDS == caught.value.watch.seconds

    def test_a_hand_over_lasts_as_long_as_the_jobs_own_budget(self):
        """
        What counts is the job's age by AWS's clock, not how long its task has waited for others before.
        """
        client, clock = FakeSageMaker([running()]), FakeClock()
        describe = client.describe_training_job

        def dated(TrainingJobName: str) -> dict[str, Any]:
            headers = {"HTTPHeaders": {"date": "Thu, 01 Jan 2026 00:10:00 GMT"}}
            return {**describe(TrainingJobName), "ResponseMetadata": headers}

        client.describe_training_job = dated
        runner(client, clock).look(work(), 0.0)
        deferring = Runner(client, clock, Deferring(clock, patience=0.0), Backoff(0.1, 10.0))

        with pytest.raises(Suspended) as caught:
            deferring.run(work(budget=3600.0))
        assert 3000.0 == caught.value.watch.seconds

    def test_the_clock_runs_from_the_jobs_creation_by_aws_own_time(self):
        """
        Age is the answer's date less the creation time; what this machine's clock says does not count.
        """
        client = FakeSageMaker([running()])
        runner(client).look(work(), 0.0)
        description = client.describe_training_job(client.created()[0])
        description["ResponseMetadata"] = {"HTTPHeaders": {"date": "Thu, 01 Jan 2026 01:00:00 GMT"}}

        assert 3600.0 == age(description)


STATUSES = (
    "InProgress",
    "Completed",
    "Failed",
    "Stopping",
    "Stopped",
    "Deleting",
    "Pending",
    "Succeeded",
    "",
)
SECONDARIES = (
    "Starting", "Pending", "LaunchingMLInstances", "PreparingTrainingStack", "Downloading", "DownloadingTrainingImage",
    "Training", "Uploading", "Stopping", "Stopped", "MaxRuntimeExceeded", "Completed", "Failed", "Interrupted",
    "MaxWaitTimeExceeded", "Updating", "Restarting", "SomethingNew",
)  # fmt: skip


@pytest.mark.parametrize("kind", [TRAINING, PROCESSING, TRANSFORM, TUNING], ids=lambda kind: kind.name)
def test_no_pair_of_statuses_is_a_wrong_success(kind: Kind):
    """
    Of every status × secondary status, unknown words too, only Completed ends without an error.
    """
    good = set()
    for status, secondary in itertools.product(STATUSES, SECONDARIES):
        description = {kind.status_member: status, "SecondaryStatus": secondary, kind.name_member: "job"}
        if is_over(kind, description) and verdict(kind, description).error is None:
            good.add(status)
    assert {"Completed"} == good


def test_only_faults_of_aws_are_worth_another_start():
    """
    Capacity, internal errors, throttled services and a spot wait that ran out; nothing of the user's own.
    """
    reasons = {
        CAPACITY: "capacity",
        "InternalServerError: We encountered an internal error. Please try again.": "internal",
        "ClientError: Data download failed: SlowDown: Please reduce your request rate.": "throttled",
        "AlgorithmError: ExecuteUserScriptError: ThrottlingException in the user's own call": "",
        "ClientError: No objects found under S3 URL": "",
        "AlgorithmError: , exit code: 1": "",
    }
    assert reasons == {reason: failure_class(reason) for reason in reasons}


def test_a_spot_job_that_never_got_its_machine_is_started_again():
    """
    MaxWaitTimeExceeded is Stopped and worth another start; a person's stop is not.
    """
    client = FakeSageMaker(stopped("MaxWaitTimeExceeded"), completed())
    assert 1 == runner(client).run(work()).generation

    with pytest.raises(JobStopped):
        runner(FakeSageMaker(stopped("Stopped"))).run(work())
