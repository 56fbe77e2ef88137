"""Factorization machines find what users and items are like."""

from __future__ import annotations

import json

import numpy as np
import pytest

from localaws.algorithms import recordio

USERS, ITEMS, RATINGS = 120, 80, 6000


def ratings(seed):
    """Users, items and ratings of a world of three hidden tastes."""
    world = np.random.default_rng(0)
    tastes, kinds = world.normal(0, 0.6, (USERS, 3)), world.normal(0, 0.6, (ITEMS, 3))
    user_bias, item_bias = world.normal(0, 0.3, USERS), world.normal(0, 0.3, ITEMS)
    drawn = np.random.default_rng(seed)
    users, items = drawn.integers(0, USERS, RATINGS), drawn.integers(0, ITEMS, RATINGS)
    stars = 3.5 + user_bias[users] + item_bias[items] + (tastes[users] * kinds[items]).sum(1)
    return users, items, stars + drawn.normal(0, 0.1, RATINGS)


def records(users, items, labels):
    """A one-hot record for each rating, as the SDK writes sparse ones."""
    for user, item, label in zip(users, items, labels, strict=True):
        pair = recordio.Tensor(np.ones(2, "<f4"), np.array([user, USERS + item], np.uint64), (USERS + ITEMS,))
        yield recordio.Record({"values": pair}, {"values": recordio.dense([label])})


KIND = "application/x-recordio-protobuf"
VALUES = {
    "feature_dim": USERS + ITEMS,
    "num_factors": 8,
    "mini_batch_size": 200,
    "epochs": 25,
    "factors_lr": 0.02,
    "linear_lr": 0.02,
    "factors_init_sigma": 0.05,
}


def test_it_beats_the_best_biases(lab):
    """
    Its error on new ratings is far below that of any model of a bias for each user and item; it serves sparse JSON.
    """
    train, test = ratings(1), ratings(2)
    rows = np.arange(RATINGS)
    design = np.zeros((RATINGS, USERS + ITEMS))
    design[rows, train[0]] = design[rows, USERS + train[1]] = 1
    biases = np.linalg.lstsq(design, train[2] - 3.5, rcond=None)[0]
    best_biases = np.sqrt(np.mean((3.5 + biases[test[0]] + biases[USERS + test[1]] - test[2]) ** 2))

    channels = {name: recordio.write(records(*part)) for name, part in (("train", train), ("test", test))}
    job = lab.train("factorization-machines", channels, KIND, predictor_type="regressor", **VALUES)
    assert lab.metrics(job)["test:rmse"] < 0.6 * best_biases

    ask = lab.endpoint(job)
    instance = {
        "data": {
            "features": {"keys": [int(test[0][0]), USERS + int(test[1][0])], "values": [1, 1], "shape": [200]}
        }
    }
    [sparse] = lab.predictions(ask, json.dumps({"instances": [instance]}).encode(), "application/json")
    dense = design[0] * 0
    dense[[test[0][0], USERS + test[1][0]]] = 1
    body = json.dumps({"instances": [{"features": dense.tolist()}]}).encode()
    assert pytest.approx(sparse["score"]) == lab.predictions(ask, body, "application/json")[0]["score"]
    assert abs(sparse["score"] - test[2][0]) < 1


def test_it_classifies(lab):
    """
    A binary classifier says who likes what, with a probability and a label.
    """
    train, test = ratings(1), ratings(2)
    channels = {
        name: recordio.write(records(users, items, (stars > 3.5).astype(float)))
        for name, (users, items, stars) in (("train", train), ("test", test))
    }
    job = lab.train("factorization-machines", channels, KIND, predictor_type="binary_classifier", **VALUES)
    metrics = lab.metrics(job)
    assert metrics["test:binary_classification_accuracy"] > 0.85
    assert metrics["test:binary_classification_cross_entropy"] < 0.4


def test_it_reads_no_csv(lab):
    """
    As on AWS it trains on RecordIO only.
    """
    values = {"feature_dim": 2, "num_factors": 2, "predictor_type": "regressor"}
    assert "'text/csv'" in lab.refused("factorization-machines", {"train": b"1,2,3\n"}, **values)
