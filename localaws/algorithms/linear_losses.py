"""Losses of linear models with their slopes, for several models at once.

Scores are of shape (rows, models, outputs): one output, or one for each class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Loss = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From scores and labels (rows,) to the loss of each row and model, and its slope by each score."""

OBJECTIVES = {
    "squared_loss": "mse_objective",
    "absolute_loss": "absolute_loss_objective",
    "logistic": "binary_classification_cross_entropy_objective",
    "hinge_loss": "hinge_loss_objective",
    "softmax_loss": "multiclass_cross_entropy_objective",
}
"""What the log calls a loss; of the others it is the loss's name and ``_objective``."""


def loss_function(name: str, values: Mapping[str, Any], class_weights: np.ndarray | None) -> Loss:
    """The loss of a name.

    Args:
        name: As the hyperparameter ``loss`` has it.
        values: All hyperparameters.
        class_weights: What an example of each class counts; equally much when None.
    """
    if name == "softmax_loss":
        return _weighted(_softmax, class_weights)
    if name in ("logistic", "hinge_loss"):
        signed = _logistic if name == "logistic" else _hinge(values["margin"])
        return _weighted(lambda scores, labels: signed(scores, 2 * labels - 1), class_weights)
    regression = _residual_loss(name, values)

    def loss(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, slope = regression(scores - labels[:, None, None])
        return found[..., 0], slope

    return loss


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of the last axis's classes."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(-1, keepdims=True)
    return shares


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """Probabilities of the positive class."""
    shares: np.ndarray = 0.5 * (1 + np.tanh(0.5 * scores))
    return shares


def _weighted(loss: Loss, class_weights: np.ndarray | None) -> Loss:
    if class_weights is None:
        return loss

    def weighted(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found, slope = loss(scores, labels)
        weights = class_weights[labels.astype(int)]
        return found * weights[:, None], slope * weights[:, None, None]

    return weighted


def _softmax(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slope = softmax(scores)
    rows, classes = np.arange(len(labels)), labels.astype(int)
    found = -np.log(np.maximum(slope[rows, :, classes], 1e-12))
    slope[rows, :, classes] -= 1
    return found, slope


def _logistic(scores: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    signs = signs[:, None, None]
    return np.logaddexp(0, -signs * scores)[..., 0], -signs * sigmoid(-signs * scores)


def _hinge(margin: float) -> Loss:
    def loss(scores: np.ndarray, signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        signs = signs[:, None, None]
        short = margin - signs * scores
        return np.maximum(short, 0)[..., 0], np.where(short > 0, -signs, 0.0)

    return loss


def _residual_loss(
    name: str, values: Mapping[str, Any]
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A regression loss of the residual, score minus label."""
    idle, quantile = values["loss_insensitivity"], values["quantile"]
    delta = 1.0 if values["huber_delta"] == "auto" else values["huber_delta"]

    def beyond(residual: np.ndarray) -> np.ndarray:
        outside: np.ndarray = np.sign(residual) * np.maximum(np.abs(residual) - idle, 0)
        return outside

    def huber(residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inner = np.clip(residual, -delta, delta)
        return inner * (residual - 0.5 * inner), inner

    losses: dict[str, Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
        "squared_loss": lambda residual: (residual**2, 2 * residual),
        "absolute_loss": lambda residual: (np.abs(residual), np.sign(residual)),
        "eps_insensitive_squared_loss": lambda residual: (beyond(residual) ** 2, 2 * beyond(residual)),
        "eps_insensitive_absolute_loss": lambda residual: (
            np.abs(beyond(residual)),
            np.sign(beyond(residual)),
        ),
        "quantile_loss": lambda residual: (
            np.maximum(-quantile * residual, (1 - quantile) * residual),
            np.where(residual > 0, 1 - quantile, -quantile),
        ),
        "huber_loss": huber,
    }
    return losses[name]
