"""Curves are thinned without losing their ends or their area."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics

from training.curves import best_f1_threshold, calibration_bins, pr_points, roc_points
from training.metrics import f1

RANDOM = np.random.default_rng(5)
LABELS = (RANDOM.random(5_000) < 0.3).astype(np.int8)
CHANCES = np.clip(RANDOM.normal(0.3, 0.2, 5_000) + 0.2 * LABELS, 0, 1)


def test_a_roc_curve_runs_from_corner_to_corner():
    """
    At most 200 points, and their area is the curve's.
    """
    points = np.array(roc_points(LABELS, CHANCES))

    assert [0.0, 0.0] == points[0].tolist()
    assert [1.0, 1.0] == points[-1].tolist()
    assert 100 < len(points) <= 200
    assert (np.diff(points, axis=0) >= 0).all()
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(
        sklearn.metrics.roc_auc_score(LABELS, CHANCES), abs=1e-3
    )


def test_every_point_lies_on_the_curve():
    """
    Points are chosen, not interpolated.
    """
    recall_precision = {
        (round(recall, 12), round(precision, 12))
        for precision, recall, _ in zip(
            *sklearn.metrics.precision_recall_curve(LABELS, CHANCES), strict=False
        )
    } | {(0.0, 1.0)}

    points = pr_points(LABELS, CHANCES)

    assert len(points) <= 200
    assert [0.0, 1.0] == points[0]
    assert 1.0 == points[-1][0]
    assert {(round(recall, 12), round(precision, 12)) for recall, precision in points} <= recall_precision


def test_a_short_curve_is_given_whole():
    """
    Four rows have at most five points.
    """
    labels, chances = np.array([1, 0, 1, 0], dtype=np.int8), np.array([0.9, 0.8, 0.3, 0.1])

    assert [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]] == roc_points(labels, chances)


def test_calibration_bins_hold_equal_rows():
    """
    Ten bins from low to high; sums over the bins are those of the table.
    """
    bins = calibration_bins(LABELS, CHANCES)

    assert [500] * 10 == [one["rows"] for one in bins]
    assert sorted(one["mean_predicted"] for one in bins) == [one["mean_predicted"] for one in bins]
    assert LABELS.mean() == pytest.approx(np.mean([one["fraction_positive"] for one in bins]))
    assert [1, 1, 1] == [one["rows"] for one in calibration_bins(LABELS[:3], CHANCES[:3])]


def test_the_best_threshold_has_the_largest_f1():
    """
    No other probability gives more.
    """
    best = best_f1_threshold(LABELS, CHANCES)

    assert f1(LABELS, CHANCES, best) == pytest.approx(
        max(f1(LABELS, CHANCES, value) for value in np.unique(CHANCES))
    )
