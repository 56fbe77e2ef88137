"""Processing jobs bring inputs in, run a program, and store their outputs."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError


def test_inputs_are_laid_and_outputs_stored(account):
    """
    The program reads its input under its LocalPath; the whole tree of the output lands under the S3 prefix.
    """
    account.put("raw/a.csv", "1\n2\n")
    job = account.process(
        """
        import os
        rows = open("/opt/ml/processing/input/raw/a.csv").read().split()
        os.mkdir("/opt/ml/processing/train/part")
        for row in rows:
            open(f"/opt/ml/processing/train/part/{row}", "w").write(row)
        open("/opt/ml/output/message", "w").write(f"{len(rows)} rows of {os.environ['UNIT']}")
        print("done")
        """,
        ProcessingInputs=[account.input("raw", account.uri("raw/"))],
        ProcessingOutputConfig={
            "Outputs": [
                account.output("train", account.uri("clean/train")),
                account.output("empty", account.uri("clean/empty")),
            ]
        },
        Environment={"UNIT": "flights"},
    )
    assert "Completed" == job["ProcessingJobStatus"], job.get("FailureReason")
    assert "2 rows of flights" == job["ExitMessage"]
    assert ["clean/train/part/1", "clean/train/part/2"] == account.keys("clean/")
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert [["done"]] == list(account.log("ProcessingJobs", job["ProcessingJobName"]).values())


def test_an_input_can_be_a_manifest_and_an_output_at_once(account):
    """
    A manifest picks objects; an input edited in its own folder is stored whole, and the store's objects stay.
    """
    account.put("raw/a", "a")
    account.put("raw/b", "b")
    account.put("raw/c", "c")
    manifest = account.put("raw.manifest", json.dumps([{"prefix": account.uri("raw/")}, "a", "b"]))
    job = account.process(
        "open('/opt/ml/processing/both/a', 'a').write('+')",
        ProcessingInputs=[
            account.input("both", manifest, "/opt/ml/processing/both", S3DataType="ManifestFile")
        ],
        ProcessingOutputConfig={"Outputs": [account.output("both", account.uri("new"))]},
    )
    assert "Completed" == job["ProcessingJobStatus"], job.get("FailureReason")
    assert {"new/a": b"a+", "new/b": b"b"} == {key: account.get(key) for key in account.keys("new/")}
    assert b"a" == account.get("raw/a")


def test_configuration_files(account):
    """
    /opt/ml/config holds the request and the hosts.
    """
    job = account.process(
        """
        import json
        said = [json.load(open(f"/opt/ml/config/{name}.json")) for name in ("processingjobconfig", "resourceconfig")]
        json.dump(said, open("/opt/ml/processing/said/files.json", "w"))
        """,
        ProcessingOutputConfig={"Outputs": [account.output("said", account.uri("said"))]},
    )
    config, resources = json.loads(account.get("said/files.json"))
    assert job["ProcessingJobArn"] == config["ProcessingJobArn"]
    assert "said" == config["ProcessingOutputConfig"]["Outputs"][0]["OutputName"]
    assert ("algo-1", ["algo-1"]) == (resources["current_host"], resources["hosts"])


def test_a_program_that_fails_fails_the_job_and_stores_nothing(account):
    """
    The message file is ExitMessage and the reason; the half-written output is not stored.
    """
    job = account.process(
        """
        open("/opt/ml/processing/out/half", "w").write("half")
        open("/opt/ml/output/message", "w").write("column tail_number is missing")
        raise SystemExit(2)
        """,
        ProcessingOutputConfig={"Outputs": [account.output("out", account.uri("failed"))]},
    )
    assert "Failed" == job["ProcessingJobStatus"]
    assert "AlgorithmError: column tail_number is missing, exit code: 2" == job["FailureReason"]
    assert "column tail_number is missing" == job["ExitMessage"]
    assert [] == account.keys("failed")


def test_missing_input_fails_the_job(account):
    """
    An input prefix with nothing under it is a ClientError.
    """
    job = account.process("pass", ProcessingInputs=[account.input("raw", account.uri("nothing/"))])
    assert job["FailureReason"].startswith("ClientError: Data download failed:NoSuchKey (404)")


def test_a_missing_output_bucket_fails_the_job(account):
    """
    Outputs that cannot be stored fail the job though its program ended well.
    """
    job = account.process(
        "open('/opt/ml/processing/out/x', 'w').write('x')",
        ProcessingOutputConfig={"Outputs": [account.output("out", "s3://no-such-bucket-here/x")]},
    )
    assert "Failed" == job["ProcessingJobStatus"]
    assert "NoSuchBucket" in job["FailureReason"]


def test_a_job_without_entrypoint_says_so(account):
    """
    The image's own entrypoint is not known here.
    """
    request = account.processing_request("pass")
    del request["AppSpecification"]["ContainerEntrypoint"]
    account.sagemaker.create_processing_job(**request)
    assert (
        "AppSpecification.ContainerEntrypoint"
        in account.processed(request["ProcessingJobName"])["FailureReason"]
    )


def test_stop_and_time_limit(account):
    """
    A stopped job and one over MaxRuntimeInSeconds end Stopped, and what they wrote is stored.
    """
    script = """
        import time
        open("/opt/ml/processing/out/half", "w").write("half")
        time.sleep(60)
        """
    outputs = {"Outputs": [account.output("out", account.uri("timeout"))]}
    job = account.process(
        script, ProcessingOutputConfig=outputs, StoppingCondition={"MaxRuntimeInSeconds": 1}
    )
    assert "Stopped" == job["ProcessingJobStatus"]
    assert "MaxRuntimeInSeconds (1)" in job["FailureReason"]
    assert ["timeout/half"] == account.keys("timeout")

    request = account.processing_request("import time; time.sleep(60)")
    account.sagemaker.create_processing_job(**request)
    account.sagemaker.stop_processing_job(ProcessingJobName=request["ProcessingJobName"])
    assert "Stopped" == account.processed(request["ProcessingJobName"])["ProcessingJobStatus"]


def test_hosts_share_sharded_inputs(account):
    """
    Two hosts each see half of a sharded input and store into the same prefix.
    """
    for name in "abcd":
        account.put(f"raw/{name}", name)
    job = account.process(
        """
        import os
        for name in os.listdir("/opt/ml/processing/input/raw"):
            open(f"/opt/ml/processing/out/{name}", "w").write(os.environ["SM_CURRENT_HOST"])
        """,
        ProcessingInputs=[account.input("raw", account.uri("raw/"), S3DataDistributionType="ShardedByS3Key")],
        ProcessingOutputConfig={"Outputs": [account.output("out", account.uri("sharded"))]},
        ProcessingResources={
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
        },
    )
    assert "Completed" == job["ProcessingJobStatus"], job.get("FailureReason")
    assert [b"algo-1", b"algo-2", b"algo-1", b"algo-2"] == [
        account.get(key) for key in account.keys("sharded/")
    ]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"S3InputMode": "Pipe"}, "NotImplemented", "'Pipe'"),
        ({"S3CompressionType": "Gzip", "S3InputMode": "File"}, "NotImplemented", "'Gzip'"),
        ({"LocalPath": "/tmp/raw"}, "ValidationException", "LocalPath must begin with /opt/ml/processing/"),
        ({"LocalPath": "/opt/ml/processing/../x"}, "ValidationException", "LocalPath must begin with"),
    ],
)
def test_inputs_that_are_refused(account, change, code, said):
    """
    Pipe mode and compressed inputs are not there; a LocalPath outside the processing folder is AWS's refusal.
    """
    item = account.input("raw", account.uri("raw/"))
    item["S3Input"] |= change
    with pytest.raises(ClientError) as refused:
        account.process("pass", ProcessingInputs=[item])
    assert code == refused.value.response["Error"]["Code"]
    assert said in refused.value.response["Error"]["Message"]


def test_continuous_outputs_are_there_while_the_job_runs(account, tmp_path):
    """
    A file comes to S3 as it is written, again as it has grown, and in its last form at the end, also when it fails.
    """
    script = f"""
        import os, sys, time
        out = open("/opt/ml/processing/live/log", "w")
        for word in ("one ", "two "):
            out.write(word)
            out.flush()
            while not os.path.exists({str(tmp_path)!r} + "/" + word.strip()):
                time.sleep(0.01)
        sys.exit(int(open({str(tmp_path / "one")!r}).read()))
    """
    for code, status in ((0, "Completed"), (1, "Failed")):
        target = account.uri(f"live-{code}")
        request = account.processing_request(
            script,
            ProcessingOutputConfig={"Outputs": [account.output("live", target, S3UploadMode="Continuous")]},
        )
        account.sagemaker.create_processing_job(**request)
        account.wait_for_object(f"live-{code}/log", b"one ")
        (tmp_path / "one").write_text(str(code))
        account.wait_for_object(f"live-{code}/log", b"one two ")
        (tmp_path / "two").touch()
        assert status == account.processed(request["ProcessingJobName"])["ProcessingJobStatus"]
        assert b"one two " == account.get(f"live-{code}/log")
        (tmp_path / "one").unlink()
        (tmp_path / "two").unlink()


def test_names_are_unique_and_unknown_jobs_not_found(account):
    """
    ResourceInUse for a second job of a name; ValidationException for a job nobody created; Stop needs a running one.
    """
    sagemaker = account.sagemaker
    job = account.process("pass")
    name = job["ProcessingJobName"]
    with pytest.raises(ClientError, match="a job with this name already exists") as refused:
        account.process("pass", ProcessingJobName=name)
    assert "ResourceInUse" == refused.value.response["Error"]["Code"]
    with pytest.raises(ClientError, match="Could not find requested job with name: nobody") as refused:
        sagemaker.describe_processing_job(ProcessingJobName="nobody")
    assert "ValidationException" == refused.value.response["Error"]["Code"]
    with pytest.raises(ClientError, match="rejected because the processing job is in status Completed"):
        sagemaker.stop_processing_job(ProcessingJobName=name)
    sagemaker.delete_processing_job(ProcessingJobName=name)
    with pytest.raises(ClientError, match="Could not find requested job"):
        sagemaker.describe_processing_job(ProcessingJobName=name)
