"""Curves of probabilities against labels, thinned for a report. Container side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.features import Labels, Numbers
from training.metrics import counts_by_threshold

POINTS = 200
"""Points of a curve at most."""
BINS = 10
"""Bins of the calibration curve, of equal rows."""

Curve = list[list[float]]


def roc_points(labels: Labels, probabilities: Numbers) -> Curve:
    """[false positive rate, true positive rate] from [0, 0] to [1, 1]."""
    _, true, false = counts_by_threshold(labels, probabilities)
    return _thinned(np.append(0, false) / false[-1], np.append(0, true) / true[-1])


def pr_points(labels: Labels, probabilities: Numbers) -> Curve:
    """[recall, precision] from recall 0, where precision is 1 by convention, to recall 1."""
    _, true, false = counts_by_threshold(labels, probabilities)
    return _thinned(np.append(0, true) / true[-1], np.append(1.0, true / (true + false)))


def calibration_bins(labels: Labels, probabilities: Numbers) -> list[dict[str, Any]]:
    """Mean probability and share of class 1 in bins of equal rows, from low to high; fewer bins than rows."""
    order = np.argsort(probabilities, kind="stable")
    return [
        {
            "mean_predicted": float(probabilities[rows].mean()),
            "fraction_positive": float(labels[rows].mean()),
            "rows": int(rows.size),
        }
        for rows in np.array_split(order, BINS)
        if rows.size
    ]


def best_f1_threshold(labels: Labels, probabilities: Numbers) -> float:
    """The highest probability that, as a threshold, gives the largest F1."""
    thresholds, true, false = counts_by_threshold(labels, probabilities)
    return float(thresholds[np.argmax(2 * true / (true + false + true[-1]))])


def _thinned(x: NDArray[Any], y: NDArray[Any]) -> Curve:
    """The points nearest to equal steps along the curve; its ends are kept."""
    if x.size > POINTS:
        walked = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        kept = np.unique(np.searchsorted(walked, np.linspace(0, walked[-1], POINTS)).clip(0, x.size - 1))
        kept[0], kept[-1] = 0, x.size - 1
        x, y = x[kept], y[kept]
    return [[float(a), float(b)] for a, b in zip(x, y, strict=True)]
