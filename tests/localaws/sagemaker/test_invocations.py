"""What an invocation leaves behind: captured calls, asynchronous results, event streams."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.conftest import Account, fresh

ECHO = """
import os, time
def model_fn(folder):
    return 1
def transform_fn(model, data, content_type, accept):
    if data == b"bad":
        raise ValueError("no such row")
    if data == b"slow":
        time.sleep(float(os.environ.get("SLOW", "3")))
    return b"<" + data + b">", accept
"""
INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def configure(account: Account, model: str, **members: Any) -> str:
    """Create a configuration of one variant ``main`` of a model; its name."""
    name = fresh("config")
    variant = {"VariantName": "main", "ModelName": model, **INSTANCE}
    account.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **members)
    return name


def until(account: Account, prefix: str, count: int = 1) -> list[str]:
    """The keys under a prefix, when there are so many."""
    deadline = time.monotonic() + 30
    while len(keys := account.keys(prefix)) < count and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert count <= len(keys), f"{prefix} has {keys}"
    return keys


@pytest.fixture
def served(account: Account) -> Iterator[Callable[..., str]]:
    """Makes endpoints of the echo model with members of the configuration, deleted after the test."""
    names = []

    def make(**members: Any) -> str:
        endpoint = account.endpoint(configure(account, account.model(ECHO), **members))
        names.append(endpoint["EndpointName"])
        assert "InService" == endpoint["EndpointStatus"], endpoint.get("FailureReason")
        return names[-1]

    yield make
    for name in names:
        account.sagemaker.delete_endpoint(EndpointName=name)


def capture(account: Account, *modes: str, **members: Any) -> dict[str, Any]:
    """A DataCaptureConfig of everything."""
    return {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": account.uri("captured"),
        "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
        **members,
    }


class TestDataCapture:
    """Lines of JSON for calls."""

    def lines(self, account: Account, name: str, count: int) -> list[dict[str, Any]]:
        """The lines captured of an endpoint, when there are so many."""
        deadline, found = time.monotonic() + 30, []
        while len(found) < count and time.monotonic() < deadline:
            threading.Event().wait(0.05)
            keys = account.keys(f"captured/{name}/main/")
            found = [json.loads(line) for key in keys for line in account.get(key).splitlines()]
        return found

    def test_a_call_is_written_down_as_aws_does(self, account, served):
        """
        Input and output with their encodings, the inference id, under a folder of the hour; a failed call is not.
        """
        types = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}
        config = capture(account, "Input", "Output", CaptureContentTypeHeader=types)
        name = served(DataCaptureConfig=config)
        with pytest.raises(ClientError):
            account.invoke(name, b"bad")
        account.invoke(name, b"1,2", Accept="application/json; charset=utf-8", InferenceId="i-1")
        [line] = self.lines(account, name, 1)
        assert {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": "<1,2>",
                "encoding": "JSON",
            },
        } == line["captureData"]
        assert ("i-1", "0") == (line["eventMetadata"]["inferenceId"], line["eventVersion"])
        hour = time.strftime(
            "%Y/%m/%d/%H", time.strptime(line["eventMetadata"]["inferenceTime"], "%Y-%m-%dT%H:%M:%SZ")
        )
        [key] = account.keys("captured/")
        assert key.startswith(f"captured/{name}/main/{hour}/")
        assert key.endswith(".jsonl")
        described = account.sagemaker.describe_endpoint(EndpointName=name)["DataCaptureConfig"]
        assert (True, "Started", 100) == tuple(
            described[member] for member in ("EnableCapture", "CaptureStatus", "CurrentSamplingPercentage")
        )

    def test_content_types_that_are_not_named_are_base64(self, account, served):
        """
        One side only, where one is asked for.
        """
        name = served(DataCaptureConfig=capture(account, "Input"))
        account.invoke(name, b"\xff\x00", ContentType="application/x-npy")
        [line] = self.lines(account, name, 1)
        assert ["endpointInput"] == list(line["captureData"])
        side = line["captureData"]["endpointInput"]
        assert ("BASE64", b"\xff\x00") == (side["encoding"], base64.b64decode(side["data"]))

    def test_a_retained_capture_is_that_of_before(self, account, served):
        """
        RetainAllVariantProperties keeps the capture too, unless DataCaptureConfig is excluded.
        """
        name = served(DataCaptureConfig=capture(account, "Input"))
        other = configure(
            account,
            account.model(ECHO),
            DataCaptureConfig=capture(account, "Input", InitialSamplingPercentage=7),
        )
        shown = []
        for excluded in ([], [{"VariantPropertyType": "DataCaptureConfig"}]):
            account.sagemaker.update_endpoint(
                EndpointName=name,
                EndpointConfigName=other,
                RetainAllVariantProperties=True,
                ExcludeRetainedVariantProperties=excluded,
            )
            shown.append(account.settled(name)["DataCaptureConfig"]["CurrentSamplingPercentage"])
        assert [100, 7] == shown

    def test_capture_may_be_off(self, own_account):
        """
        EnableCapture false captures nothing, and neither do zero percent; a stop writes what there is.
        """
        endpoint, account = own_account()
        model = account.model(ECHO)
        names = [
            account.endpoint(
                configure(account, model, DataCaptureConfig=capture(account, "Output", **members))
            )["EndpointName"]
            for members in ({"EnableCapture": False}, {"InitialSamplingPercentage": 0}, {})
        ]
        for name in names:
            account.invoke(name, b"1")
        endpoint.stop()
        _, account = own_account()
        assert [names[2]] == [key.split("/")[1] for key in account.keys("captured/")]


class TestAsynchronous:
    """Requests that are answered later, in S3."""

    def config(self, account: Account, **client: int) -> dict[str, Any]:
        """An AsyncInferenceConfig with places in the test's bucket."""
        places = {"S3OutputPath": account.uri("out"), "S3FailurePath": account.uri("failed")}
        return {"OutputConfig": places, **({"ClientConfig": client} if client else {})}

    def ask(self, account: Account, name: str, body: bytes, **members: Any) -> dict[str, Any]:
        """Invoke an endpoint with an object."""
        source = account.put(fresh("in"), body)
        request = {"EndpointName": name, "InputLocation": source, "ContentType": "text/csv", **members}
        return account.clients("sagemaker-runtime").invoke_endpoint_async(**request)

    def test_the_result_comes_to_its_place(self, account, served):
        """
        The answer is 202 with the id and both places; the object there is what the model said.
        """
        name = served(AsyncInferenceConfig=self.config(account))
        answer = self.ask(account, name, b"1,2", InferenceId="mine", Accept="text/csv")
        assert ("mine", 202) == (answer["InferenceId"], answer["ResponseMetadata"]["HTTPStatusCode"])
        key = answer["OutputLocation"].removeprefix(account.uri(""))
        account.wait_for_object(key, b"<1,2>")
        head = account.clients("s3").head_object(Bucket=account.bucket, Key=key)
        assert ("text/csv", []) == (head["ContentType"], account.keys("failed/"))
        assert (
            account.uri("out")
            == account.sagemaker.describe_endpoint(EndpointName=name)["AsyncInferenceConfig"]["OutputConfig"][
                "S3OutputPath"
            ]
        )

    def test_a_request_may_bring_its_data_and_name_its_place(self, account, served):
        """
        A body instead of a location; an extension of the path and a file name.
        """
        name = served(AsyncInferenceConfig=self.config(account))
        answer = account.clients("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=name, Body=b"3", S3OutputPathExtension="day/one", Filename="three.csv"
        )
        assert account.uri("out/day/one/three.csv") == answer["OutputLocation"]
        account.wait_for_object("out/day/one/three.csv", b"<3>")
        with pytest.raises(ClientError, match="either InputLocation or Body"):
            account.clients("sagemaker-runtime").invoke_endpoint_async(EndpointName=name)

    def test_failures_come_to_theirs(self, account, served):
        """
        A model's error, an input that is not there, and an answer that takes too long, each with its reason.
        """
        name = served(AsyncInferenceConfig=self.config(account))
        missing = {"InputLocation": account.uri("nothing")}
        for members, said in (
            ({}, b"no such row"),
            (missing, b"Failed to download"),
            ({"InvocationTimeoutSeconds": 1}, b"timed out"),
        ):
            body = b"slow" if "InvocationTimeoutSeconds" in members else b"bad"
            place = self.ask(account, name, body, **members)["FailureLocation"]
            [key] = until(account, place.removeprefix(account.uri("")))
            assert said in account.get(key)
        assert [] == account.keys("out/")

    def test_each_kind_wants_its_own_operation(self, account, served):
        """
        InvokeEndpoint at an asynchronous endpoint is refused, and the other way round.
        """
        asynchronous, plain = served(AsyncInferenceConfig=self.config(account)), served()
        with pytest.raises(ClientError, match="InvokeEndpointAsync") as refused:
            account.invoke(asynchronous)
        assert "ValidationError" == refused.value.response["Error"]["Code"]
        with pytest.raises(ClientError, match="real-time") as refused:
            self.ask(account, plain, b"1")
        assert "ValidationError" == refused.value.response["Error"]["Code"]

    def test_what_was_acknowledged_survives_a_kill(self, own_account):
        """
        The server is killed while one request is answered and one waits; the next server answers both.
        """
        endpoint, account = own_account()
        config = configure(
            account,
            account.model(ECHO),
            AsyncInferenceConfig=self.config(account, MaxConcurrentInvocationsPerInstance=1),
        )
        name = account.endpoint(config)["EndpointName"]
        for body in (b"slow", b"2"):
            self.ask(account, name, body)
        endpoint.process.kill()
        endpoint.process.wait()
        _, account = own_account()
        assert {b"<slow>", b"<2>"} == {account.get(key) for key in until(account, "out/", 2)}

    def test_a_queue_without_instances_waits(self, account, served):
        """
        Scaled to zero, HasBacklogWithoutCapacity is 1; scaled up, the request is answered.
        """
        name = served(AsyncInferenceConfig=self.config(account))
        self.scale(account, name, 0)
        self.ask(account, name, b"1")
        deadline = time.monotonic() + 20
        while self.most(account, "HasBacklogWithoutCapacity", name) < 1 and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        assert (1.0, 1.0) == tuple(
            self.most(account, metric, name)
            for metric in ("HasBacklogWithoutCapacity", "ApproximateBacklogSize")
        )
        assert [] == account.keys("out/")
        self.scale(account, name, 1)
        assert 1 == len(until(account, "out/"))

    def scale(self, account: Account, name: str, count: int) -> None:
        """Give the variant another number of instances."""
        wanted = [{"VariantName": "main", "DesiredInstanceCount": count}]
        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name, DesiredWeightsAndCapacities=wanted
        )
        account.settled(name)

    def most(self, account: Account, metric: str, name: str) -> float:
        """The greatest value of a metric of an endpoint."""
        points = account.clients("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": "EndpointName", "Value": name}],
            StartTime=time.time() - 600,
            EndTime=time.time() + 60,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max((point["Maximum"] for point in points), default=0.0)


def test_an_answer_may_come_as_an_event_stream(account, served):
    """
    InvokeEndpointWithResponseStream gives the model's answer as payload parts, of 64 KiB at most.
    """
    name = served()
    answer = account.clients("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName=name, Body=b"x" * 100_000, ContentType="text/csv", Accept="text/plain"
    )
    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    assert ("main", "text/plain", 2) == (
        answer["InvokedProductionVariant"],
        answer["ContentType"],
        len(parts),
    )
    assert b"<" + b"x" * 100_000 + b">" == b"".join(parts)


XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
BOOSTER = """
import numpy, xgboost

def model_fn(folder):
    rows = numpy.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] * 20)
    told = rows[:, 0] * 10
    return xgboost.train({"max_depth": 2, "base_score": 0.0}, xgboost.DMatrix(rows, told), num_boost_round=40)
"""


@pytest.mark.parametrize(
    ("content_type", "body"), [("text/csv", b"0,1\n1,0\n"), ("text/libsvm", b"0 0:0 1:1\n0 0:1 1:0\n")]
)
def test_the_xgboost_image_gives_a_booster_its_matrix(account, content_type, body):
    """
    A script with model_fn alone serves a Booster: the image's default input_fn makes a DMatrix of CSV and libsvm.
    """
    endpoint = account.endpoint(account.config(main=account.model(BOOSTER, image=XGBOOST)))
    answer = account.invoke(
        endpoint["EndpointName"], body, ContentType=content_type, Accept="application/json"
    )

    assert [0, 10] == [round(value) for value in json.loads(answer["Body"])]
