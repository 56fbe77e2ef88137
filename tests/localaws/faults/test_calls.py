"""What rules do to API calls, seen by boto3 with and without its retries."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.localaws.faults.conftest import control

ROLE = "arn:aws:iam::123456789012:role/test"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SERVICES = ("athena", "glue", "iam", "logs", "s3", "sagemaker", "sts")


def model(client, name: str | None = None) -> str:
    """A model with no artifact."""
    name = name or f"model-{uuid.uuid4().hex[:8]}"
    client.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    return name


def retrying(attempts: int) -> Config:
    return Config(retries={"mode": "standard", "total_max_attempts": attempts})


def refused(call, **members) -> tuple[str, int]:
    """Code and status of the refusal a call meets."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture(scope="module")
def clients(faulty, connect):
    """Clients without retries."""
    return {name: connect(faulty, name) for name in SERVICES}


@pytest.fixture
def sagemaker(clients):
    return clients["sagemaker"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("service", "method", "members", "throttled", "failed", "expired"),
        [
            (
                "sagemaker",
                "list_models",
                {},
                "ThrottlingException",
                "InternalFailure",
                "ExpiredTokenException",
            ),
            (
                "glue",
                "get_databases",
                {},
                "ThrottlingException",
                "InternalServiceException",
                "ExpiredTokenException",
            ),
            (
                "athena",
                "list_work_groups",
                {},
                "ThrottlingException",
                "InternalServerException",
                "ExpiredTokenException",
            ),
            (
                "logs",
                "describe_log_groups",
                {},
                "ThrottlingException",
                "InternalFailure",
                "ExpiredTokenException",
            ),
            ("iam", "list_roles", {}, "Throttling", "ServiceFailure", "ExpiredToken"),
            ("sts", "get_caller_identity", {}, "Throttling", "InternalFailure", "ExpiredToken"),
            ("s3", "list_buckets", {}, "SlowDown", "InternalError", "ExpiredToken"),
        ],
    )
    def test_codes(self, clients, fault, service, method, members, throttled, failed, expired):
        """
        Each service is throttled, fails and finds a token expired in its own words.
        """
        call = getattr(clients[service], method)
        for effect, code in (
            ("throttle", throttled),
            ("internal_failure", failed),
            ("expired_token", expired),
        ):
            fault(effect, service=service, count=1)
            assert code == refused(call, **members)[0]
        call(**members)

    def test_runtime(self, faulty, connect, fault):
        """
        InvokeEndpoint is matched by the endpoint's name, whatever its body is.
        """
        runtime = connect(faulty, "sagemaker-runtime")
        fault("throttle", service="sagemaker-runtime", operation="InvokeEndpoint", resource="churn*")
        for content in ("text/csv", "application/x-www-form-urlencoded"):
            assert ("ThrottlingException", 400) == refused(
                runtime.invoke_endpoint, EndpointName="churn-1", Body=b"a=1", ContentType=content
            )
        assert "ValidationError" == refused(runtime.invoke_endpoint, EndpointName="other", Body=b"")[0]

    def test_too_many_queries(self, clients, fault):
        """
        StartQueryExecution is refused as a query too many; a lost quota of Glue's as a run too many.
        """
        for effect in ("throttle", "limit"):
            fault(effect, service="athena", operation="StartQueryExecution", count=1)
            with pytest.raises(
                clients["athena"].exceptions.TooManyRequestsException, match="run concurrently"
            ):
                clients["athena"].start_query_execution(QueryString="select 1")
        fault("limit", service="glue", operation="StartJobRun")
        refusal = clients["glue"].exceptions.ConcurrentRunsExceededException
        with pytest.raises(refusal, match="Concurrent runs exceeded for nightly"):
            clients["glue"].start_job_run(JobName="nightly")

    def test_unavailable(self, clients, fault):
        """
        A service can be away for a while.
        """
        fault("unavailable", service="s3", count=1)
        assert ("ServiceUnavailable", 503) == refused(clients["s3"].list_buckets)

    def test_services_of_moto(self, faulty, connect, fault):
        """
        Rules strike services that moto answers, too, by boto3's names of them.
        """
        pytest.importorskip("moto", reason="the extra is not installed")
        fault("throttle", service="stepfunctions", operation="ListStateMachines", count=1)
        states = connect(faulty, "stepfunctions")
        assert ("ThrottlingException", 400) == refused(states.list_state_machines)
        assert [] == states.list_state_machines()["stateMachines"]

    def test_any_error(self, sagemaker, fault):
        """
        Any code, text and status can be asked for.
        """
        fault("error", code="ResourceInUse", message="taken", status=409, operation="ListModels")
        with pytest.raises(sagemaker.exceptions.ResourceInUse, match="taken"):
            sagemaker.list_models()

    def test_quota(self, sagemaker, fault):
        """
        A quota that is used up is told with the instance type asked for; reads go on.
        """
        fault("limit", service="sagemaker")
        with pytest.raises(
            sagemaker.exceptions.ResourceLimitExceeded, match=r"'ml\.m5\.4xlarge for training job usage' is 0"
        ):
            sagemaker.create_training_job(**training_request("beyond-quota", InstanceType="ml.m5.4xlarge"))
        assert [] == sagemaker.list_training_jobs(NameContains="beyond-quota")["TrainingJobSummaries"]

    def test_quota_of_s3(self, clients, fault):
        """
        S3's quota counts buckets, not uploads.
        """
        s3 = clients["s3"]
        s3.create_bucket(Bucket="quota")
        fault("limit", service="s3")
        assert "TooManyBuckets" == refused(s3.create_bucket, Bucket="one-more")[0]
        assert s3.create_multipart_upload(Bucket="quota", Key="k")["UploadId"]


def training_request(name: str, **host) -> dict:
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["true"],
        },
        "OutputDataConfig": {"S3OutputPath": "s3://faulty/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1, **host},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


class TestRetries:
    def test_throttled_thrice(self, faulty, connect, fault, hits):
        """
        A client that retries gets through a burst of three; one that gives up earlier does not.
        """
        fault("throttle", service="sagemaker", operation="List*", count=3)
        patient = connect(faulty, "sagemaker", config=retrying(5))
        assert [] == patient.list_models(NameContains="nothing")["Models"]
        assert [3] == hits()

        fault("throttle", service="sagemaker", operation="List*", count=3)
        hasty = connect(faulty, "sagemaker", config=retrying(2))
        assert "ThrottlingException" == refused(hasty.list_models)[0]

    def test_slow_down_of_an_upload(self, faulty, connect, fault, hits):
        """
        S3's SlowDown before an upload's body is read leaves the connection good, and the retry stores the object.
        """
        s3 = connect(faulty, "s3", config=retrying(4))
        s3.create_bucket(Bucket="slow")
        fault("throttle", service="s3", operation="PutObject", resource="slow/a*", count=2)
        s3.put_object(Bucket="slow", Key="a", Body=b"x" * 200_000)
        s3.put_object(Bucket="slow", Key="b", Body=b"y")
        assert [2] == hits()
        assert 200_000 == s3.head_object(Bucket="slow", Key="a")["ContentLength"]


class TestLostConnections:
    def test_drop(self, sagemaker, fault):
        """
        A call that is dropped before it is done does nothing.
        """
        fault("drop", operation="CreateModel", count=1)
        with pytest.raises(ConnectionClosedError):
            model(sagemaker, "never-made")
        assert "ValidationException" == refused(sagemaker.describe_model, ModelName="never-made")[0]

    def test_lost_answer_of_a_job(self, clients, faulty, connect, fault, hits):
        """
        A training job whose answer is lost exists once; the client's own retry finds the name in use.
        """
        clients["s3"].create_bucket(Bucket="faulty")
        client = connect(faulty, "sagemaker", config=retrying(3))
        fault("commit_then_drop", service="sagemaker", operation="CreateTrainingJob", count=1)
        assert "ResourceInUse" == refused(client.create_training_job, **training_request("lost-once"))[0]
        assert [1] == hits()
        found = client.list_training_jobs(NameContains="lost-once")["TrainingJobSummaries"]
        assert ["lost-once"] == [job["TrainingJobName"] for job in found]

    def test_lost_answer_of_an_object(self, clients, fault):
        """
        An object whose answer is lost is there; a download can be lost too.
        """
        s3 = clients["s3"]
        s3.create_bucket(Bucket="lost-objects")
        fault("commit_then_drop", service="s3", operation="PutObject", count=1)
        with pytest.raises(ConnectionClosedError):
            s3.put_object(Bucket="lost-objects", Key="k", Body=b"kept")
        fault("commit_then_drop", service="s3", operation="GetObject", count=1)
        with pytest.raises(ConnectionClosedError):
            s3.get_object(Bucket="lost-objects", Key="k")
        assert b"kept" == s3.get_object(Bucket="lost-objects", Key="k")["Body"].read()


class TestDelay:
    def test_longer_than_the_client_waits(self, faulty, connect, sagemaker, fault):
        """
        A call held up for longer than its client waits is a time-out there, and is done all the same.
        """
        hasty = connect(faulty, "sagemaker", config=Config(read_timeout=0.2))
        fault("delay", operation="CreateModel", seconds=0.6, count=1)
        with pytest.raises(ReadTimeoutError):
            model(hasty, "late")
        deadline = time.monotonic() + 20
        while not sagemaker.list_models(NameContains="late")["Models"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_stop_does_not_wait(self, start, connect, tmp_path):
        """
        A call held up for an hour does not keep the server from stopping.
        """
        running = start(tmp_path / "state")
        body = {"effect": "delay", "service": "sts", "seconds": 3600}
        assert 201 == control(running, "POST", body=body)[0]
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(connect(running, "sts").get_caller_identity)
            while control(running, "GET")[1]["rules"][0]["hits"] == 0:
                time.sleep(0.02)
            assert 0 == running.stop()
            assert "123456789012" == call.result(20)["Account"]


class TestStaleReads:
    def test_new_resource(self, sagemaker, fault, hits):
        """
        For three reads a new resource is not there yet, in the service's own words; nor is it in lists.
        """
        fault("stale", service="sagemaker", operation="*Model*", seconds=60, count=3)
        name = model(sagemaker)
        assert "ValidationException" == refused(sagemaker.describe_model, ModelName=name)[0]
        assert [] == sagemaker.list_models(NameContains=name)["Models"]
        assert "ValidationException" == refused(sagemaker.describe_model, ModelName=name)[0]
        assert [3] == hits()
        assert name == sagemaker.describe_model(ModelName=name)["ModelName"]

    def test_last_change(self, clients, fault):
        """
        A read that misses the last change shows what was before it, also of what is deleted.
        """
        glue = clients["glue"]
        glue.create_database(DatabaseInput={"Name": "db", "Description": "first"})
        fault("stale", service="glue", writes=1)
        glue.update_database(Name="db", DatabaseInput={"Name": "db", "Description": "second"})
        assert "first" == glue.get_database(Name="db")["Database"]["Description"]
        glue.update_database(Name="db", DatabaseInput={"Name": "db", "Description": "third"})
        assert "second" == glue.get_database(Name="db")["Database"]["Description"]
        glue.delete_database(Name="db")
        assert "third" == glue.get_database(Name="db")["Database"]["Description"]
        assert "db" in [found["Name"] for found in glue.get_databases()["DatabaseList"]]

    def test_writes_see_the_present(self, sagemaker, fault):
        """
        Only reads are stale: a second Create meets the first.
        """
        fault("stale", service="sagemaker", seconds=60)
        name = model(sagemaker)
        assert "ValidationException" == refused(lambda: model(sagemaker, name))[0]
