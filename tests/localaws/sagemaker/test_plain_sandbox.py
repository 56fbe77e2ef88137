"""Where private mounts are not allowed, jobs run with real folders: SM_* and rewritten /opt/ml paths serve."""

from __future__ import annotations

import pytest


@pytest.fixture
def plain(own_account, monkeypatch):
    """An account at an endpoint without private mounts."""
    monkeypatch.setenv("LOCALAWS_SANDBOX", "none")
    return own_account()[1]


def test_training_finds_its_folders(plain):
    """
    The entrypoint and the environment named /opt/ml; the program reads and writes where they really point.
    """
    plain.put("train/a", "data")
    job = plain.train(
        """
        import os
        data = open(os.environ["SM_CHANNEL_TRAIN"] + "/a").read()
        open(os.environ["SM_CHANNEL_TRAIN"] + "/a", "a").write("edit")
        open(os.environ["WHERE"] + "/m", "w").write(data)
        """,
        InputDataConfig=[plain.channel("train", plain.uri("train/"))],
        Environment={"WHERE": "/opt/ml/model"},
    )
    assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
    assert {"m": "data"} == plain.members(f"out/{job['TrainingJobName']}/output/model.tar.gz")
    assert b"data" == plain.get("train/a")


def test_processing_and_serving(plain):
    """
    A processing job's arguments are rewritten, and a model server finds its model.
    """
    plain.put("raw/a", "1")
    request = plain.processing_request(
        "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])",
        ProcessingInputs=[plain.input("raw", plain.uri("raw/"))],
        ProcessingOutputConfig={"Outputs": [plain.output("out", plain.uri("clean"))]},
    )
    request["AppSpecification"]["ContainerArguments"] = [
        "/opt/ml/processing/input/raw/a",
        "/opt/ml/processing/out/b",
    ]
    plain.sagemaker.create_processing_job(**request)
    job = plain.processed(request["ProcessingJobName"])
    assert "Completed" == job["ProcessingJobStatus"], job.get("FailureReason")
    assert b"1" == plain.get("clean/b")

    say = "def model_fn(d): return open(d + '/w').read()\ndef transform_fn(m, d, c, a): return m, a"
    name = plain.endpoint(plain.config(main=plain.model(say, w="weights")))["EndpointName"]
    assert b"weights" == plain.invoke(name)["Body"]


def test_a_missing_program_has_the_same_reason(plain):
    """
    Exit code 127, as inside a private mount.
    """
    request = plain.training_request()
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["no-such-program"]
    plain.sagemaker.create_training_job(**request)
    assert plain.trained(request["TrainingJobName"])["FailureReason"].endswith("exit code: 127")
