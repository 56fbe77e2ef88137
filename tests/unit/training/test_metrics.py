"""Scores have scikit-learn's names and values."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from foldline.errors import ConfigError
from training.metrics import METRICS, counts_by_threshold, score

REFERENCE = {
    "roc_auc": sklearn.metrics.roc_auc_score,
    "average_precision": sklearn.metrics.average_precision_score,
    "log_loss": sklearn.metrics.log_loss,
    "brier_score": sklearn.metrics.brier_score_loss,
    "accuracy": lambda labels, chance: sklearn.metrics.accuracy_score(labels, chance >= 0.5),
    "f1": lambda labels, chance: sklearn.metrics.f1_score(labels, chance >= 0.5, zero_division=0),
}

tied = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1.0])
chances = st.one_of(tied, st.floats(0, 1))
rows = st.lists(st.tuples(st.booleans(), chances), min_size=2, max_size=60)


@pytest.mark.parametrize("metric", METRICS)
@settings(deadline=None)
@given(rows=rows)
def test_each_metric_has_scikit_learns_value(metric, rows):
    """
    To 1e-12, with ties, certain answers and rows of any balance.
    """
    labels = np.array([label for label, _ in rows], dtype=np.int8)
    chance = np.array([chance for _, chance in rows])
    if labels.min() == labels.max():
        return

    assert score(metric, labels, chance) == pytest.approx(
        REFERENCE[metric](labels, chance), rel=1e-12, abs=1e-12
    )


def test_large_tables_score_as_small_ones():
    """
    Counts are 64-bit: 200,000 rows have 10^10 pairs.
    """
    random = np.random.default_rng(0)
    labels = (random.random(200_000) < 0.4).astype(np.int8)
    chance = np.round(random.random(200_000) * 0.5 + labels * 0.2, 3)

    assert score("roc_auc", labels, chance) == pytest.approx(
        sklearn.metrics.roc_auc_score(labels, chance), abs=1e-12
    )


def test_thresholds_come_from_high_to_low_with_their_counts():
    """
    Equal probabilities are one threshold.
    """
    thresholds, true, false = counts_by_threshold(
        np.array([1, 0, 1, 0], dtype=np.int8), np.array([0.9, 0.5, 0.5, 0.1])
    )

    assert ([0.9, 0.5, 0.1], [1, 2, 2], [0, 1, 2]) == (thresholds.tolist(), true.tolist(), false.tolist())


def test_every_metric_has_a_direction_and_a_function():
    """
    What a step file may name can be computed.
    """
    labels, chance = np.array([0, 1], dtype=np.int8), np.array([0.2, 0.8])

    assert set(REFERENCE) == set(METRICS)
    assert {"maximize", "minimize"} == set(METRICS.values())
    assert all(isinstance(score(name, labels, chance), float) for name in METRICS)


def test_an_unknown_metric_names_the_nearest():
    """
    `auc_roc` was meant to be `roc_auc`.
    """
    with pytest.raises(ConfigError, match="did you mean 'roc_auc'"):
        score("rocauc", np.array([0, 1], dtype=np.int8), np.array([0.2, 0.8]))
