"""The four functions that SageMaker's inference toolkit calls."""

from __future__ import annotations

import json

import numpy as np
import pytest

from deploy.records import RequestProblem
from deploy.serve import input_fn, model_fn, output_fn, predict_fn
from foldline.errors import DataError
from foldline.folds import Schema
from training.artifact import Card, write_artifact
from training.boosting import BoostedTrees
from training.features import Categories, Features

LINES = [("8", "0.1", "AA"), ("19", "", "B6"), ("23", "55.5", "")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small model, as training.fit leaves it."""
    random = np.random.default_rng(1)
    hours = random.integers(5, 24, 500).astype(float)
    carriers = Categories.of(random.choice(["AA", "B6", ""], 500).tolist())
    features = Features({"hour": hours, "temp": random.normal(size=500)}, {"carrier": carriers})
    model = BoostedTrees(n_estimators=10, max_depth=3)
    model.fit(features, (random.random(500) < hours / 30).astype(np.int8))
    card = Card(
        "xgboost.XGBClassifier",
        Schema("id", "late", ("hour", "temp"), ("carrier",)),
        {"n_estimators": 10, "max_depth": 3},
        "roc_auc",
        None,
        None,
        {},
        {},
    )
    path = tmp_path_factory.mktemp("model")
    write_artifact(path, model, card)
    return path


def answered(folder, body, content_type: str, accept: str) -> str:
    return output_fn(predict_fn(input_fn(body, content_type), model_fn(str(folder))), accept)


def test_csv_and_json_have_the_same_answers(folder):
    """
    Bytes or text, lists or objects: the same float64, written so that it reads back exactly.
    """
    lines = "\n".join(",".join(line) for line in LINES)
    names = ("hour", "temp", "carrier")
    objects = [dict(zip(names, (value or None for value in line), strict=True)) for line in LINES]

    from_csv = answered(folder, lines.encode(), "text/csv; charset=utf-8", "text/csv")
    from_json = answered(folder, json.dumps({"instances": objects}), "application/json", "application/json")

    expected = [one["probability"] for one in json.loads(from_json)["predictions"]]
    assert expected == [float(line) for line in from_csv.splitlines()]
    assert 3 == len({*expected})


def test_a_batch_is_answered_as_its_records_one_by_one(folder):
    """
    What a batch transform says is what the endpoint says.
    """
    one_by_one = "".join(answered(folder, ",".join(line), "text/csv", "text/csv") for line in LINES)

    batch = answered(folder, "\n".join(",".join(line) for line in LINES) + "\n", "text/csv", "text/csv")

    assert one_by_one == batch


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html, application/json;q=0.5"])
def test_json_is_the_answer_unless_csv_is_asked_for(accept):
    """
    As SageMaker's toolkit has it.
    """
    assert '{"predictions": [{"probability": 0.5}]}' == output_fn(np.array([0.5]), accept)


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda: input_fn(b"1,2", "application/x-npy"), 415),
        (lambda: input_fn(b"\xff\xfe", "text/csv"), 400),
        (lambda: output_fn(np.array([0.5]), "application/x-npy"), 406),
    ],
)
def test_other_forms_are_refused_with_their_status(call, status):
    """
    415 for the request, 406 for the answer, 400 for a body that is no text.
    """
    with pytest.raises(RequestProblem) as caught:
        call()

    assert status == caught.value.status_code


def test_a_record_that_does_not_fit_is_refused(folder):
    """
    The model's columns decide; the message names them.
    """
    with pytest.raises(RequestProblem, match="record 1 has 2 values, the model reads 3: hour, temp, carrier"):
        answered(folder, "8,AA", "text/csv", "text/csv")


def test_a_folder_without_a_model_does_not_load(tmp_path):
    """
    The server's start fails and says what it missed.
    """
    with pytest.raises(DataError, match="holds no model of ours"):
        model_fn(str(tmp_path))
