"""XGBoost through its native API: the scikit-learn wrapper's model, without its import."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost  # before the module under test, which would leave out the wrapper that is compared with

from foldline.errors import DataError
from training.boosting import BoostedTrees, allowed_threads
from training.features import Categories, Features

SETTINGS = {
    "n_estimators": 20,
    "max_depth": 4,
    "learning_rate": 0.2,
    "subsample": 0.8,
    "random_state": 3,
    "max_bin": 64,
}


def frame(features: Features, known: dict[str, list[str]]) -> pd.DataFrame:
    """The same columns as a data frame; a category outside ``known`` is missing."""
    columns: dict[str, object] = dict(features.numeric)
    for name, column in features.categorical.items():
        texts = [
            text if text in known[name] else None for text in np.array(column.values)[column.codes].tolist()
        ]
        columns[name] = pd.Categorical(texts, categories=known[name])
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def fitted(train):
    model = BoostedTrees(**SETTINGS)
    model.fit(*train)
    return model


def test_the_model_is_the_wrappers_model(fitted, train, unseen):
    """
    Same hyperparameters, same trees: probabilities agree with xgboost.XGBClassifier on unseen rows.
    """
    known = {name: sorted({*column.values} - {""}) for name, column in train[0].categorical.items()}
    wrapper = xgboost.XGBClassifier(**SETTINGS, tree_method="hist", enable_categorical=True)
    wrapper.fit(frame(train[0], known), train[1])

    expected = wrapper.predict_proba(frame(unseen[0], known))[:, 1]

    assert fitted.predict(unseen[0]) == pytest.approx(expected, abs=1e-6)


def test_a_saved_model_answers_as_before(fitted, unseen, tmp_path):
    """
    Bit for bit, and nothing is pickled: the trees are UBJSON, the categories JSON.
    """
    fitted.save(tmp_path)

    assert {"model.ubj", "columns.json"} == {path.name for path in tmp_path.iterdir()}
    assert {"hour", "temp"} == set(json.loads((tmp_path / "columns.json").read_text())["numeric"])
    assert (fitted.predict(unseen[0]) == BoostedTrees.load(tmp_path).predict(unseen[0])).all()


def test_an_unseen_category_counts_as_missing(fitted):
    """
    A new carrier is answered as one that is not given.
    """

    def one(carrier: str) -> Features:
        numeric = {"hour": np.array([18.0]), "temp": np.array([60.0])}
        return Features(numeric, {"carrier": Categories.of([carrier]), "origin": Categories.of(["JFK"])})

    assert fitted.predict(one("")) == fitted.predict(one("ZZ"))
    assert fitted.predict(one("")) != fitted.predict(one("AA"))


def test_the_numbering_of_a_request_does_not_matter(fitted, unseen):
    """
    A category is known by its text: the same rows in another coding have the same answers.
    """
    recoded = {
        name: Categories.of(column.values[code] for code in column.codes[::-1])
        for name, column in unseen[0].categorical.items()
    }
    turned = Features({name: numbers[::-1] for name, numbers in unseen[0].numeric.items()}, recoded)

    assert (fitted.predict(unseen[0])[::-1] == fitted.predict(turned)).all()


def test_other_columns_are_refused(fitted, unseen):
    """
    Columns in another order are other columns.
    """
    turned = Features(dict(reversed(unseen[0].numeric.items())), unseen[0].categorical)

    with pytest.raises(DataError, match="other columns than the model"):
        fitted.predict(turned)


@pytest.mark.filterwarnings("ignore:.*Empty dataset")
def test_no_rows_have_no_answers(fitted):
    """
    An empty table is predicted as such.
    """
    numbers, categories = np.empty(0), Categories.of([])
    empty = Features({"hour": numbers, "temp": numbers}, {"carrier": categories, "origin": categories})

    assert (0,) == fitted.predict(empty).shape


@pytest.mark.parametrize(
    "settings", [{"tree_method": "exact"}, {"tree_method": "approx"}, {"booster": "dart"}, {}]
)
def test_other_tree_methods_and_boosters_learn_as_well(train, unseen, settings):
    """
    Where the histogram matrix does not apply, the plain one is used.
    """
    numeric = Features(
        train[0].numeric, {} if settings.get("tree_method") == "exact" else train[0].categorical
    )
    asked = Features(
        unseen[0].numeric, {} if settings.get("tree_method") == "exact" else unseen[0].categorical
    )
    model = BoostedTrees(n_estimators=10, **settings)
    model.fit(numeric, train[1])

    answers = model.predict(asked)

    assert answers[unseen[1] == 1].mean() > answers[unseen[1] == 0].mean() + 0.1


@pytest.mark.parametrize(
    ("limit", "wanted", "expected"),
    [("1", 0, 1), ("1", 8, 1), ("4", 2, 2), ("4", 0, 4), (None, 3, 3), (None, 0, 0), ("", 2, 2)],
)
def test_threads_never_exceed_what_the_machine_grants(monkeypatch, limit, wanted, expected):
    """
    OMP_NUM_THREADS is the share of a job on a machine that runs several.
    """
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if limit is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", limit)

    assert expected == allowed_threads(wanted)
