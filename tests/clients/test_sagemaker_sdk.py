"""The SageMaker Python SDK 3."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("sagemaker_sdk")


def test_a_trainer_and_a_processor_run_a_script(run_script):
    """ModelTrainer runs a script on local files with its hyperparameters; FrameworkProcessor runs another."""
    found = run_script("sagemaker", "sagemaker_train")

    assert "Completed" == found["status"]
    assert {"rows": 3.0} == found["metrics"]
    assert found["artifact"].endswith("/output/model.tar.gz")
    assert "3" == found["counted"]


def test_a_model_builder_deploys_an_artifact_with_a_script(run_script):
    """ModelBuilder repacks an artifact with an inference script, and the endpoint it deploys answers by it."""
    found = run_script("sagemaker", "sagemaker_serve")

    assert {"model": "sdk-model", "answer": [3, 6]} == found


def test_a_tuner_finds_the_best_of_its_jobs(run_script):
    """HyperparameterTuner runs a script with values of each kind of range and reads the best job."""
    found = run_script("sagemaker", "sagemaker_tune")

    assert ("Completed", 4) == (found["status"], found["completed"])
    assert found["best"].startswith("sdk-tuning-")
    assert {"rate", "depth", "booster"} == found["tuned"].keys()
    depth, rate = int(found["tuned"]["depth"]), float(found["tuned"]["rate"])
    assert (rate - 0.3) ** 2 + (depth - 4) ** 2 == pytest.approx(found["value"], abs=1e-6)


def test_feature_groups_take_frames_and_give_a_dataset(run_script):
    """Frames are ingested by four threads and in batches; each visit is joined with the score of its time."""
    found = run_script("sagemaker", "sagemaker_features")

    assert 100 == found["listed"]
    assert {"customer": "3", "at": "50.0", "score": "7.25"} == found["online"]
    assert ["customer", "at", "paid", "score.1"] == found["columns"][:4]
    assert [[1, 300.0, 2.5, 100.0], [2, 200.0, 3.5, 1.0]] == [row[:4] for row in found["dataset"]]
