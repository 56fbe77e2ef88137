"""Linear learner against scikit-learn on real data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from localaws.algorithms import recordio
from tests.localaws.algorithms.lab import csv


def halves(features, labels, rows):
    """Train and validation rows, always the same."""
    chosen = np.random.default_rng(3).permutation(len(labels)) < rows
    return features[chosen], labels[chosen], features[~chosen], labels[~chosen]


def test_a_regressor_is_as_good_as_least_squares(lab):
    """
    On diabetes its error is within a few percent of scikit-learn's; the log's metrics are the job's.
    """
    x, y, held_x, held_y = halves(*load_diabetes(return_X_y=True), 342)
    expected = np.sqrt(np.mean((LinearRegression().fit(x, y).predict(held_x) - held_y) ** 2))
    values = {"predictor_type": "regressor", "mini_batch_size": 32, "epochs": 20, "feature_dim": 10}
    job = lab.train("linear-learner", {"train": csv(y, x), "validation": csv(held_y, held_x)}, **values)
    metrics = lab.metrics(job)
    assert metrics["validation:rmse"] < 1.05 * expected
    assert pytest.approx(metrics["validation:mse"]) == metrics["validation:rmse"] ** 2
    assert {"train:objective_loss", "validation:objective_loss", "train:progress"} < set(metrics)

    predictions = lab.predictions(lab.endpoint(job), csv(held_x))
    scores = np.array([one["score"] for one in predictions])
    assert pytest.approx(metrics["validation:rmse"], rel=1e-4) == np.sqrt(np.mean((scores - held_y) ** 2))


def test_a_binary_classifier_is_as_good_as_logistic_regression(lab):
    """
    On breast cancer it errs no more often, but for a row or two, and answers in every documented form.
    """
    x, y, held_x, held_y = halves(*load_breast_cancer(return_X_y=True), 400)
    scaler = StandardScaler().fit(x)
    theirs = LogisticRegression().fit(scaler.transform(x), y).score(scaler.transform(held_x), held_y)
    records = [
        recordio.Record({"values": recordio.dense(row)}, {"values": recordio.dense([label])})
        for row, label in zip(x, y, strict=True)
    ]
    request = lab.request(
        "linear-learner",
        {"train": recordio.write(records), "test": csv(held_y, held_x)},
        "application/x-recordio-protobuf",
        predictor_type="binary_classifier",
        mini_batch_size=50,
    )
    request["InputDataConfig"][1]["ContentType"] = "text/csv"
    job = lab.run(request)
    metrics = lab.metrics(job)
    assert metrics["test:binary_classification_accuracy"] > theirs - 0.015
    assert 0.97 < metrics["test:roc_auc_score"] <= 1

    ask, rows = lab.endpoint(job), held_x[:3].astype(np.float32)
    expected = lab.predictions(ask, csv(rows))
    assert [{"predicted_label", "score"}] * 3 == [set(one) for one in expected]
    instances = [{"features": row.tolist()} for row in rows]
    assert expected == lab.predictions(ask, json.dumps({"instances": instances}).encode(), "application/json")
    lines = "\n".join(
        json.dumps({"data": {"features": {"values": row.tolist(), "keys": list(range(30)), "shape": [30]}}})
        for row in rows
    )
    answer = ask(lines.encode(), "application/jsonlines", "application/jsonlines")
    found = [json.loads(line) for line in answer.splitlines()]
    assert pytest.approx([one["score"] for one in expected]) == [one["score"] for one in found]
    body = recordio.write(recordio.Record({"values": recordio.dense(row)}, {}) for row in rows)
    answer = ask(body, "application/x-recordio-protobuf", "application/x-recordio-protobuf")
    scores = [record.label["score"].values[0] for record in recordio.read(answer)]
    assert pytest.approx([one["score"] for one in expected], rel=1e-5) == scores


def test_a_multiclass_classifier_scores_every_class(lab):
    """
    On iris it is right 19 times of 20, and its scores are probabilities.
    """
    x, y, held_x, held_y = halves(*load_iris(return_X_y=True), 100)
    values = {
        "predictor_type": "multiclass_classifier",
        "num_classes": 3,
        "mini_batch_size": 20,
        "epochs": 30,
    }
    job = lab.train("linear-learner", {"train": csv(y, x), "test": csv(held_y, held_x)}, **values)
    assert lab.metrics(job)["test:multiclass_accuracy"] >= 0.95
    [answer] = lab.predictions(lab.endpoint(job), csv(held_x[:1]))
    assert pytest.approx(1) == sum(answer["score"])
    assert int(np.argmax(answer["score"])) == answer["predicted_label"]


@pytest.mark.parametrize(
    ("values", "data", "reason"),
    [
        ({}, b"1,2\n", "'predictor_type' is a required property"),
        ({"predictor_type": "regressor", "loss": "logistic"}, b"1,2\n", "the loss of a regressor"),
        ({"predictor_type": "regressor"}, b"1,2\n3,4\n", "the mini-batch size is too high"),
        ({"predictor_type": "binary_classifier", "mini_batch_size": 1}, b"2,2\n", "0 to 1, found 2"),
        ({"predictor_type": "regressor", "feature_dim": 3, "mini_batch_size": 1}, b"1,2\n", "expected 3"),
    ],
)
def test_what_it_does_not_take_is_a_client_error(lab, values, data, reason):
    """
    Hyperparameters that do not fit, a mini-batch larger than the data and wrong labels are told as such.
    """
    failure = lab.refused("linear-learner", {"train": data}, **values)
    assert failure.startswith("ClientError: ")
    assert reason in failure
