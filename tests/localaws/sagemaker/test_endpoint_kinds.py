"""Kinds of endpoints: multi-model, serverless, pipelines, shadows; what goes together and what does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from localaws.errors import AwsError
from localaws.jobs.machine import Machine
from localaws.sagemaker.hosting.hosts import Invocation
from localaws.sagemaker.hosting.launcher import Launcher
from localaws.sagemaker.hosting.model_containers import Container
from localaws.sagemaker.hosting.multimodel import MultiModelHost
from localaws.world import World
from tests.localaws.sagemaker.conftest import IMAGE, Account, archive, fresh

SAY = """
import os
def model_fn(folder):
    return {word!r}
def transform_fn(model, data, content_type, accept):
    return f"{{model}} {{os.getpid()}}", "text/plain"
"""
APPEND = """
def model_fn(folder):
    return {word!r}
def transform_fn(model, data, content_type, accept):
    if data == b"bad":
        raise ValueError("no such row")
    return data + model.encode() + b"<" + content_type.encode() + b">", "text/{word}"
"""
INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}


def code_of(error: pytest.ExceptionInfo) -> str:
    """The error code of a refusal."""
    return str(error.value.response["Error"]["Code"])


def configure(account: Account, model: str, **members: Any) -> str:
    """Create a configuration of one variant ``main`` of a model; its name. ``variant`` changes the variant."""
    name = fresh("config")
    variant = {"VariantName": "main", "ModelName": model, **members.pop("variant", INSTANCE)}
    account.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **members)
    return name


def values(account: Account, metric: str, endpoint: str, variant: str = "main") -> list[float]:
    """The values of a metric of a variant since it exists, as (sum) per second."""
    answer = account.clients("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
        StartTime=time.time() - 600,
        EndTime=time.time() + 60,
        Period=60,
        Statistics=["Sum"],
    )
    return [point["Sum"] for point in answer["Datapoints"]]


@pytest.fixture
def served(account: Account) -> Iterator[Callable[[str], str]]:
    """Makes endpoints of configurations, which are deleted when the test is over."""
    names = []

    def make(config: str) -> str:
        endpoint = account.endpoint(config)
        names.append(endpoint["EndpointName"])
        assert "InService" == endpoint["EndpointStatus"], endpoint.get("FailureReason")
        return names[-1]

    yield make
    for name in names:
        account.sagemaker.delete_endpoint(EndpointName=name)


class TestMultiModel:
    """One endpoint for the models under a prefix."""

    @pytest.fixture
    def fleet(self, account: Account, served: Callable[[str], str]) -> str:
        """An endpoint of the models ``a.tar.gz`` and ``b.tar.gz``."""
        for word in ("a", "b"):
            self.store(account, word, word)
        return served(configure(account, self.model(account)))

    def store(self, account: Account, name: str, word: str) -> None:
        """Store a model that says a word."""
        account.put(f"models/{name}.tar.gz", archive(code__inference_py=SAY.format(word=word)))

    def model(self, account: Account, **members: Any) -> str:
        """Create the multi-model model of the prefix."""
        name = fresh("multi")
        container = {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": account.uri("models/"), **members}
        account.sagemaker.create_model(ModelName=name, PrimaryContainer=container)
        return name

    def test_each_model_is_loaded_by_its_first_call(self, account, fleet):
        """
        TargetModel chooses the archive; the second call of one finds it loaded; metrics tell hits and misses.
        """
        first, second, other = (
            account.invoke(fleet, TargetModel=name)["Body"].split()
            for name in ("a.tar.gz", "a.tar.gz", "b.tar.gz")
        )
        assert (b"a", b"b") == (first[0], other[0])
        assert first == second
        assert first[1] != other[1]
        assert [1.0] == values(account, "ModelCacheHit", fleet)

    def test_an_artifact_that_is_replaced_is_loaded_anew(self, account, fleet):
        """
        The next call after the object has changed is answered by the new model.
        """
        assert account.invoke(fleet, TargetModel="a.tar.gz")["Body"].startswith(b"a ")
        self.store(account, "a", "changed")
        assert account.invoke(fleet, TargetModel="a.tar.gz")["Body"].startswith(b"changed ")

    def test_what_is_not_there_is_refused_in_awss_words(self, account, fleet):
        """
        A missing archive, a missing header, and a model that does not load.
        """
        with pytest.raises(
            ClientError, match=r"Failed to download model data\(bucket: .*key: models/c"
        ) as no:
            account.invoke(fleet, TargetModel="c.tar.gz")
        assert "ValidationError" == code_of(no)
        with pytest.raises(ClientError, match="missing a target model header"):
            account.invoke(fleet)
        account.put("models/broken.tar.gz", archive(code__inference_py="1 / 0"))
        with pytest.raises(ClientError, match="ZeroDivisionError") as failed:
            account.invoke(fleet, TargetModel="broken.tar.gz")
        assert "ModelError" == code_of(failed)
        self.store(account, "broken", "mended")
        assert account.invoke(fleet, TargetModel="broken.tar.gz")["Body"].startswith(b"mended ")

    def test_many_calls_load_a_model_once(self, account, fleet):
        """
        Eight calls at once of a model that is not loaded are answered by one process.
        """
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: account.invoke(fleet, TargetModel="b.tar.gz")["Body"], range(8))
            )
        assert 1 == len(set(answers))

    def test_without_a_cache_every_call_loads(self, account, served):
        """
        ModelCacheSetting Disabled ends a model's process with its last call.
        """
        self.store(account, "a", "a")
        model = self.model(account, MultiModelConfig={"ModelCacheSetting": "Disabled"})
        name = served(configure(account, model))
        assert 2 == len({account.invoke(name, TargetModel="a.tar.gz")["Body"] for _ in range(2)})

    def test_the_longest_unused_model_leaves(self, own_account, monkeypatch):
        """
        With room for one model, another one takes its place, and the first is loaded again when it is asked.
        """
        monkeypatch.setenv("LOCALAWS_MODELS_LOADED", "1")
        _, account = own_account()
        for word in ("a", "b"):
            self.store(account, word, word)
        name = account.endpoint(configure(account, self.model(account)))["EndpointName"]
        first, _, again = (account.invoke(name, TargetModel=f"{word}.tar.gz")["Body"] for word in "aba")
        assert first != again
        assert (b"a", b"a") == (first.split()[0], again.split()[0])

    def test_a_single_model_takes_no_target(self, account, served):
        """
        AWS's text for TargetModel at an endpoint of one model, and for a target container.
        """
        name = served(configure(account, account.model(SAY.format(word="x"))))
        with pytest.raises(ClientError, match="is not a multi-model endpoint and does not support target"):
            account.invoke(name, TargetModel="a.tar.gz")
        with pytest.raises(ClientError, match="target container hostname"):
            account.invoke(name, TargetContainerHostname="a")


def test_a_model_that_loads_longer_than_a_call_may_take_is_not_ready(tmp_path):
    """
    ModelNotReadyException, 429; the model is loaded all the same and answers a later call.
    """
    world = World.open(tmp_path, "http://127.0.0.1:1")
    world.objects.index.database.change("INSERT INTO bucket(name, created) VALUES('bucket', 0)")
    script = "import time\ntime.sleep(0.5)\n" + SAY.format(word="late")
    world.objects.put_bytes("bucket", "models/a.tar.gz", archive(code__inference_py=script))
    machine = Machine.of(world)
    container = Container(IMAGE, data="s3://bucket/models/", multi_model=True)
    host = MultiModelHost(Launcher(machine, "endpoint", "main"), container, 30.0)
    call = Invocation("endpoint", b"1", {"content-type": "text/csv"}, model="a.tar.gz")
    with pytest.raises(AwsError, match="not ready") as early:
        host.ask(call, 0.01)
    assert ("ModelNotReadyException", 429) == (early.value.code, early.value.status)
    assert host.ask(call, 30.0).answer.body.startswith(b"late ")
    host.kill()
    machine.stop()
    world.close()


class TestPipelines:
    """Models of several containers."""

    def model(self, account: Account, mode: str) -> str:
        """Create a model of the containers ``first`` and ``second``."""
        containers = []
        for word in ("first", "second"):
            own = account.sagemaker.describe_model(ModelName=account.model(APPEND.format(word=word)))
            containers.append({**own["PrimaryContainer"], "ContainerHostname": word})
        name = fresh("pipeline")
        account.sagemaker.create_model(
            ModelName=name, Containers=containers, InferenceExecutionConfig={"Mode": mode}
        )
        return name

    def test_containers_in_a_row_feed_each_other(self, account, served):
        """
        Serial: the second gets the first one's answer with its content type; an error names its container.
        """
        name = served(configure(account, self.model(account, "Serial")))
        assert b"xfirst<text/csv>second<text/first>" == account.invoke(name, b"x")["Body"]
        with pytest.raises(ClientError, match=r"Received server error \(500\) from first") as failed:
            account.invoke(name, b"bad")
        assert "no such row" in failed.value.response["OriginalMessage"]
        images = account.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
        assert 2 == len(images["DeployedImages"])

    def test_containers_side_by_side_are_chosen_by_name(self, account, served):
        """
        Direct: TargetContainerHostname says which; without it, or with an unknown one, the call is refused.
        """
        name = served(configure(account, self.model(account, "Direct")))
        answer = account.invoke(name, b"x", TargetContainerHostname="second")
        assert b"xsecond<text/csv>" == answer["Body"]
        for members in ({}, {"TargetContainerHostname": "third"}):
            with pytest.raises(ClientError, match="hostname") as refused:
                account.invoke(name, **members)
            assert "ValidationError" == code_of(refused)

    def test_direct_needs_names(self, account):
        """
        A model for direct invocation whose containers have no hostnames is refused, and equal hostnames are.
        """
        own = account.sagemaker.describe_model(ModelName=account.model(APPEND.format(word="x")))
        container = own["PrimaryContainer"]
        for containers in ([container] * 2, [{**container, "ContainerHostname": "a"}] * 2):
            with pytest.raises(ClientError, match="ContainerHostname"):
                account.sagemaker.create_model(
                    ModelName="never", Containers=containers, InferenceExecutionConfig={"Mode": "Direct"}
                )


class TestServerless:
    """Endpoints without instances."""

    def test_it_scales_to_zero_and_back(self, own_account, monkeypatch):
        """
        After an idle while its process is gone; the next call starts another one, and ModelSetupTime tells it.
        """
        monkeypatch.setenv("LOCALAWS_SERVERLESS_IDLE", "0.3")
        _, account = own_account()
        config = configure(account, account.model(SAY.format(word="x")), variant=SERVERLESS)
        endpoint = account.endpoint(config)
        [variant] = endpoint["ProductionVariants"]
        assert (SERVERLESS["ServerlessConfig"], 0) == (
            variant["CurrentServerlessConfig"],
            variant["CurrentInstanceCount"],
        )
        first = account.invoke(endpoint["EndpointName"])["Body"]
        process = Path("/proc") / first.split()[1].decode()
        deadline = time.monotonic() + 30
        while process.exists() and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        assert first != account.invoke(endpoint["EndpointName"])["Body"]
        assert 0 < sum(values(account, "ModelSetupTime", endpoint["EndpointName"]))

    def test_more_calls_than_its_concurrency_are_throttled(self, account, served):
        """
        A second call while the first is answered is a ThrottlingException with MaxConcurrency 1.
        """
        slow = """
            import time
            def model_fn(folder):
                return 1
            def transform_fn(model, data, content_type, accept):
                print("begun", flush=True)
                time.sleep(2)
                return data, accept
            """
        name = served(configure(account, account.model(slow), variant=SERVERLESS))
        first = threading.Thread(target=account.invoke, args=(name,))
        first.start()
        account.wait_for_line(f"Endpoints/{name}", "main/", "begun")
        with pytest.raises(ClientError, match="Rate exceeded") as refused:
            account.invoke(name)
        assert "ThrottlingException" == code_of(refused)
        first.join()

    def test_a_call_that_ends_the_process_is_not_sent_twice(self, account, served):
        """
        It is a ModelError; the next call starts another process.
        """
        script = """
            import os
            def model_fn(folder):
                return 1
            def transform_fn(model, data, content_type, accept):
                print("asked", data.decode(), flush=True)
                if data == b"die":
                    os._exit(1)
                return data, accept
            """
        name = served(configure(account, account.model(script), variant=SERVERLESS))
        with pytest.raises(ClientError, match="ended while it handled the request") as failed:
            account.invoke(name, b"die")
        assert "ModelError" == code_of(failed)
        assert b"1" == account.invoke(name, b"1")["Body"]
        account.wait_for_line(f"Endpoints/{name}", "main/", "asked 1")
        lines = [line for stream in account.log(f"Endpoints/{name}", "main/").values() for line in stream]
        assert 1 == lines.count("asked die")

    def test_a_model_that_does_not_load_fails_the_endpoint(self, account):
        """
        As with instances: the first start is part of the creation.
        """
        endpoint = account.endpoint(configure(account, account.model("1 / 0"), variant=SERVERLESS))
        assert "Failed" == endpoint["EndpointStatus"]
        assert "ZeroDivisionError" in endpoint["FailureReason"]
        account.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


class TestShadows:
    """A variant that is sent copies."""

    def test_a_shadow_gets_copies_nobody_hears(self, account, served):
        """
        Callers hear the production variant only; the shadow is asked as often, counted and described apart.
        """
        models = [account.model(SAY.format(word=word)) for word in ("loud", "quiet")]
        shadow = {"VariantName": "shadow", "ModelName": models[1], **INSTANCE}
        name = served(configure(account, models[0], ShadowProductionVariants=[shadow]))
        assert {b"loud"} == {account.invoke(name)["Body"].split()[0] for _ in range(5)}
        described = account.sagemaker.describe_endpoint(EndpointName=name)
        assert (["main"], ["shadow"]) == tuple(
            [variant["VariantName"] for variant in described[member]]
            for member in ("ProductionVariants", "ShadowProductionVariants")
        )
        deadline = time.monotonic() + 20
        while sum(values(account, "Invocations", name, "shadow")) < 5 and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        assert 5.0 == sum(values(account, "Invocations", name, "shadow"))
        assert 5.0 == sum(values(account, "Invocations", name))
        with pytest.raises(ClientError, match="Variant shadow not found"):
            account.invoke(name, TargetVariant="shadow")

    def test_a_shadow_comes_and_goes_with_an_update(self, account, served):
        """
        An update by a canary to a configuration with a shadow, and back to one without.
        """
        model = account.model(SAY.format(word="x"))
        plain = configure(account, model, variant={**INSTANCE, "InitialInstanceCount": 2})
        shadow = {"VariantName": "shadow", "ModelName": model, **INSTANCE}
        shadowed = configure(
            account,
            model,
            variant={**INSTANCE, "InitialInstanceCount": 2},
            ShadowProductionVariants=[shadow],
        )
        name = served(plain)
        canary = {"Type": "CANARY", "WaitIntervalInSeconds": 0}
        size = {"Type": "INSTANCE_COUNT", "Value": 1}
        policy = {"TrafficRoutingConfiguration": {**canary, "CanarySize": size}}
        shown = []
        for config in (shadowed, plain):
            account.sagemaker.update_endpoint(
                EndpointName=name,
                EndpointConfigName=config,
                DeploymentConfig={"BlueGreenUpdatePolicy": policy},
            )
            described = account.settled(name)
            assert config == described["EndpointConfigName"], described.get("FailureReason")
            shown.append(
                [variant["VariantName"] for variant in described.get("ShadowProductionVariants", [])]
            )
        assert [["shadow"], []] == shown


CAPTURE = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://b/k",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
ASYNC = {"OutputConfig": {"S3OutputPath": "s3://b/k"}}


class TestRules:
    """What does not go together."""

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            ({"variant": {**SERVERLESS, **INSTANCE}}, "cannot have InstanceType, InitialInstanceCount"),
            ({"variant": {}}, "needs InstanceType and InitialInstanceCount"),
            ({"variant": SERVERLESS, "DataCaptureConfig": CAPTURE}, "DataCaptureConfig is not supported"),
            ({"variant": SERVERLESS, "AsyncInferenceConfig": ASYNC}, "AsyncInferenceConfig is not supported"),
            (
                {"variant": {"ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 1}}},
                "multiple of 1024",
            ),
            (
                {
                    "variant": {
                        "ServerlessConfig": {
                            "MemorySizeInMB": 1024,
                            "MaxConcurrency": 1,
                            "ProvisionedConcurrency": 2,
                        }
                    }
                },
                "at most MaxConcurrency",
            ),
            (
                {"variant": {**INSTANCE, "ManagedInstanceScaling": {"Status": "ENABLED"}}},
                "ManagedInstanceScaling",
            ),
            ({"AsyncInferenceConfig": {"OutputConfig": {}}}, "without S3OutputPath"),
        ],
    )
    def test_combinations_that_aws_refuses(self, account, members, said):
        """
        Each is refused when the configuration is created, and the refusal says why.
        """
        with pytest.raises(ClientError, match=said):
            configure(account, account.model("x = 1"), **members)

    def test_shadows_want_one_production_variant(self, account):
        """
        Two production variants and a shadow are refused; so are equal names.
        """
        model = account.model("x = 1")
        variants = [{"VariantName": name, "ModelName": model, **INSTANCE} for name in ("a", "b", "c")]
        for production, shadows, said in (
            (variants[:2], variants[2:], "exactly one production variant"),
            (variants[:1], variants[:1], "must be unique"),
        ):
            with pytest.raises(ClientError, match=said):
                account.sagemaker.create_endpoint_config(
                    EndpointConfigName="never",
                    ProductionVariants=production,
                    ShadowProductionVariants=shadows,
                )

    def test_inference_components_are_refused_by_name(self, account):
        """
        A variant without a model is what they need.
        """
        variant = {"VariantName": "main", **INSTANCE}
        with pytest.raises(ClientError, match="inference components") as refused:
            account.sagemaker.create_endpoint_config(EndpointConfigName="never", ProductionVariants=[variant])
        assert "NotImplemented" == code_of(refused)


def test_every_kind_comes_back_after_a_restart(own_account):
    """
    Pipelines, serverless and multi-model endpoints serve again; a stop in the middle of a load leaves no process.
    """
    endpoint, account = own_account()
    slow = "import os, time\nprint('pid', os.getpid())\nprint('loading', flush=True)\ntime.sleep(60)"
    account.put("models/a.tar.gz", archive(code__inference_py=SAY.format(word="a")))
    account.put("models/slow.tar.gz", archive(code__inference_py=slow))
    multi = fresh("multi")
    container = {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": account.uri("models/")}
    account.sagemaker.create_model(ModelName=multi, PrimaryContainer=container)
    pipeline = TestPipelines().model(account, "Serial")
    configs = {
        "multi": configure(account, multi),
        "serverless": configure(account, account.model(SAY.format(word="x")), variant=SERVERLESS),
        "pipeline": configure(account, pipeline),
    }
    names = {kind: account.endpoint(config)["EndpointName"] for kind, config in configs.items()}

    def ask_slow() -> None:
        with pytest.raises((ClientError, ConnectionError, HTTPClientError)):
            account.invoke(names["multi"], TargetModel="slow.tar.gz")

    caller = threading.Thread(target=ask_slow)
    caller.start()
    account.wait_for_line(f"Endpoints/{names['multi']}", "main/", "loading")
    log = account.log(f"Endpoints/{names['multi']}", "main/").values()
    [line] = [line for lines in log for line in lines if line.startswith("pid")]
    assert 0 == endpoint.stop()
    caller.join()
    assert not (Path("/proc") / line.split()[1]).exists()
    _, account = own_account()
    for name in names.values():
        assert "InService" == account.settled(name)["EndpointStatus"]
    assert account.invoke(names["multi"], TargetModel="a.tar.gz")["Body"].startswith(b"a ")
    assert account.invoke(names["serverless"])["Body"].startswith(b"x ")
    assert b"1first<text/csv>second<text/first>" == account.invoke(names["pipeline"])["Body"]
