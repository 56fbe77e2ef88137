"""How good a linear model's scores are, by the names AWS's log has for it, and where to cut a probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

LOSSES = ("absolute_loss", "mse", "rmse")


def regression_quality(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of a regressor."""
    residual = scores - labels
    mse = float(np.mean(residual**2))
    return {"mse": mse, "rmse": mse**0.5, "absolute_loss": float(np.abs(residual).mean())}


def binary_quality(scores: np.ndarray, labels: np.ndarray, threshold: float, beta: float) -> dict[str, float]:
    """Of a binary classifier that says 1 from a threshold on."""
    from sklearn.metrics import roc_auc_score

    precision, recall = _precision_recall(scores >= threshold, labels == 1)
    found = {
        "binary_classification_accuracy": float(np.mean((scores >= threshold) == labels)),
        "precision": precision,
        "recall": recall,
        "binary_f_beta": _f_beta(precision, recall, beta),
    }
    if 0 < labels.mean() < 1:
        found["roc_auc_score"] = float(roc_auc_score(labels, scores))
    return found


def multiclass_quality(scores: np.ndarray, labels: np.ndarray, top: int, beta: float) -> dict[str, float]:
    """Of a classifier with a score for each class."""
    said = scores.argmax(1)
    pairs = [_precision_recall(said == one, labels == one) for one in range(scores.shape[1])]
    places = (scores > scores[np.arange(len(labels)), labels.astype(int)][:, None]).sum(1)
    return {
        "multiclass_accuracy": float(np.mean(said == labels)),
        "multiclass_top_k_accuracy": float(np.mean(places < top)),
        "dcg": float(np.mean(1 / np.log2(places + 2))),
        "macro_precision": float(np.mean([precision for precision, _ in pairs])),
        "macro_recall": float(np.mean([recall for _, recall in pairs])),
        "macro_f_beta": float(np.mean([_f_beta(*pair, beta) for pair in pairs])),
    }


def threshold_of(
    scores: np.ndarray, labels: np.ndarray, values: Mapping[str, Any], middle: float
) -> tuple[float, float]:
    """Where to cut a binary classifier's scores by the selection criterion, and how good that is.

    Args:
        scores: Of the calibration rows.
        labels: 0 or 1.
        values: The hyperparameters.
        middle: Where to cut when the criterion does not ask for a place of its own.
    """
    criterion = values["binary_classifier_model_selection_criteria"]
    if criterion == "accuracy":
        return middle, float(np.mean((scores >= middle) == labels))
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / max(hits[-1], 1)
    if criterion in ("f1", "f_beta"):
        beta = values["f_beta"] ** 2 if criterion == "f_beta" else 1.0
        worth = (1 + beta) * precision * recall / np.maximum(beta * precision + recall, 1e-12)
    elif criterion == "precision_at_target_recall":
        worth = np.where(recall >= values["target_recall"], precision, -1)
    else:
        worth = np.where(precision >= values["target_precision"], recall, -1)
    last_of_its_score = np.append(np.diff(scores[order]) != 0, True)
    best = int(np.argmax(np.where(last_of_its_score, worth, -2)))
    return float(scores[order][best]), float(worth[best])


def _precision_recall(said: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    hits = float((said & true).sum())
    return hits / max(float(said.sum()), 1.0), hits / max(float(true.sum()), 1.0)


def _f_beta(precision: float, recall: float, beta: float) -> float:
    below = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / below if below else 0.0
