"""F23-F32: calls that AWS throttles, breaks, loses, answers late or with another word; no task fails for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from foldline.aws import Clients, Door
from foldline.errors import FoldlineError, JobFailed
from foldline.remote.calls import Backoff, call
from foldline.remote.paging import PacedLists
from foldline.remote.polling.poller import Poller
from foldline.remote.watched import WATCHED
from operators.training_job import TrainingJobOperator
from tests.conftest import Endpoint
from tests.faults.awsbed import BUCKET, BadDay, QuickClock
from tests.unit.foldline.fakes import FakeClock, refusal

pytestmark = pytest.mark.xdist_group("fault-table")
SERVICES = sorted({watched.service for watched in WATCHED.values()} | {"s3", "sts", "logs"})


@pytest.mark.parametrize(
    ("service", "operation", "skip"),
    [("*", "*", 0), ("s3", "*", 1), ("sagemaker", "Describe*", 1)],
    ids=["every call", "S3 after the first note", "Describe while it waits"],
)
def test_ten_minutes_of_throttling_fail_no_task(
    bad_day: BadDay, service: str, operation: str, skip: int
) -> None:
    """
    F23: from the first call of an attempt on, S3 and STS too, or in the middle of a wait: one job, a result.
    """
    clock, struck = bad_day.until(600, effect="throttle", service=service, operation=operation, skip=skip)
    run = f"throttled {service.strip('*')} {skip}"

    result = bad_day.fit(run, clock=clock)

    assert [result["job"]] == [job["TrainingJobName"] for job in bad_day.jobs(run)]
    assert clock.now > 600
    assert 60 < struck[0] < 600


@pytest.mark.parametrize("effect", ["internal_failure", "unavailable"])
def test_ten_minutes_of_failing_servers_fail_no_task(bad_day: BadDay, effect: str) -> None:
    """
    F25: HTTP 500 and 503 in each service's own words are waited out as throttles are.
    """
    clock, struck = bad_day.until(600, effect=effect)

    result = bad_day.fit(effect, clock=clock)

    assert [result["job"]] == [job["TrainingJobName"] for job in bad_day.jobs(effect)]
    assert struck[0] > 60


@pytest.mark.parametrize(
    ("service", "method", "request_"),
    [
        ("sagemaker", "describe_training_job", {"TrainingJobName": "nobody"}),
        ("s3", "list_objects_v2", {"Bucket": BUCKET}),
        ("athena", "list_work_groups", {}),
    ],
)
def test_only_we_try_a_call_again(
    bad_day: BadDay, service: str, method: str, request_: dict[str, Any]
) -> None:
    """
    F25: with our patience spent, a failing call is one call on the wire, S3's as any other.
    """
    clock = QuickClock(patience=-1.0)
    client = bad_day.run("fit", "one layer", clock=clock).clients.client(service)

    with bad_day.faults.rule(effect="unavailable", service=service) as hits:
        with pytest.raises(ClientError):
            call(getattr(client, method), clock, **request_)

        assert 1 == hits()


def test_no_call_waits_longer_than_its_service_takes() -> None:
    """
    F26: five seconds to connect and twenty for an answer; a minute where data are moved.
    """
    clients = Clients(Door("local", "123456789012", "us-east-1", "http://127.0.0.1:9"))
    found = {service: clients.client(service).meta.config for service in SERVICES}

    assert {5} == {config.connect_timeout for config in found.values()}
    assert {"s3"} == {service for service, config in found.items() if config.read_timeout != 20}
    assert 60 == found["s3"].read_timeout


class Impatient(Clients):
    """A worker's clients, of which SageMaker's waits a moment only for its answer."""

    def __init__(self, environment: Any, ours: Clients, sagemaker: Any) -> None:
        super().__init__(environment)
        self.ours, self.sagemaker = ours, sagemaker

    def client(self, service: str) -> Any:
        return self.sagemaker if service == "sagemaker" else self.ours.client(service)


def test_a_create_that_is_not_answered_starts_one_job(
    bad_day: BadDay, faults_endpoint: Endpoint, connect: Callable[..., Any]
) -> None:
    """
    F26: the call hangs for longer than the client waits and is done all the same; the job is adopted.
    """
    impatient_sagemaker = connect(faults_endpoint, "sagemaker", config=Config(read_timeout=0.3))
    run = bad_day.run("fit", "hangs")
    run.clients = Impatient(run.pipeline.environment, bad_day.ours, impatient_sagemaker)
    operator = TrainingJobOperator(step="bad_day.fit", channels={"train": bad_day.put("1\n")})

    with bad_day.faults.rule(effect="delay", seconds=0.6, operation="CreateTrainingJob", count=1) as hits:
        result = operator.work(run)
        assert 1 == hits()

    assert [result["job"]] == [job["TrainingJobName"] for job in bad_day.jobs("hangs")]


def test_credentials_that_expire_during_a_wait_are_asked_for_again(bad_day: BadDay) -> None:
    """
    F27: twenty refusals of an expired token, then it is another one: the same job, no failure.
    """
    with bad_day.faults.rule(
        effect="expired_token", operation="DescribeTrainingJob", skip=1, count=20
    ) as hits:
        result = bad_day.fit("expired", clock=QuickClock())
        assert 20 == hits()

    assert [result["job"]] == [job["TrainingJobName"] for job in bad_day.jobs("expired")]


@pytest.mark.parametrize("service", ["sagemaker", "s3"])
def test_expired_credentials_are_read_anew(
    bad_day: BadDay, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    F27: new ones in the environment sign the next try of the very same call, without a new client.
    """
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "first")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    clients = Clients(bad_day.pipeline.environment, clock=QuickClock())
    client, signed = clients.client(service), list[str]()
    client.meta.events.register("before-send", lambda request, **event: signed.append(signer(request)))
    method = {"sagemaker": "list_models", "s3": "list_buckets"}[service]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "second")

    with bad_day.faults.rule(effect="expired_token", service=service, count=1):
        call(getattr(client, method), clients.clock)

    assert ["first", "second"] == signed


def signer(request: Any) -> str:
    """The access key that a request is signed with."""
    found = request.headers["Authorization"]
    text = found.decode() if isinstance(found, bytes) else str(found)
    return text.partition("Credential=")[2].partition("/")[0]


def test_credentials_that_stay_expired_leave_the_job_to_the_next_try(bad_day: BadDay) -> None:
    """
    F27: after the patience the task fails by an error that Airflow tries again; nothing was stopped, one job.
    """
    with (
        bad_day.faults.rule(effect="expired_token", operation="DescribeTrainingJob", skip=1),
        pytest.raises(ClientError, match="ExpiredToken") as told,
    ):
        bad_day.fit("denied", clock=QuickClock(patience=60.0))
    (job,) = bad_day.jobs("denied")

    result = bad_day.fit("denied")

    assert not isinstance(told.value, FoldlineError)
    assert job["TrainingJobName"] == result["job"]
    assert ["Completed"] == [job["TrainingJobStatus"] for job in bad_day.jobs("denied")]


def test_logs_that_may_not_be_read_change_no_result(bad_day: BadDay) -> None:
    """
    F28: a failed job's error lacks its last lines when CloudWatch denies them, and is the job's error still.
    """
    (bad_day.root / "code" / "fit.py").write_text("raise SystemExit('the rows are wrong')\n")
    denied = {"effect": "error", "code": "AccessDeniedException", "status": 403, "service": "logs"}

    with bad_day.faults.rule(**denied) as hits:
        with pytest.raises(JobFailed, match="AlgorithmError"):
            bad_day.fit("no logs")
        assert hits() > 0


def test_a_job_that_does_not_show_yet_is_not_asked_for_again(bad_day: BadDay) -> None:
    """
    F29: five reads after the create still see nothing; within the grace no second create is sent.
    """
    with (
        bad_day.faults.rule(effect="delay", seconds=0.001, operation="CreateTrainingJob") as creates,
        bad_day.faults.rule(
            effect="error",
            code="ValidationException",
            message="Requested resource not found.",
            operation="DescribeTrainingJob",
            count=6,
        ) as unseen,
    ):
        result = bad_day.fit("stale")
        assert (1, 6) == (creates(), unseen())

    assert [result["job"]] == [job["TrainingJobName"] for job in bad_day.jobs("stale")]


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound", "ResourceNotFoundException"])
def test_every_word_for_absent_leads_to_the_create(bad_day: BadDay, code: str) -> None:
    """
    F32: which code says that there is no such job does not matter.
    """
    absent = {"code": code, "message": "Requested resource not found.", "status": 400}
    with bad_day.faults.rule(effect="error", operation="DescribeTrainingJob", count=1, **absent) as hits:
        result = bad_day.fit(code)
        assert 1 == hits()

    assert [result["job"]] == [job["TrainingJobName"] for job in bad_day.jobs(code)]


def test_another_validation_error_is_no_absence(bad_day: BadDay) -> None:
    """
    F32: a request that AWS finds wrong is raised, and nothing is created.
    """
    wrong = {"code": "ValidationException", "message": "1 validation error detected", "status": 400}
    with (
        bad_day.faults.rule(effect="error", operation="DescribeTrainingJob", count=1, **wrong),
        pytest.raises(ClientError, match="1 validation error"),
    ):
        bad_day.fit("wrong")

    assert [] == bad_day.jobs("wrong")


def test_a_job_is_followed_without_a_list(bad_day: BadDay) -> None:
    """
    F31: one task's few jobs are read by name; the account's scarce List calls are left to others.
    """
    with bad_day.faults.rule(effect="throttle", operation="List*Jobs") as lists:
        bad_day.fit("no list")
        assert 0 == lists()


def test_lists_are_paced() -> None:
    """
    F31: forty pages of a reaper's list take forty seconds at least.
    """
    clock, pages = QuickClock(), 40

    def page(**request: Any) -> dict[str, Any]:
        number = int(request.get("NextToken", 1))
        return {"Items": [number], **({"NextToken": str(number + 1)} if number < pages else {})}

    found = [item for answer in PacedLists(clock).pages(page) for item in answer["Items"]]

    assert list(range(1, pages + 1)) == found
    assert clock.now >= pages - 1


def test_a_wait_in_the_triggerer_outlasts_ten_minutes_of_throttling() -> None:
    """
    F11: what is read by itself, as an endpoint is, does not count as gone while it cannot be read.
    """
    clock, fired = FakeClock(), list[float]()

    class Throttled:
        def describe_endpoint(self, EndpointName: str) -> dict[str, str]:
            if clock.now < 600:
                raise refusal("ThrottlingException")
            return {"EndpointStatus": "InService"}

    poller = Poller("endpoint", Throttled, clock, Backoff())
    poller.add(("e",), "all", lambda: fired.append(clock.now))
    while clock.now < 660:
        clock.sleep(max(poller.step(), 0.05))

    assert 1 == len(fired)
    assert fired[0] >= 600
