"""The historical rate: counted, shrunk, backed off."""

from __future__ import annotations

import numpy as np
import pytest

from foldline.errors import ConfigError
from training.baseline import HistoricalRate
from training.features import Categories, Features


def features(carriers: list[str], hours: list[float]) -> Features:
    return Features({"hour": np.array(hours)}, {"carrier": Categories.of(carriers)})


@pytest.fixture
def fitted() -> HistoricalRate:
    model = HistoricalRate(by=["carrier", "hour"], prior_rows=2)
    labels = np.array([1, 1, 0, 0, 0, 0, 0, 1], dtype=np.int8)
    model.fit(features(["AA"] * 4 + ["B6"] * 4, [8, 8, 9, 9, 8, 8, 9, 9]), labels)
    return model


# Overall 3/8. AA: (2 + 2 * 3/8) / 6 = 11/24; B6: (1 + 2 * 3/8) / 6 = 7/24.
@pytest.mark.parametrize(
    ("carrier", "hour", "expected"),
    [
        ("AA", 8, (2 + 2 * 11 / 24) / 4),
        ("AA", 9, (0 + 2 * 11 / 24) / 4),
        ("B6", 9, (1 + 2 * 7 / 24) / 4),
        ("AA", 23, 11 / 24),
        ("B6", float("nan"), 7 / 24),
        ("ZZ", 8, 3 / 8),
    ],
)
def test_a_rate_is_shrunk_to_its_parents_rate(fitted, carrier, hour, expected):
    """
    Pair, then carrier, then all rows: each leans on the next, and an unseen key has its parent's rate.
    """
    assert [pytest.approx(expected, abs=1e-15)] == fitted.predict(features([carrier], [hour])).tolist()


def test_a_saved_model_answers_as_before(fitted, tmp_path):
    """
    The rates are JSON and read back exactly.
    """
    rows = features(["AA", "B6", "ZZ"], [8, 10, 8])
    fitted.save(tmp_path)

    assert (fitted.predict(rows) == HistoricalRate.load(tmp_path).predict(rows)).all()


def test_one_column_is_enough(train, unseen):
    """
    The key may be of any length; a number is a key by its value.
    """
    model = HistoricalRate(by=["hour"], prior_rows=1)
    model.fit(*train)

    answers = model.predict(unseen[0])

    hours = unseen[0].numeric["hour"]
    assert answers[hours >= 20].min() > answers[hours <= 8].max()


def test_a_missing_category_is_a_key_of_its_own():
    """
    Rows without a carrier are judged by rows without a carrier.
    """
    model = HistoricalRate(by=["carrier"], prior_rows=1)
    model.fit(features(["", "", "AA", "AA"], [1, 1, 1, 1]), np.array([1, 1, 0, 0], dtype=np.int8))

    assert [pytest.approx(2.5 / 3)] == model.predict(features([""], [1])).tolist()


def test_an_unknown_column_names_the_nearest(train):
    """
    `by` must name features.
    """
    with pytest.raises(ConfigError, match="did you mean 'carrier'"):
        HistoricalRate(by=["carriers"]).fit(*train)


@pytest.mark.parametrize("arguments", [{"by": []}, {"by": ["carrier"], "prior_rows": 0}])
def test_arguments_without_meaning_are_refused(arguments):
    """
    No column, or no prior: rates of nothing.
    """
    with pytest.raises(ConfigError, match="one column and prior_rows > 0 must be given"):
        HistoricalRate(**arguments)
