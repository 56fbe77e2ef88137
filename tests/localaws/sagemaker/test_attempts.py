"""Jobs that are run more than once: interrupted spot jobs, retries; and those that are never taken: quotas."""

from __future__ import annotations

import functools
import json
import urllib.request
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Endpoint, start_endpoint
from tests.localaws.sagemaker.conftest import Account

EPOCHS = """
    import os, time
    path = "/opt/ml/checkpoints/epoch"
    epoch = int(open(path).read()) if os.path.exists(path) else 0
    print("loss=%d" % (9 - epoch), flush=True)
    open(path, "w").write(str(epoch + 1))
    open("/opt/ml/model/m", "w").write(str(epoch))
    time.sleep(60 if epoch < 2 else 0)
"""
METRICS = [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]


def strike(endpoint, effect: str, **members) -> None:
    """Ask an endpoint for a fault of jobs."""
    body = json.dumps({"effect": effect, **members}).encode()
    request = urllib.request.Request(f"{endpoint.url}/_localaws/faults", body, method="POST")
    urllib.request.urlopen(request, timeout=10).close()


QUOTAS = {
    "ml.p3.2xlarge for training job usage": 1,
    "ml.p3.2xlarge for spot training job usage": 0,
    "ml.p3.2xlarge for processing job usage": 0,
    "ml.p3.2xlarge for transform job usage": 0,
}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint with few instances and little patience."""
    quotas = tmp_path_factory.mktemp("quotas") / "quotas.json"
    quotas.write_text(json.dumps(QUOTAS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALAWS_QUOTAS", str(quotas))
        patch.setenv("LOCALAWS_WARM", "off")
        endpoint = start_endpoint(tmp_path_factory.mktemp("few"))
    yield endpoint
    endpoint.stop()


@pytest.fixture
def account(few, connect) -> Iterator[Account]:
    """An account at that endpoint, whose faults end with the test."""
    clients = functools.cache(functools.partial(connect, few))
    clients("s3").create_bucket(Bucket="bucket")
    yield Account(clients, "bucket")
    urllib.request.urlopen(
        urllib.request.Request(f"{few.url}/_localaws/faults", method="DELETE"), timeout=10
    ).close()


def statuses(job: dict) -> list[str]:
    """The secondary statuses a training job went through."""
    return [step["Status"] for step in job["SecondaryStatusTransitions"]]


class TestSpot:
    """Managed spot training jobs."""

    def test_an_interrupted_job_goes_on_from_its_checkpoints(self, few, account):
        """
        Twice interrupted it runs three times; each attempt has a log stream, the metrics are the last one's.
        """
        strike(few, "spot", seconds=1.5, count=2)
        request = account.training_request(
            EPOCHS,
            EnableManagedSpotTraining=True,
            StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
            CheckpointConfig={"S3Uri": account.uri("epochs")},
        )
        request["AlgorithmSpecification"]["MetricDefinitions"] = METRICS
        account.sagemaker.create_training_job(**request)
        job = account.trained(request["TrainingJobName"])
        again = ["Training", "Interrupted", "Restarting", "Downloading"]
        assert [*again, *again, "Training", "Uploading", "Completed"] == statuses(job)[-11:]
        assert [7.0] == [metric["Value"] for metric in job["FinalMetricDataList"]]
        assert {"m": "2"} == account.members(f"out/{job['TrainingJobName']}/output/model.tar.gz")
        assert [["loss=7"], ["loss=8"], ["loss=9"]] == sorted(
            account.log("TrainingJobs", job["TrainingJobName"]).values()
        )
        assert 1 <= job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]

    def test_the_wait_is_over_after_max_wait_time(self, few, account):
        """
        A job interrupted and restarted until MaxWaitTimeInSeconds have passed is stopped, its model kept.
        """
        job = account.train(
            "import time\nopen('/opt/ml/model/m', 'w').write('x')\ntime.sleep(60)",
            EnableManagedSpotTraining=True,
            StoppingCondition={"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1},
        )
        assert ("Stopped", "MaxWaitTimeExceeded") == (job["TrainingJobStatus"], job["SecondaryStatus"])
        assert {"m": "x"} == account.members(f"out/{job['TrainingJobName']}/output/model.tar.gz")


class TestRetries:
    """RetryStrategy."""

    def test_a_fault_of_the_platform_is_tried_again(self, few, account):
        """
        Two InternalServerErrors with two retries: the third attempt completes, and Restarting shows twice.
        """
        strike(few, "internal", count=2)
        job = account.train(RetryStrategy={"MaximumRetryAttempts": 2})
        assert ("Completed", 2) == (job["TrainingJobStatus"], statuses(job).count("Restarting"))

    def test_retries_end(self, few, account):
        """
        With one retry the second InternalServerError is the job's; a fault of the program is never tried again.
        """
        strike(few, "internal", count=2)
        job = account.train(RetryStrategy={"MaximumRetryAttempts": 1})
        assert ("Failed", 1) == (job["TrainingJobStatus"], statuses(job).count("Restarting"))
        assert job["FailureReason"].startswith("InternalServerError: ")
        job = account.train("raise SystemExit(3)", RetryStrategy={"MaximumRetryAttempts": 1})
        assert ("Failed", 0) == (job["TrainingJobStatus"], statuses(job).count("Restarting"))


class TestQuotas:
    """LOCALAWS_QUOTAS."""

    def test_a_quota_used_up_refuses_until_the_job_ends(self, account):
        """
        The second job of a type with one instance is ResourceLimitExceeded in AWS's words; other types are free.
        """
        resources = {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}
        request = account.training_request("import time; time.sleep(60)", ResourceConfig=resources)
        account.sagemaker.create_training_job(**request)
        with pytest.raises(ClientError) as refused:
            account.train(ResourceConfig=resources)
        error = refused.value.response["Error"]
        assert "ResourceLimitExceeded" == error["Code"]
        assert error["Message"].startswith(
            "The account-level service limit 'ml.p3.2xlarge for training job usage' is 1 Instances, with current "
            "utilization of 1 Instances and a request delta of 1 Instances."
        )
        assert "Completed" == account.train()["TrainingJobStatus"]
        account.sagemaker.stop_training_job(TrainingJobName=request["TrainingJobName"])
        account.trained(request["TrainingJobName"])
        assert "Completed" == account.train(ResourceConfig=resources)["TrainingJobStatus"]

    def test_each_use_has_its_own_quota(self, account):
        """
        Spot training, processing and transform of that type have none.
        """
        resources = {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1}
        wait = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
        model = account.model("def model_fn(folder): return 1")
        for call in (
            lambda: account.train(
                ResourceConfig={**resources, "VolumeSizeInGB": 1},
                EnableManagedSpotTraining=True,
                StoppingCondition=wait,
            ),
            lambda: account.process(
                "pass", ProcessingResources={"ClusterConfig": {**resources, "VolumeSizeInGB": 1}}
            ),
            lambda: account.transform(model, account.uri("in/"), TransformResources=resources),
        ):
            with pytest.raises(ClientError, match="ResourceLimitExceeded"):
                call()
