"""The artifact: a card that tells what the model is, and the code that serves it."""

from __future__ import annotations

import pytest

from foldline.errors import DataError
from foldline.folds import Schema
from training.artifact import Card, loaded_versions, read_card, read_model, write_artifact
from training.baseline import HistoricalRate


@pytest.fixture
def card() -> Card:
    return Card(
        estimator="training.baseline.HistoricalRate",
        schema=Schema("id", "y", ("hour", "temp"), ("carrier", "origin")),
        hyperparameters={"by": ["carrier"]},
        metric="roc_auc",
        score=0.5,
        fold=1,
        label_rates={"train": 0.25},
        versions=loaded_versions(),
    )


def test_an_artifact_reads_back(card, train, unseen, tmp_path):
    """
    Card and model survive, the model without pickle.
    """
    model = HistoricalRate(by=["carrier"])
    model.fit(*train)

    write_artifact(tmp_path, model, card)

    assert card == read_card(tmp_path)
    assert (model.predict(unseen[0]) == read_model(tmp_path, card).predict(unseen[0])).all()


def test_the_serving_code_travels_with_the_model(card, train, tmp_path):
    """
    Entry point and packages lie in code/, as SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY name them.
    """
    model = HistoricalRate(by=["carrier"])
    model.fit(*train)

    write_artifact(tmp_path, model, card)

    names = {path.relative_to(tmp_path / "code").as_posix() for path in (tmp_path / "code").rglob("*")}
    assert {"serve.py", "deploy/serve.py", "training/models.py", "foldline/folds.py"} <= names
    assert not [name for name in names if name.endswith((".pyc", "__pycache__", "setup.py"))]


def test_a_folder_without_card_is_no_model_of_ours(tmp_path):
    """
    The error says which file is missed.
    """
    with pytest.raises(DataError, match="holds no model of ours") as caught:
        read_card(tmp_path)

    assert caught.value.where.endswith("foldline.json")


def test_versions_are_those_of_what_was_imported():
    """
    Python's always, a library's when this process uses it.
    """
    assert {"python", "numpy"} <= set(loaded_versions())
