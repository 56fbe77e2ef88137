"""Scores of probabilities against labels: scikit-learn's names and values, not its import. Container side.

Importing scikit-learn takes a second, longer than the fit of many a fold; a test holds each function to
scikit-learn's value.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from foldline.errors import ConfigError
from preprocessing.spelling import suggestion
from training.features import Labels, Numbers

METRICS = {
    "roc_auc": "maximize",
    "average_precision": "maximize",
    "log_loss": "minimize",
    "brier_score": "minimize",
    "accuracy": "maximize",
    "f1": "maximize",
}
"""Every metric a step file may name, and which way is better. accuracy and f1 judge at the threshold 0.5."""

Counts = NDArray[np.int64]


def score(metric: str, labels: Labels, probabilities: Numbers) -> float:
    """The value of ``metric``; labels hold both classes.

    Raises:
        ConfigError: There is no such metric; names the nearest.
    """
    if metric not in METRICS:
        raise ConfigError(
            f"unknown metric {metric!r}", where="`metric` of the step file", mend=suggestion(metric, METRICS)
        )
    return float(_FUNCTIONS[metric](labels, probabilities))


def counts_by_threshold(labels: Labels, probabilities: Numbers) -> tuple[Numbers, Counts, Counts]:
    """Distinct thresholds from high to low with the true and false positives at or above each."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], labels[order].astype(np.int64)
    last = np.append(np.flatnonzero(np.diff(ranked)), labels.size - 1)
    true = np.cumsum(hits)[last]
    return ranked[last], true, last + 1 - true


def roc_auc(labels: Labels, probabilities: Numbers) -> float:
    """Area under the ROC curve: the chance that a positive is ranked above a negative, ties count half."""
    _, true, false = counts_by_threshold(labels, probabilities)
    true, false = np.append(0, true), np.append(0, false)
    area = np.sum(np.diff(false) * (true[1:] + true[:-1])) / 2
    return float(area / (float(true[-1]) * float(false[-1])))


def average_precision(labels: Labels, probabilities: Numbers) -> float:
    """Mean of the precisions at each threshold, weighted by the gain in recall."""
    _, true, false = counts_by_threshold(labels, probabilities)
    return float(np.sum(np.diff(np.append(0, true)) / true[-1] * (true / (true + false))))


def log_loss(labels: Labels, probabilities: Numbers) -> float:
    """Mean negative log-likelihood; probabilities are clipped by one float64 epsilon."""
    epsilon = np.finfo(np.float64).eps
    clipped = np.clip(probabilities, epsilon, 1 - epsilon)
    return float(-np.mean(np.where(labels == 1, np.log(clipped), np.log(1 - clipped))))


def brier_score(labels: Labels, probabilities: Numbers) -> float:
    """Mean squared distance between probability and label."""
    return float(np.mean((probabilities - labels) ** 2))


def accuracy(labels: Labels, probabilities: Numbers, threshold: float = 0.5) -> float:
    """Share of rows on the right side of the threshold."""
    return float(np.mean((probabilities >= threshold) == (labels == 1)))


def f1(labels: Labels, probabilities: Numbers, threshold: float = 0.5) -> float:
    """Harmonic mean of precision and recall at the threshold; 0 when nothing is predicted or found."""
    predicted = probabilities >= threshold
    hits = int(np.sum(predicted & (labels == 1)))
    judged = int(predicted.sum()) + int(labels.sum())
    return 2 * hits / judged if judged else 0.0


_FUNCTIONS: dict[str, Callable[[Labels, Numbers], float]] = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier_score": brier_score,
    "accuracy": accuracy,
    "f1": f1,
}
