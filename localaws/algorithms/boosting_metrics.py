"""The evaluation metrics of AWS's XGBoost image: XGBoost's own and those AWS adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

NATIVE = (
    "aft-nloglik",
    "auc",
    "aucpr",
    "cox-nloglik",
    "error",
    "gamma-deviance",
    "gamma-nloglik",
    "interval-regression-accuracy",
    "logloss",
    "mae",
    "map",
    "mape",
    "merror",
    "mlogloss",
    "mphe",
    "ndcg",
    "poisson-nloglik",
    "rmse",
    "rmsle",
    "tweedie-nloglik",
)
CUSTOM = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "mse",
    "precision",
    "precision_macro",
    "precision_micro",
    "r2",
    "recall",
    "recall_macro",
    "recall_micro",
)
METRICS = (*NATIVE, *CUSTOM)
HIGHER = frozenset(CUSTOM) - {"mse"}

Metric = Callable[[Any, Any], list[tuple[str, float]]]


def custom_metrics(names: Sequence[str], classes: int | None) -> Metric:
    """The function XGBoost calls for metrics that are not its own.

    Args:
        names: Of those metrics.
        classes: Classes of a multi-class objective.
    """
    known = _known()

    def evaluate(predicted: Any, matrix: Any) -> list[tuple[str, float]]:
        truth = matrix.get_label()
        if classes and predicted.ndim == 1 and len(predicted) == classes * len(truth):
            predicted = predicted.reshape(len(truth), classes)
        decided = predicted.argmax(1) if predicted.ndim == 2 else (predicted if classes else predicted > 0.5)
        return [
            (name, float(known[name](truth, predicted if name in ("mse", "r2") else decided.astype(int))))
            for name in names
        ]

    return evaluate


def _known() -> Mapping[str, Callable[[Any, Any], float]]:
    """The functions (truth, prediction) by name."""
    from sklearn import metrics

    def averaged(function: Callable[..., float], average: str) -> Callable[[Any, Any], float]:
        return lambda truth, decided: function(truth, decided, average=average, zero_division=0)

    return {
        "accuracy": metrics.accuracy_score,
        "balanced_accuracy": metrics.balanced_accuracy_score,
        "f1": averaged(metrics.f1_score, "macro"),
        "f1_binary": averaged(metrics.f1_score, "binary"),
        "f1_macro": averaged(metrics.f1_score, "macro"),
        "mse": metrics.mean_squared_error,
        "precision": averaged(metrics.precision_score, "binary"),
        "precision_macro": averaged(metrics.precision_score, "macro"),
        "precision_micro": averaged(metrics.precision_score, "micro"),
        "r2": metrics.r2_score,
        "recall": averaged(metrics.recall_score, "binary"),
        "recall_macro": averaged(metrics.recall_score, "macro"),
        "recall_micro": averaged(metrics.recall_score, "micro"),
    }
