"""How well one column alone separates the label."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from preprocessing.leakage import Bins, equals_label, separation

RANDOM = np.random.default_rng(11)
LABELS = (RANDOM.random(4_000) < 0.3).astype(np.int8)


def bins(values) -> Bins:
    return Bins.of(pa.chunked_array([values]))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_numeric_column_scores_its_auc_in_the_better_direction(sign):
    """
    With ties and without missing values it is scikit-learn's ROC AUC.
    """
    values = np.round(RANDOM.normal(size=LABELS.size) + LABELS, 1)

    assert separation(bins(sign * values), LABELS, ordered=True) == pytest.approx(
        roc_auc_score(LABELS, values), abs=1e-12
    )


@pytest.mark.parametrize("leaking", [0, 1])
def test_missing_values_may_leak_the_label(leaking):
    """
    A column that is empty exactly for one class separates as well as the label itself; None and NaN alike.
    """
    noise = RANDOM.normal(size=LABELS.size)

    assert 1.0 == separation(bins(np.where(LABELS == leaking, np.nan, noise)), LABELS, ordered=True)
    assert 1.0 == separation(bins(pa.array(noise, mask=LABELS == leaking)), LABELS, ordered=True)


def test_many_rare_categories_are_no_leak():
    """
    An id tells each row's label when it is judged on the rows it was learnt from; the other half knows better.
    """
    assert 0.5 == separation(bins([f"id{number}" for number in range(LABELS.size)]), LABELS, ordered=False)


def test_a_category_that_follows_from_the_label_is_a_leak():
    """
    Names carry no order: their rates do.
    """
    values = [
        ["on time", "early"][number % 2] if label == 0 else "late" for number, label in enumerate(LABELS)
    ]

    assert 1.0 == separation(bins(values), LABELS, ordered=False)


def test_noise_separates_nothing():
    """
    A column without a signal stays near one half.
    """
    assert separation(bins(RANDOM.normal(size=LABELS.size)), LABELS, ordered=True) < 0.53
    assert separation(bins(RANDOM.choice(list("abc"), LABELS.size).tolist()), LABELS, ordered=False) < 0.55


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (LABELS, True),
        (1 - LABELS, True),
        (np.where(LABELS, "yes", "no").tolist(), True),
        (pa.array(LABELS, mask=np.arange(LABELS.size) < 5), True),
        (np.append(1 - LABELS[0], LABELS[1:]), False),
        (np.where(LABELS, 2, np.arange(LABELS.size) % 2), False),
        (np.zeros(LABELS.size), False),
    ],
)
def test_a_column_equals_the_label_when_two_values_stand_for_two_classes(values, expected):
    """
    Whatever the values are called; one exception, or a third value, and it is another column.
    """
    assert expected == equals_label(bins(values), LABELS)
