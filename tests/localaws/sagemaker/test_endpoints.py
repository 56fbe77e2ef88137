"""Endpoints serve real model servers, change without losing a request, and come back after a restart."""

from __future__ import annotations

import collections
import io
import json
import threading
import time

import numpy as np
import pytest
from botocore.exceptions import ClientError

SAY = """
def model_fn(folder):
    return {word!r}
def transform_fn(model, data, content_type, accept):
    return model, "text/plain"
"""
DOUBLE = """
class Model:
    def predict(self, array):
        return array * 2
def model_fn(folder):
    return Model()
"""
BROKEN = "def model_fn(folder): raise RuntimeError('weights are missing')"


def code_of(error: pytest.ExceptionInfo) -> str:
    """The error code of a refusal."""
    return error.value.response["Error"]["Code"]


class TestServing:
    """What an endpoint answers."""

    def test_an_endpoint_serves_its_model(self, account):
        """
        Creating, then InService with variant and image; the answer names the variant and passes custom attributes.
        """
        model = account.model(SAY.format(word="hello"))
        endpoint = account.endpoint(account.config(main=model))
        name = endpoint["EndpointName"]
        assert "InService" == endpoint["EndpointStatus"], endpoint.get("FailureReason")
        [variant] = endpoint["ProductionVariants"]
        assert ("main", 1.0, 1) == tuple(
            variant[m] for m in ("VariantName", "CurrentWeight", "CurrentInstanceCount")
        )
        answer = account.invoke(name)
        assert (b"hello", "main", "text/plain") == (
            answer["Body"],
            answer["InvokedProductionVariant"],
            answer["ContentType"],
        )
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_default_handlers_speak_csv_json_and_npy(self, account):
        """
        A script with model_fn alone serves CSV, JSON and npy; other formats are 415 and 406 of the model.
        """
        name = account.endpoint(account.config(main=account.model(DOUBLE)))["EndpointName"]
        buffer = io.BytesIO()
        np.save(buffer, np.array([[1.5]]))
        assert b"2.0,4.0\n6.0,8.0\n" == account.invoke(name, b"1,2\n3,4\n", Accept="text/csv")["Body"]
        json_answer = account.invoke(
            name, b"[[1, 2]]", ContentType="application/json", Accept="application/json"
        )
        assert [[2, 4]] == json.loads(json_answer["Body"])
        npy = account.invoke(
            name, buffer.getvalue(), ContentType="application/x-npy", Accept="application/x-npy"
        )
        assert [[3.0]] == np.load(io.BytesIO(npy["Body"])).tolist()
        for members, status in (({"ContentType": "image/png"}, 415), ({"Accept": "image/png"}, 406)):
            with pytest.raises(ClientError) as failed:
                account.invoke(name, **members)
            assert status == failed.value.response["OriginalStatusCode"]
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_the_four_handlers_and_their_files(self, account):
        """
        Handlers may take a context; model_fn finds the archive's files; code/ is on sys.path; SAGEMAKER_PROGRAM counts.
        """
        script = """
            import os
            import side
            def model_fn(folder, context):
                assert context.system_properties["model_dir"] == folder == os.environ["SM_MODEL_DIR"]
                return open(folder + "/weights.txt").read()
            def input_fn(data, content_type):
                return data.decode()
            def predict_fn(data, model, context):
                return side.join(data, model)
            def output_fn(prediction, accept):
                return prediction.encode(), "text/plain"
            """
        model = account.model(
            script, **{"weights.txt": "w", "code__side_py": "def join(*a): return '-'.join(a)"}
        )
        name = account.endpoint(account.config(main=model))["EndpointName"]
        assert b"x-w" == account.invoke(name, b"x")["Body"]
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_a_model_error_carries_status_and_text(self, account):
        """
        An exception is 424 ModelError with the traceback; one with status_code answers that status and its message.
        """
        script = """
            class BadRow(Exception):
                status_code = 400
            def model_fn(folder):
                return 1
            def transform_fn(model, data, content_type, accept):
                if data == b"bad":
                    raise BadRow("column 3 is empty")
                return 1 / 0
            """
        name = account.endpoint(account.config(main=account.model(script)))["EndpointName"]
        with pytest.raises(ClientError, match=r"Received server error \(500\) from primary") as failed:
            account.invoke(name)
        answer = failed.value.response
        assert ("ModelError", 424) == (code_of(failed), answer["ResponseMetadata"]["HTTPStatusCode"])
        assert (500, True) == (answer["OriginalStatusCode"], "ZeroDivisionError" in answer["OriginalMessage"])
        with pytest.raises(ClientError, match=r"Received client error \(400\)") as failed:
            account.invoke(name, b"bad")
        assert (400, "column 3 is empty") == tuple(
            failed.value.response[member] for member in ("OriginalStatusCode", "OriginalMessage")
        )
        account.wait_for_line(f"Endpoints/{name}", "main/", "ZeroDivisionError: division by zero")
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_traffic_follows_the_weights(self, account):
        """
        Of 3 to 1 the heavier variant gets about three quarters; TargetVariant chooses; weights can be changed.
        """
        models = [account.model(SAY.format(word=word)) for word in ("a", "b")]
        name = account.endpoint(account.config(a=(models[0], 3.0), b=(models[1], 1.0)))["EndpointName"]
        seen = collections.Counter(account.invoke(name)["Body"] for _ in range(200))
        assert 110 < seen[b"a"] < 190
        assert b"b" == account.invoke(name, TargetVariant="b")["Body"]
        with pytest.raises(ClientError, match="Variant c not found") as refused:
            account.invoke(name, TargetVariant="c")
        assert "ValidationError" == code_of(refused)
        account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[
                {"VariantName": "a", "DesiredWeight": 0.0},
                {"VariantName": "b", "DesiredInstanceCount": 2},
            ],
        )
        described = account.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
        assert [("a", 0.0, 1), ("b", 1.0, 2)] == [
            (v["VariantName"], v["CurrentWeight"], v["CurrentInstanceCount"]) for v in described
        ]
        assert {b"b"} == {account.invoke(name)["Body"] for _ in range(10)}
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_an_unknown_endpoint_and_a_too_large_body(self, account):
        """
        Both are ValidationError; the limit is 6,291,456 bytes.
        """
        with pytest.raises(ClientError, match="Endpoint nobody of account 123456789012 not found") as refused:
            account.invoke("nobody")
        assert "ValidationError" == code_of(refused)
        with pytest.raises(ClientError, match="larger than 6291456 bytes") as refused:
            account.invoke("nobody", b"x" * 6_291_457)
        assert "ValidationError" == code_of(refused)

    def test_a_server_that_dies_is_started_again(self, account):
        """
        The request that killed it is a ModelError, until it is back it is ServiceUnavailable; soon it serves again.
        """
        script = """
            import os
            def model_fn(folder):
                return 1
            def transform_fn(model, data, content_type, accept):
                if data == b"die":
                    os._exit(1)
                return "alive", accept
            """
        name = account.endpoint(account.config(main=account.model(script)))["EndpointName"]
        with pytest.raises(ClientError, match="ended while it handled the request") as failed:
            account.invoke(name, b"die")
        assert "ModelError" == code_of(failed)
        for _ in range(200):
            try:
                assert b"alive" == account.invoke(name)["Body"]
                break
            except ClientError as error:
                assert error.response["Error"]["Code"] in ("ModelError", "ServiceUnavailable")
                threading.Event().wait(0.05)
        else:
            pytest.fail("the endpoint did not come back")
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_a_model_package_serves(self, account):
        """
        A model that names an approved package serves its image and data, with the model's own variables on top.
        """
        own = account.model(
            "import os\ndef model_fn(d): return 1\n"
            "def transform_fn(m, d, c, a): return os.environ['A'] + os.environ['B'], a"
        )
        container = account.sagemaker.describe_model(ModelName=own)["PrimaryContainer"]
        group = f"serve-{account.bucket}"
        account.sagemaker.create_model_package_group(ModelPackageGroupName=group)
        package = account.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            InferenceSpecification={
                "Containers": [{**container, "Environment": {"A": "1", "B": "1"}}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )["ModelPackageArn"]
        model = f"packaged-{account.bucket}"
        request = {
            "ModelName": model,
            "PrimaryContainer": {"ModelPackageName": package, "Environment": {"B": "2"}},
        }
        with pytest.raises(account.sagemaker.exceptions.ClientError, match="PendingManualApproval"):
            account.sagemaker.create_model(**request)
        account.sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
        account.sagemaker.create_model(**request)
        name = account.endpoint(account.config(main=model))["EndpointName"]
        assert b"12" == account.invoke(name)["Body"]
        account.sagemaker.delete_endpoint(EndpointName=name)


class TestUpdates:
    """Blue/green."""

    def test_an_update_loses_no_request(self, account):
        """
        While four clients call without pause the endpoint changes its model; every call is answered by one or the other.
        """
        old, new = (account.config(main=account.model(SAY.format(word=word))) for word in ("old", "new"))
        name = account.endpoint(old)["EndpointName"]
        answers, done = [], threading.Event()

        def call() -> None:
            while not done.is_set():
                answers.append(account.invoke(name)["Body"])

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
        during = account.sagemaker.describe_endpoint(EndpointName=name)
        described = account.settled(name)
        count = len(answers)
        while len(answers) < count + 20 and all(caller.is_alive() for caller in callers):
            threading.Event().wait(0.01)
        done.set()
        for caller in callers:
            caller.join()
        assert {b"old", b"new"} == set(answers)
        assert b"new" == answers[-1]
        if during["EndpointStatus"] == "Updating":
            assert (old, new) == (
                during["EndpointConfigName"],
                during["PendingDeploymentSummary"]["EndpointConfigName"],
            )
        assert ("InService", new) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert "PendingDeploymentSummary" not in described
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_an_update_whose_model_does_not_load_keeps_the_old_one(self, account):
        """
        The endpoint is InService on the old configuration with a FailureReason; a good update clears it.
        """
        good = account.config(main=account.model(SAY.format(word="good")))
        bad = account.config(main=account.model(BROKEN))
        name = account.endpoint(good)["EndpointName"]
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=bad)
        described = account.settled(name)
        assert ("InService", good) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert "variant main did not pass the ping health check" in described["FailureReason"]
        assert "RuntimeError: weights are missing" in described["FailureReason"]
        assert "PendingDeploymentSummary" not in described
        assert b"good" == account.invoke(name)["Body"]
        account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=good)
        assert "FailureReason" not in account.settled(name)
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_weights_can_be_retained(self, account):
        """
        RetainAllVariantProperties carries weight and count over to variants of the same name.
        """
        model = account.model(SAY.format(word="x"))
        name = account.endpoint(account.config(main=(model, 5.0)))["EndpointName"]
        account.sagemaker.update_endpoint(
            EndpointName=name,
            EndpointConfigName=account.config(main=(model, 1.0)),
            RetainAllVariantProperties=True,
        )
        assert 5.0 == account.settled(name)["ProductionVariants"][0]["DesiredWeight"]
        account.sagemaker.delete_endpoint(EndpointName=name)

    def test_an_endpoint_in_progress_takes_no_other_change(self, account):
        """
        Update and Delete of an endpoint that is being created are refused in AWS's words.
        """
        slow = "import time\ndef model_fn(d):\n    time.sleep(1)\n    return 1"
        config = account.config(main=account.model(slow))
        name = f"slow-{account.bucket}"
        account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        assert "Creating" == account.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
        with pytest.raises(ClientError, match="not found"):
            account.invoke(name)
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint") as refused:
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        assert "ValidationException" == code_of(refused)
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            account.sagemaker.delete_endpoint(EndpointName=name)
        assert "InService" == account.settled(name)["EndpointStatus"]
        account.sagemaker.delete_endpoint(EndpointName=name)


class TestLife:
    """Creation, deletion, restart."""

    def test_a_model_that_does_not_load_fails_the_endpoint(self, account):
        """
        Failed with the ping's reason and the last lines; only Delete is left.
        """
        config = account.config(main=account.model(BROKEN))
        endpoint = account.endpoint(config)
        name = endpoint["EndpointName"]
        assert "Failed" == endpoint["EndpointStatus"]
        assert endpoint["FailureReason"].startswith(
            "The primary container for production variant main did not pass"
        )
        assert "RuntimeError: weights are missing" in endpoint["FailureReason"]
        with pytest.raises(ClientError, match="can only be deleted"):
            account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        account.sagemaker.delete_endpoint(EndpointName=name)
        account.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 0.02})

    @pytest.mark.parametrize(
        ("inference", "said"),
        [
            ("x = 1", "defines no model_fn"),
            ("def model_fn(d): return 1\ntransform_fn = input_fn = print", "not both"),
        ],
    )
    def test_a_script_without_its_handlers_says_so(self, account, inference, said):
        """
        The reason names what the script lacks.
        """
        endpoint = account.endpoint(account.config(main=account.model(inference)))
        assert said in endpoint["FailureReason"]
        account.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])

    def test_data_that_is_no_archive_fails_the_endpoint(self, account):
        """
        A model.tar.gz that is not one is named.
        """
        data = account.put("bad/model.tar.gz", "not a tar")
        model = f"bad-{account.bucket}"
        image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
        account.sagemaker.create_model(
            ModelName=model, PrimaryContainer={"Image": image, "ModelDataUrl": data}
        )
        endpoint = account.endpoint(account.config(main=model))
        assert f"{data} cannot be unpacked" in endpoint["FailureReason"]
        account.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])

    def test_deletion_ends_the_server(self, account):
        """
        After Delete the endpoint is neither described nor invoked, and its configuration is free to go.
        """
        config = account.config(main=account.model(SAY.format(word="x")))
        name = account.endpoint(config)["EndpointName"]
        account.sagemaker.delete_endpoint(EndpointName=name)
        account.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 0.02})
        with pytest.raises(ClientError, match="not found"):
            account.invoke(name)
        account.sagemaker.delete_endpoint_config(EndpointConfigName=config)
        with pytest.raises(ClientError, match="Could not find endpoint configuration"):
            account.sagemaker.describe_endpoint_config(EndpointConfigName=config)

    def test_names_are_unique_and_parts_must_be_there(self, account):
        """
        AWS's texts for a second endpoint, a second configuration, and a missing model or configuration.
        """
        model = account.model(SAY.format(word="x"))
        config = account.config(main=model)
        name = account.endpoint(config)["EndpointName"]
        with pytest.raises(ClientError, match="Cannot create already existing endpoint "):
            account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        variant = {
            "VariantName": "v",
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        with pytest.raises(ClientError, match="Cannot create already existing endpoint configuration "):
            account.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
        with pytest.raises(ClientError, match=r'Could not find model ".*:model/nobody"'):
            account.config(main="nobody")
        with pytest.raises(ClientError, match=r'Could not find endpoint configuration ".*/nobody"'):
            account.sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="nobody")
        with pytest.raises(ClientError, match="Variant names must be unique"):
            account.sagemaker.create_endpoint_config(
                EndpointConfigName="x", ProductionVariants=[variant, variant]
            )
        account.sagemaker.delete_endpoint(EndpointName=name)

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("ExplainerConfig", {"ClarifyExplainerConfig": {"ShapConfig": {"ShapBaselineConfig": {}}}}),
            (
                "CrossRegionTrafficConfig",
                {"MaxInvocationsPerSecondPerInstance": 1, "MaxCrossRegionPercentPerEndpoint": 1},
            ),
        ],
    )
    def test_configurations_with_more_are_refused(self, account, member, value):
        """
        Explanations and traffic across regions are NotImplemented by name.
        """
        variant = {
            "VariantName": "v",
            "ModelName": "m",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        with pytest.raises(ClientError, match=member) as refused:
            account.sagemaker.create_endpoint_config(
                EndpointConfigName="x", ProductionVariants=[variant], **{member: value}
            )
        assert "NotImplemented" == code_of(refused)

    def test_endpoints_serve_again_after_a_restart(self, own_account):
        """
        The next server on the same state brings an endpoint back, also when its model and configuration are deleted.
        """
        endpoint, account = own_account()
        model = account.model(SAY.format(word="hello"))
        config = account.config(main=model)
        name = account.endpoint(config)["EndpointName"]
        account.sagemaker.delete_endpoint_config(EndpointConfigName=config)
        account.sagemaker.delete_model(ModelName=model)
        assert 0 == endpoint.stop()
        _, account = own_account()
        described = account.settled(name)
        assert ("InService", config) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert b"hello" == account.invoke(name)["Body"]

    def test_an_update_cut_short_by_a_kill_leaves_the_old_configuration(self, own_account):
        """
        The server is killed while a new fleet bakes; the next one serves what was served before, and says so.
        """
        endpoint, account = own_account()
        old, new = (account.config(main=account.model(SAY.format(word=word))) for word in ("old", "new"))
        name = account.endpoint(old)["EndpointName"]
        routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 600}
        account.sagemaker.update_endpoint(
            EndpointName=name,
            EndpointConfigName=new,
            DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}},
        )
        deadline = time.monotonic() + 30
        while account.invoke(name)["Body"] != b"new" and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        assert "Updating" == account.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
        endpoint.process.kill()
        endpoint.process.wait()
        _, account = own_account()
        described = account.settled(name)
        assert ("InService", old) == (described["EndpointStatus"], described["EndpointConfigName"])
        assert "restarted during the update" in described["FailureReason"]
        assert "PendingDeploymentSummary" not in described
        assert b"old" == account.invoke(name)["Body"]


class TestModelSources:
    """Where a model's files and code may come from."""

    SCRIPT = "def model_fn(d): return open(d + '/w').read()\ndef transform_fn(m, d, c, a): return m, a"

    def test_code_may_lie_apart(self, account):
        """
        SAGEMAKER_SUBMIT_DIRECTORY in S3 is unpacked into code/, SAGEMAKER_PROGRAM names the script.
        """
        name = f"apart-{account.bucket}"
        container = {
            "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1",
            "ModelDataUrl": account.put("apart/model.tar.gz", account.archive(w="weights")),
            "Environment": {
                "SAGEMAKER_SUBMIT_DIRECTORY": account.put(
                    "apart/code.tar.gz", account.archive(serve_py=self.SCRIPT)
                ),
                "SAGEMAKER_PROGRAM": "serve.py",
            },
        }
        account.sagemaker.create_model(ModelName=name, PrimaryContainer=container)
        assert b"weights" == self.served(account, name)

    def test_model_files_may_lie_uncompressed(self, account):
        """
        A ModelDataSource of S3Prefix without compression is laid as it is.
        """
        name = f"plain-{account.bucket}"
        account.put("plain/w", "weights")
        account.put("plain/code/inference.py", self.SCRIPT)
        source = {"S3Uri": account.uri("plain/"), "S3DataType": "S3Prefix", "CompressionType": "None"}
        container = {
            "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1",
            "ModelDataSource": {"S3DataSource": source},
        }
        account.sagemaker.create_model(ModelName=name, PrimaryContainer=container)
        assert b"weights" == self.served(account, name)

    def test_an_unknown_image_fails_the_endpoint(self, account):
        """
        The reason names the registry.
        """
        name = f"unknown-{account.bucket}"
        account.sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": "team/own:1"})
        endpoint = account.endpoint(account.config(main=name))
        assert "Failed" == endpoint["EndpointStatus"]
        assert "localaws/containers/images.py" in endpoint["FailureReason"]
        account.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])

    def served(self, account, model: str) -> bytes:
        """What an endpoint of a model answers."""
        endpoint = account.endpoint(account.config(main=model))
        assert "InService" == endpoint["EndpointStatus"], endpoint.get("FailureReason")
        answer = account.invoke(endpoint["EndpointName"])["Body"]
        account.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])
        return answer
