"""K-means, principal components, nearest neighbours and random cut forests, as jobs and as endpoints."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from localaws.algorithms import recordio
from tests.localaws.algorithms.lab import csv

KIND = "application/x-recordio-protobuf"


def test_kmeans_finds_the_groups(lab):
    """
    Three far groups are found whole; the response names the cluster and the distance; msd is as logged.
    """
    generator = np.random.default_rng(0)
    middles = np.array([[0, 0], [50, 0], [0, 50]])
    rows = np.repeat(middles, 40, 0) + generator.normal(0, 1, (120, 2))
    job = lab.train(
        "kmeans",
        {"train": csv(rows), "test": csv(rows)},
        "text/csv;label_size=0",
        k=3,
        feature_dim=2,
        extra_center_factor=4,
    )
    metrics = lab.metrics(job)
    assert 1.5 < metrics["test:msd"] < 2.5
    assert metrics["train:msd"] == metrics["test:msd"]
    ask = lab.endpoint(job)
    found = lab.predictions(ask, csv(rows))
    clusters = np.array([one["closest_cluster"] for one in found]).reshape(3, 40)
    assert 3 == len({tuple(row) for row in clusters})
    assert [1, 1, 1] == [len(set(row)) for row in clusters]
    squares = np.mean([one["distance_to_cluster"] ** 2 for one in found])
    assert pytest.approx(metrics["test:msd"], rel=1e-5) == squares
    [cluster, distance] = ask(csv(rows[:1]), "text/csv", "text/csv").decode().strip().split(",")
    assert (found[0]["closest_cluster"], found[0]["distance_to_cluster"]) == (float(cluster), float(distance))


@pytest.mark.parametrize("mode", ["regular", "randomized"])
def test_pca_projects_as_scikit_learn_does(lab, mode):
    """
    Projections are scikit-learn's but for signs, the most telling direction last as AWS has it; RecordIO in and out.
    """
    rows = load_iris().data.astype(np.float32)
    records = [recordio.Record({"values": recordio.dense(row)}, {}) for row in rows]
    values = {"feature_dim": 4, "num_components": 2, "mini_batch_size": 50, "algorithm_mode": mode}
    job = lab.train("pca", {"train": recordio.write(records)}, KIND, **values)
    ask = lab.endpoint(job)
    answer = recordio.read(ask(recordio.write(records[:5]), KIND, KIND))
    found = np.stack([record.label["projection"].values for record in answer])
    job_out = lab.transform(
        job,
        recordio.write(records),
        {"ContentType": KIND, "SplitType": "RecordIO"},
        {"Accept": "application/jsonlines", "AssembleWith": "Line"},
    )
    assert 150 == len(job_out.splitlines())
    assert pytest.approx(found[0], abs=1e-4) == json.loads(job_out.splitlines()[0])["projection"]
    theirs = PCA(2).fit(rows).transform(rows[:5])[:, ::-1]
    assert np.abs(theirs) == pytest.approx(np.abs(found), abs=1e-3)
    projections = json.loads(ask(csv(rows[:1])))["projections"]
    assert pytest.approx(found[0], abs=1e-4) == projections[0]["projection"]


def test_knn_says_what_the_neighbours_say(lab):
    """
    A classifier agrees with scikit-learn's; verbose answers show the neighbours; a regressor is their mean.
    """
    x, y = load_iris(return_X_y=True)
    chosen = np.random.default_rng(1).permutation(len(y)) < 100
    values = {"feature_dim": 4, "k": 5, "predictor_type": "classifier", "sample_size": 100}
    job = lab.train(
        "knn", {"train": csv(y[chosen], x[chosen]), "test": csv(y[~chosen], x[~chosen])}, **values
    )
    theirs = KNeighborsClassifier(5).fit(x[chosen], y[chosen])
    assert pytest.approx(theirs.score(x[~chosen], y[~chosen]), abs=0.021) == lab.metrics(job)["test:accuracy"]
    ask = lab.endpoint(job)
    [verbose] = json.loads(ask(csv(x[:1]), "text/csv", "application/json; verbose=true"))["predictions"]
    assert [0.0] * 5 == verbose["labels"]
    assert sorted(verbose["distances"]) == verbose["distances"]
    assert [{"predicted_label": 0.0}] == lab.predictions(ask, csv(x[:1]))

    x, y = load_diabetes(return_X_y=True)
    channels = {"train": csv(y[:300], x[:300]), "test": csv(y[300:], x[300:])}
    job = lab.train("knn", channels, feature_dim=10, k=10, predictor_type="regressor", sample_size=300)
    expected = np.mean((KNeighborsRegressor(10).fit(x[:300], y[:300]).predict(x[300:]) - y[300:]) ** 2)
    assert pytest.approx(expected, rel=1e-3) == lab.metrics(job)["test:mse"]


def test_a_random_cut_forest_scores_outliers_highest(lab):
    """
    Rows far from all others have scores far above the others'; the f1 of the test channel says so.
    """
    generator = np.random.default_rng(0)
    usual, odd = generator.normal(0, 1, (600, 3)), generator.normal(0, 1, (12, 3)) + 9
    rows, labels = np.vstack([usual, odd]), np.r_[np.zeros(600), np.ones(12)]
    request = lab.request(
        "randomcutforest",
        {"train": csv(usual), "test": csv(labels, rows)},
        "text/csv;label_size=0",
        feature_dim=3,
        num_trees=50,
    )
    request["InputDataConfig"][1]["ContentType"] = "text/csv;label_size=1"
    job = lab.run(request)
    assert lab.metrics(job)["test:f1"] > 0.8
    scores = [one["score"] for one in json.loads(lab.endpoint(job)(csv(rows)))["scores"]]
    assert min(scores[600:]) > np.quantile(scores[:600], 0.99)
    assert 0.5 < np.mean(scores[:600]) < 1.5


@pytest.mark.parametrize(
    ("algorithm", "values", "reason"),
    [
        ("kmeans", {"feature_dim": 1}, "'k' is a required property"),
        ("kmeans", {"feature_dim": 1, "k": 9}, "less than k"),
        ("kmeans", {"feature_dim": 1, "k": 1, "eval_metrics": '["mad"]'}, "eval_metrics"),
        ("pca", {"feature_dim": 1, "mini_batch_size": 1, "num_components": 2}, "must not exceed feature_dim"),
        ("knn", {"feature_dim": 1, "k": 3, "sample_size": 2, "predictor_type": "regressor"}, "sample_size"),
        ("randomcutforest", {"feature_dim": 1, "num_trees": 10}, "10 is not in the range [50, 1000]"),
    ],
)
def test_illegal_hyperparameters_are_client_errors(lab, algorithm, values, reason):
    """
    Each algorithm refuses what AWS's documentation rules out, and says which hyperparameter it is.
    """
    failure = lab.refused(algorithm, {"train": b"1\n2\n"}, "text/csv;label_size=0", **values)
    assert failure.startswith("ClientError: ")
    assert reason in failure


def test_other_algorithms_are_refused_by_name(lab):
    """
    AWS's algorithms that are not here fail their job with a reason that names them.
    """
    failure = lab.refused("forecasting-deepar", {"train": b"1"}, epochs=1)
    assert "the built-in algorithm forecasting-deepar is not implemented by localaws" in failure
