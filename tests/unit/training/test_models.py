"""Estimators by name: known ones, own ones, and a clear word about any other."""

from __future__ import annotations

import pytest

from foldline.errors import ConfigError
from training.baseline import HistoricalRate
from training.boosting import BoostedTrees
from training.models import ESTIMATORS, estimator_class, new_estimator


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_listed_estimator_is_there(name):
    """
    The table holds no name without a class, and each class names its hyperparameters.
    """
    assert estimator_class(name).HYPERPARAMETERS


def test_names_stand_for_classes():
    """
    XGBoost's name is that of its scikit-learn wrapper; the class is ours.
    """
    assert isinstance(new_estimator("xgboost.XGBClassifier", {"max_depth": 3}), BoostedTrees)
    assert isinstance(new_estimator("training.baseline.HistoricalRate", {"by": ["x"]}), HistoricalRate)


def test_an_own_class_needs_no_entry():
    """
    Any class in the package `training` can be named by its path.
    """
    assert estimator_class("training.boosting.BoostedTrees") is BoostedTrees


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("xgboost.XGBClasifier", "did you mean 'xgboost.XGBClassifier'"),
        ("training.baseline.HistoricRate", "did you mean 'training.baseline.HistoricalRate'"),
        ("training.nowhere.Model", "No module named"),
        ("os.path", "neither listed nor in the package"),
        ("Trees", "neither listed nor in the package"),
    ],
)
def test_an_unknown_estimator_names_the_nearest(name, words):
    """
    A misspelt name, a missing module and a foreign class are refused before any data is read.
    """
    with pytest.raises(ConfigError, match=f"unknown estimator '{name}'") as caught:
        estimator_class(name)

    assert words in str(caught.value)


def test_an_unknown_hyperparameter_names_the_nearest():
    """
    XGBoost would only warn; here it is an error that names each.
    """
    with pytest.raises(ConfigError, match="has no hyperparameter 'depth', 'learningrate'") as caught:
        new_estimator("xgboost.XGBClassifier", {"learningrate": 0.1, "depth": 3, "max_depth": 3})

    assert "learningrate: did you mean 'learning_rate'?" in caught.value.mend
