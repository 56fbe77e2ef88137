"""Factorization machines: regression and binary classification by pairs of sparse features.

Source: Rendle, Factorization Machines (2010); AWS documentation, Factorization Machines hyperparameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from localaws.algorithms.algorithm import MODEL, Algorithm
from localaws.algorithms.batches import check_batch
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.factorization_fit import Factors, fit
from localaws.algorithms.hyperparameters import Parameter, choice, integer, number
from localaws.algorithms.job import Job
from localaws.algorithms.linear_losses import sigmoid
from localaws.algorithms.linear_quality import binary_quality, regression_quality
from localaws.algorithms.quality import progress, quality
from localaws.algorithms.recordio import CONTENT_TYPE
from localaws.algorithms.requests import JSON, JSON_LINES, fitted
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import Matrix, Table, read_channel

THRESHOLD = 0.5
CROSS_ENTROPY = "binary_classification_cross_entropy"
SCORES = ("binary_classification_accuracy", "binary_f_beta")


def _term(name: str, *, rate: float, decay: float, sigma: float) -> dict[str, Parameter]:
    """The hyperparameters of one of the model's three terms."""
    return {
        f"{name}_init_method": choice("normal", "uniform", "constant", default="normal"),
        f"{name}_init_scale": number(0, default=0.001),
        f"{name}_init_sigma": number(0, default=sigma),
        f"{name}_init_value": number(default=0.0),
        f"{name}_lr": number(0, default=rate),
        f"{name}_wd": number(0, default=decay),
    }


PARAMETERS: Mapping[str, Parameter] = {
    "feature_dim": integer(1, required=True),
    "num_factors": integer(1, required=True),
    "predictor_type": choice("binary_classifier", "regressor", required=True),
    "epochs": integer(1, default=1),
    "mini_batch_size": integer(1, default=1000),
    "clip_gradient": number(0),
    "rescale_grad": number(0),
    "eps": number(above=0, default=1e-8),
    **_term("bias", rate=0.1, decay=0.01, sigma=0.01),
    **_term("linear", rate=0.001, decay=0.001, sigma=0.01),
    **_term("factors", rate=0.0001, decay=0.00001, sigma=0.001),
}


@dataclass(frozen=True)
class FactorizationMachine:
    """A fitted model."""

    factors: Factors
    classifies: bool

    def scores(self, rows: Matrix) -> np.ndarray:
        """A value for each row; of a classifier the probability of 1."""
        raw = self.factors.scores(sparse.csr_matrix(rows))
        return sigmoid(raw) if self.classifies else raw

    def predict(self, rows: Matrix) -> Predictions:
        """Scores, and of a classifier labels."""
        scores = self.scores(fitted(rows, len(self.factors.linear)))
        if not self.classifies:
            return Predictions({"score": scores})
        return Predictions({"score": scores, "predicted_label": (scores >= THRESHOLD).astype(float)})

    def report(self, host: str, where: str, table: Table) -> None:
        """Print how good it is."""
        scores, labels = self.scores(table.features), table.needed_labels
        if not self.classifies:
            quality(host, where, regression_quality(scores, labels))
            return
        found = binary_quality(scores, labels, THRESHOLD, 1.0)
        quality(host, where, {name: found[name] for name in SCORES}, "score")
        quality(host, where, {CROSS_ENTROPY: cross_entropy(scores, labels)})


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The mean surprise at the labels."""
    right = np.where(labels == 1, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Fit a model, and report it."""
    tables = {name: _table(job, name, values) for name in ("train", "test") if name in job.channels}
    check_batch(len(tables["train"].needed_labels), values["mini_batch_size"])
    classifies = values["predictor_type"] == "binary_classifier"
    features = sparse.csr_matrix(tables["train"].features)
    for epoch, factors in enumerate(fit(features, tables["train"].needed_labels, values, classifies)):
        model = FactorizationMachine(factors, classifies)
        model.report(job.host, f"epoch={epoch}, train", tables["train"])
        progress(job.host, epoch + 1, values["epochs"])
    for name, table in tables.items():
        model.report(job.host, name, table)
    with (job.model / MODEL).open("wb") as file:
        np.savez(file, classifies=classifies, bias=factors.bias, linear=factors.linear, pairs=factors.pairs)


def load(folder: Path) -> FactorizationMachine:
    """The model ``train`` wrote."""
    with np.load(folder / MODEL, allow_pickle=False) as file:
        factors = Factors(float(file["bias"]), file["linear"], file["pairs"])
        return FactorizationMachine(factors, bool(file["classifies"]))


def _table(job: Job, name: str, values: Mapping[str, Any]) -> Table:
    table = read_channel(
        job.channels[name], default=CONTENT_TYPE, accepted=(CONTENT_TYPE,), width=values["feature_dim"]
    )
    labels = table.needed_labels
    if values["predictor_type"] == "binary_classifier" and not np.isin(labels, (0, 1)).all():
        wrong = labels[~np.isin(labels, (0, 1))][0]
        raise CustomerError(f"the labels of a binary_classifier are 0 and 1, found {wrong:g}")
    return table


ALGORITHM = Algorithm(
    PARAMETERS, train, load, channels=("train", "test"), request_types=(JSON, JSON_LINES, CONTENT_TYPE)
)
