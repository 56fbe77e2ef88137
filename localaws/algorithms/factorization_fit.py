"""The fit of a factorization machine: Adam on mini-batches, which moves only the features a batch has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from localaws.algorithms.linear_losses import sigmoid

BETA_1, BETA_2 = 0.9, 0.999


@dataclass
class Factors:
    """A model's numbers.

    Attributes:
        bias: Of every row.
        linear: Of each feature.
        pairs: A vector for each feature; two features together count as their product.
    """

    bias: float
    linear: np.ndarray
    pairs: np.ndarray

    def scores(self, rows: sparse.csr_matrix) -> np.ndarray:
        """The value of each row."""
        return self._with_sums(rows)[0]

    def _with_sums(self, rows: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
        sums = rows @ self.pairs
        own = rows.power(2) @ (self.pairs**2)
        scores: np.ndarray = self.bias + rows @ self.linear + 0.5 * ((sums**2).sum(1) - own.sum(1))
        return scores, sums

    def slopes(
        self, rows: sparse.csr_matrix, columns: np.ndarray, labels: np.ndarray, classifies: bool
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """How the batch's mean loss changes with the bias, and with the given features' numbers."""
        scores, sums = self._with_sums(rows)
        error = ((sigmoid(scores) if classifies else scores) - labels) / len(labels)
        weighted = sparse.diags(error) @ rows[:, columns]
        own = np.asarray(weighted.multiply(rows[:, columns]).sum(0)).ravel()
        pairs = weighted.T @ sums - own[:, None] * self.pairs[columns]
        return float(error.sum()), np.asarray(weighted.sum(0)).ravel(), pairs


class Adam:
    """Moves some rows of an array; the moments of the others rest."""

    def __init__(self, values: Mapping[str, Any], term: str, like: np.ndarray) -> None:
        self._rate, self._decay = values[f"{term}_lr"], values[f"{term}_wd"]
        self._clip, self._rescale, self._eps = (
            values["clip_gradient"],
            values["rescale_grad"],
            values["eps"],
        )
        self._first, self._second = np.zeros_like(like), np.zeros_like(like)
        self._steps = 0

    def move(self, array: np.ndarray, rows: Any, slope: np.ndarray) -> None:
        """Change the rows against their slope."""
        if self._rescale is not None:
            slope = slope * self._rescale
        if self._clip is not None:
            slope = np.clip(slope, -self._clip, self._clip)
        slope = slope + self._decay * array[rows]
        self._steps += 1
        self._first[rows] = first = BETA_1 * self._first[rows] + (1 - BETA_1) * slope
        self._second[rows] = second = BETA_2 * self._second[rows] + (1 - BETA_2) * slope**2
        scale = np.sqrt(second / (1 - BETA_2**self._steps)) + self._eps
        array[rows] -= self._rate * first / (1 - BETA_1**self._steps) / scale


def fit(
    rows: sparse.csr_matrix, labels: np.ndarray, values: Mapping[str, Any], classifies: bool
) -> Iterator[Factors]:
    """The model after each epoch; the same object each time.

    Args:
        rows: A row for each example.
        labels: Values, or 0 and 1.
        values: The hyperparameters.
        classifies: Whether the score is a probability's logit.
    """
    generator, labels = np.random.default_rng(0), labels.astype(np.float32)
    width, rank = rows.shape[1], values["num_factors"]
    bias = _first(values, "bias", (1,), generator)
    linear = _first(values, "linear", (width,), generator)
    pairs = _first(values, "factors", (width, rank), generator)
    model = Factors(float(bias[0]), linear, pairs)
    steps = [Adam(values, "bias", bias), Adam(values, "linear", linear), Adam(values, "factors", pairs)]
    for _ in range(values["epochs"]):
        order = generator.permutation(rows.shape[0])
        for start in range(0, len(order), values["mini_batch_size"]):
            chosen = order[start : start + values["mini_batch_size"]]
            batch = rows[chosen]
            columns = np.unique(batch.indices)
            by_bias, by_linear, by_pairs = model.slopes(batch, columns, labels[chosen], classifies)
            steps[0].move(bias, slice(None), np.array([by_bias]))
            steps[1].move(linear, columns, by_linear)
            steps[2].move(pairs, columns, by_pairs)
            model.bias = float(bias[0])
        yield model


def _first(
    values: Mapping[str, Any], term: str, shape: tuple[int, ...], generator: np.random.Generator
) -> np.ndarray:
    """A term's numbers before the fit."""
    method, scale = values[f"{term}_init_method"], values[f"{term}_init_scale"]
    if method == "normal":
        first = generator.normal(0, values[f"{term}_init_sigma"], shape)
    elif method == "uniform":
        first = generator.uniform(-scale, scale, shape)
    else:
        first = np.full(shape, float(values[f"{term}_init_value"]))
    return first.astype(np.float32)
