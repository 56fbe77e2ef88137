"""Several linear models fitted at once by mini-batches, each with its own learning rate and penalties."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from localaws.algorithms.linear_losses import Loss
from localaws.algorithms.tables import Matrix

RATES = (0.1, 0.02, 0.4, 0.005)
DECAYS = (1e-5, 0.0, 1e-3, 1e-2)
LAST_RATE = 0.02  # what is left of the learning rate at the end, when it is ours to choose


@dataclass(frozen=True)
class Examples:
    """Rows as the fit sees them: scaled."""

    features: Matrix
    labels: np.ndarray


@dataclass
class Weights:
    """Weights of all models: of shape (features, models, outputs), biases of shape (models, outputs)."""

    weights: np.ndarray
    bias: np.ndarray

    def scores(self, features: Matrix) -> np.ndarray:
        """Of shape (rows, models, outputs)."""
        flat = np.asarray(features @ self.weights.reshape(len(self.weights), -1))
        scores: np.ndarray = flat.reshape(-1, *self.bias.shape) + self.bias
        return scores


@dataclass(frozen=True)
class Candidates:
    """What the models differ in: arrays of shape (models,)."""

    rate: np.ndarray
    decay: np.ndarray
    l1: np.ndarray

    @classmethod
    def of(cls, values: Mapping[str, Any], *, single: bool) -> Candidates:
        """Those of the hyperparameters: where one is ``auto`` several are tried, the likeliest first."""
        rates = RATES if values["learning_rate"] == "auto" else (values["learning_rate"],)
        decays = DECAYS if values["wd"] == "auto" else (values["wd"],)
        all_of_them = list(itertools.product(rates, decays))
        asked = len(all_of_them) if values["num_models"] == "auto" else values["num_models"]
        chosen = all_of_them[: 1 if single else asked]
        l1 = 0.0 if values["l1"] == "auto" else values["l1"]
        return cls(
            np.array([rate for rate, _ in chosen]),
            np.array([decay for _, decay in chosen]),
            np.full(len(chosen), l1),
        )


class Optimizer:
    """Adam, RMSProp, or plain descent with momentum, for arrays whose last axes are (models, outputs)."""

    def __init__(self, values: Mapping[str, Any], like: np.ndarray) -> None:
        def chosen(name: str, default: float) -> float:
            return default if values[name] == "auto" else float(values[name])

        self._kind = "adam" if values["optimizer"] == "auto" else values["optimizer"]
        self._beta_1, self._beta_2 = chosen("beta_1", 0.9), chosen("beta_2", 0.999)
        self._momentum = chosen("momentum", 0.9)
        self._first, self._second = np.zeros_like(like), np.zeros_like(like)
        self._steps = 0

    def step(self, slope: np.ndarray) -> np.ndarray:
        """What to go against, times the learning rate."""
        self._steps += 1
        if self._kind == "sgd":
            self._first = self._momentum * self._first + slope
            return self._first
        beta_2 = self._beta_2 if self._kind == "adam" else 0.9
        self._second = beta_2 * self._second + (1 - beta_2) * slope**2
        if self._kind == "rmsprop":
            return slope / (np.sqrt(self._second) + 1e-8)
        self._first = self._beta_1 * self._first + (1 - self._beta_1) * slope
        first = self._first / (1 - self._beta_1**self._steps)
        second = self._second / (1 - self._beta_2**self._steps)
        step: np.ndarray = first / (np.sqrt(second) + 1e-8)
        return step


@dataclass
class Fit:
    """A fit under way.

    Attributes:
        values: The hyperparameters.
        candidates: The models.
        loss: The loss of each row.
        train: The training rows.
        outputs: Scores of a row for each model.
    """

    values: Mapping[str, Any]
    candidates: Candidates
    loss: Loss
    train: Examples
    outputs: int

    def epochs(self) -> Iterator[tuple[Weights, np.ndarray]]:
        """After each epoch: the weights, and each model's mean training loss."""
        values, order = self.values, np.random.default_rng(0)
        current = self._first_weights(order)
        optimizers = [Optimizer(values, current.weights), Optimizer(values, current.bias)]
        rows, size = len(self.train.labels), values["mini_batch_size"]
        rate_at = self._schedule(-(-rows // size))
        steps = itertools.count()
        for _ in range(values["epochs"]):
            shuffled = order.permutation(rows)
            total = np.zeros(len(self.candidates.rate))
            for start in range(0, rows, size):
                chosen = shuffled[start : start + size]
                total += self._step(current, optimizers, chosen, rate_at(next(steps)))
            yield current, total / rows

    def objective(self, weights: Weights, examples: Examples) -> np.ndarray:
        """Each model's mean loss."""
        mean: np.ndarray = self.loss(weights.scores(examples.features), examples.labels)[0].mean(0)
        return mean

    def _step(
        self, current: Weights, optimizers: list[Optimizer], chosen: np.ndarray, rate: np.ndarray
    ) -> np.ndarray:
        """Change the weights by one batch; the sum of its losses."""
        features = self.train.features[chosen]
        losses, slope = self.loss(current.scores(features), self.train.labels[chosen])
        slope = slope / len(chosen)
        by_weight = np.asarray(features.T @ slope.reshape(len(chosen), -1)).reshape(current.weights.shape)
        by_weight += self.candidates.decay[:, None] * current.weights
        rate = rate[:, None]
        current.weights = current.weights - rate * optimizers[0].step(by_weight)
        if self.candidates.l1.any():
            limit = rate * self.candidates.l1[:, None]
            current.weights = np.sign(current.weights) * np.maximum(np.abs(current.weights) - limit, 0)
        if self.values["use_bias"]:
            decay = 0.0 if self.values["bias_wd_mult"] == "auto" else self.values["bias_wd_mult"]
            by_bias = slope.sum(0) + decay * self.candidates.decay[:, None] * current.bias
            faster = 1.0 if self.values["bias_lr_mult"] == "auto" else self.values["bias_lr_mult"]
            current.bias = current.bias - faster * rate * optimizers[1].step(by_bias)
        total: np.ndarray = losses.sum(0)
        return total

    def _first_weights(self, generator: np.random.Generator) -> Weights:
        values, models = self.values, len(self.candidates.rate)
        shape = (self.train.features.shape[1], 1, self.outputs)
        if values["init_method"] == "normal":
            drawn = generator.normal(0, values["init_sigma"], shape)
        else:
            drawn = generator.uniform(-values["init_scale"], values["init_scale"], shape)
        bias = values["init_bias"] if values["use_bias"] else 0.0
        return Weights(np.repeat(drawn, models, 1), np.full((models, self.outputs), float(bias)))

    def _schedule(self, batches: int) -> Callable[[int], np.ndarray]:
        """The models' learning rates at a step."""
        values, first = self.values, self.candidates.rate
        if not values["use_lr_scheduler"]:
            return lambda _step: first
        last = 0.0 if values["lr_scheduler_minimum_lr"] == "auto" else values["lr_scheduler_minimum_lr"]
        every = batches if values["lr_scheduler_step"] == "auto" else values["lr_scheduler_step"]
        times = max(values["epochs"] * batches // every, 1)
        own = values["lr_scheduler_factor"]
        factor = LAST_RATE ** (1 / times) if own == "auto" else own
        return lambda step: np.maximum(first * factor ** (step // every), np.minimum(last, first))
