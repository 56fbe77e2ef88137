"""XGBoost without a script: AWS's algorithm mode."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pandas as pd
import pytest
import xgboost
from botocore.exceptions import ClientError
from sklearn.datasets import load_breast_cancer, load_iris

from tests.localaws.algorithms.lab import csv


@pytest.fixture(scope="module")
def cancer():
    """Breast cancer: features, labels, and which rows train."""
    features, labels = load_breast_cancer(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(labels)) < 400
    return features, labels, chosen


def test_a_job_without_a_script_boosts_trees(lab, cancer):
    """
    The job's metrics come from its log lines by AWS's own definitions; the model is one XGBoost loads; endpoint and
    batch transform say what XGBoost itself says.
    """
    features, labels, chosen = cancer
    channels = {
        "train": csv(labels[chosen], features[chosen]),
        "validation": csv(labels[~chosen], features[~chosen]),
    }
    job = lab.train(
        "xgboost", channels, num_round=20, objective="binary:logistic", eval_metric="logloss,auc", eta=0.3
    )
    metrics = lab.metrics(job)
    assert {"train:logloss", "train:auc", "validation:logloss", "validation:auc"} == set(metrics)
    assert 0.98 < metrics["validation:auc"] <= 1

    with tarfile.open(fileobj=io.BytesIO(lab.get(job["ModelArtifacts"]["S3ModelArtifacts"]))) as tar:
        assert ["xgboost-model"] == [member.name for member in tar if member.isfile()]
        booster = xgboost.Booster()
        booster.load_model(bytearray(tar.extractfile("xgboost-model").read()))
    rows = features[~chosen][:5].astype(np.float32)
    expected = booster.predict(xgboost.DMatrix(rows)).tolist()

    ask = lab.endpoint(job)
    body = csv(rows)
    assert pytest.approx(expected, rel=1e-5) == [float(word) for word in ask(body).split(b",")]
    scores = lab.predictions(ask, body)
    assert pytest.approx(expected, rel=1e-5) == [one["score"] for one in scores]
    sparse = "\n".join(
        " ".join(f"{key}:{value:.9g}" for key, value in enumerate(row)) for row in rows
    ).encode()
    assert pytest.approx(expected, rel=1e-5) == [
        float(word) for word in ask(sparse, "text/libsvm").split(b",")
    ]
    with pytest.raises(ClientError, match=r"ModelError.*not consistent"):
        ask(b"1,2,3\n")
    with pytest.raises(ClientError, match="not supported"):
        ask(b"1", "image/png")

    output = lab.transform(
        job,
        body,
        {"ContentType": "text/csv", "SplitType": "Line"},
        {"Accept": "text/csv", "AssembleWith": "Line"},
    )
    assert pytest.approx(expected, rel=1e-5) == [float(line) for line in output.splitlines()]


def test_the_same_job_fits_the_same_model(lab):
    """
    Parquet, libsvm and CSV of the same rows give the same trees, twice; several classes give a score for each.
    """
    features, labels = load_iris(return_X_y=True)
    features = features.astype(np.float32)
    buffer = io.BytesIO()
    frame = pd.DataFrame(np.column_stack([labels, features]).astype(np.float32))
    frame.rename(columns=str).to_parquet(buffer)
    lines = "".join(
        f"{label} " + " ".join(f"{key}:{value:.9g}" for key, value in enumerate(row)) + "\n"
        for label, row in zip(labels, features, strict=True)
    )
    values = {
        "num_round": 5,
        "objective": "multi:softprob",
        "num_class": 3,
        "eval_metric": "accuracy,mlogloss",
    }
    values |= {"subsample": 0.7}
    jobs = [
        lab.train("xgboost", {"train": data}, kind, **values)
        for data, kind in (
            (csv(labels, features), "text/csv"),
            (buffer.getvalue(), "application/x-parquet"),
            (lines.encode(), "text/libsvm"),
        )
    ]
    first, second, third = (lab.metrics(job) for job in jobs)
    assert {"train:accuracy", "train:mlogloss"} == set(first)
    assert first == second == third
    assert 0.95 < first["train:accuracy"]
    [answer] = json.loads(lab.endpoint(jobs[0])(b"5.1,3.5,1.4,0.2", accept="application/json"))["predictions"]
    assert 0 == int(np.argmax(answer["score"]))
    assert 3 == len(answer["score"])


def test_training_stops_early(lab, cancer):
    """
    early_stopping_rounds ends a job whose validation metric gets no better, and the best round serves.
    """
    features, labels, chosen = cancer
    channels = {
        "train": csv(labels[chosen], features[chosen]),
        "validation": csv(labels[~chosen], features[~chosen]),
    }
    job = lab.train(
        "xgboost", channels, num_round=500, objective="binary:logistic", eta=1, early_stopping_rounds=3
    )
    rounds = [line for line in lab.log(job) if "#011validation-logloss:" in line]
    assert rounds[0].startswith("[0]#011train-logloss:")
    assert 3 < len(rounds) < 100


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "'num_round' is a required property"),
        ({"num_round": 0}, "0 is not in the range"),
        ({"num_round": 1, "max_deph": 3}, "'max_deph' was unexpected"),
        ({"num_round": 1, "objective": "multi:softmax"}, "num_class"),
        ({"num_round": 1, "eval_metric": "rmsee"}, "rmsee"),
        ({"num_round": 1, "tree_method": "gpu_hist"}, "GPU"),
    ],
)
def test_illegal_hyperparameters_are_client_errors(lab, values, reason):
    """
    An unknown, illegal or missing hyperparameter fails the job before its data is read, as the customer's error.
    """
    failure = lab.refused("xgboost", {"train": b"not,read"}, **values)
    assert failure.startswith("ClientError: ")
    assert failure.endswith(", exit code: 2")
    assert reason in failure


def test_illegal_data_is_a_client_error(lab):
    """
    The failure names the channel, the file and the content type.
    """
    failure = lab.refused("xgboost", {"train": b"y,x\n1,2\n"}, num_round=1)
    assert "'train'" in failure
    assert "text/csv" in failure
    assert "header" in failure


def test_metric_definitions_cannot_be_overridden(lab):
    """
    The metrics of a built-in algorithm are SageMaker's: a request with its own is refused.
    """
    request = lab.request("xgboost", {"train": b"1,2"}, "text/csv", num_round=1)
    request["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "a", "Regex": "a=(.*)"}]
    with pytest.raises(
        ClientError, match="You can't override the metric definitions for Amazon SageMaker algorithms"
    ):
        lab.clients("sagemaker").create_training_job(**request)


def test_a_tuning_job_knows_the_algorithms_metrics(lab, cancer):
    """
    An objective like validation:auc needs no metric definition and no eval_metric.
    """
    features, labels, chosen = cancer
    channels = {
        "train": csv(labels[chosen], features[chosen]),
        "validation": csv(labels[~chosen], features[~chosen]),
    }
    request = lab.request("xgboost", channels, "text/csv", num_round=3, objective="binary:logistic")
    name = request.pop("TrainingJobName")[:32]
    static = request.pop("HyperParameters")
    sagemaker = lab.clients("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}]
            },
        },
        TrainingJobDefinition={**request, "StaticHyperParameters": static},
    )
    best = _tuned(sagemaker, name)["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert "validation:auc" == best["MetricName"]
    assert 0.9 < best["Value"] <= 1


def _tuned(sagemaker, name):
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        if job["HyperParameterTuningJobStatus"] != "InProgress":
            return job
        time.sleep(0.1)
    raise AssertionError("the tuning job did not end")


def test_a_stopped_job_keeps_its_model(lab):
    """
    With save_model_on_termination a job that is stopped leaves the booster of the rounds it has.
    """
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(200, 3))
    values = {"num_round": 10_000_000, "save_model_on_termination": "true", "max_depth": 2}
    request = lab.request("xgboost", {"train": csv(rows.sum(1), rows)}, "text/csv", **values)
    sagemaker, name = lab.clients("sagemaker"), request["TrainingJobName"]
    sagemaker.create_training_job(**request)
    lab.wait_for_line(request, "[3]#011")
    sagemaker.stop_training_job(TrainingJobName=name)
    job = lab.ended(name)
    assert "Stopped" == job["TrainingJobStatus"]
    with tarfile.open(fileobj=io.BytesIO(lab.get(job["ModelArtifacts"]["S3ModelArtifacts"]))) as tar:
        booster = xgboost.Booster()
        booster.load_model(bytearray(tar.extractfile("xgboost-model").read()))
    assert booster.num_boosted_rounds() >= 4
