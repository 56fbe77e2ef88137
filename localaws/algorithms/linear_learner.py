"""Linear learner: regression and classification by a linear model, the best of several fitted at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from localaws.algorithms.algorithm import MODEL, TRAINING_TYPES, Algorithm
from localaws.algorithms.batches import check_batch
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.job import Job
from localaws.algorithms.linear_fit import Candidates, Examples, Fit, Weights
from localaws.algorithms.linear_losses import OBJECTIVES, loss_function, sigmoid, softmax
from localaws.algorithms.linear_parameters import AUTO, PARAMETERS, check, loss_of
from localaws.algorithms.linear_quality import (
    LOSSES,
    binary_quality,
    multiclass_quality,
    regression_quality,
    threshold_of,
)
from localaws.algorithms.linear_scaling import Scaling
from localaws.algorithms.quality import progress, quality
from localaws.algorithms.recordio import CONTENT_TYPE
from localaws.algorithms.requests import fitted
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import Matrix, Table, read_channel


@dataclass(frozen=True)
class LinearModel:
    """A fitted model in the data's own units.

    Attributes:
        kind: The predictor type.
        probabilistic: Whether scores are probabilities.
        weights: Of shape (features, outputs).
        bias: Of shape (outputs,).
        threshold: From which score a binary classifier says 1.
    """

    kind: str
    probabilistic: bool
    weights: np.ndarray
    bias: np.ndarray
    threshold: float = 0.0

    def scores(self, rows: Matrix) -> np.ndarray:
        """A score for each row; of a multi-class model one for each class."""
        raw = np.asarray(rows @ self.weights) + self.bias
        if self.kind == "multiclass_classifier":
            return softmax(raw)
        return sigmoid(raw[:, 0]) if self.probabilistic else raw[:, 0]

    def predict(self, rows: Matrix) -> Predictions:
        """Scores, and of a classifier labels."""
        scores = self.scores(fitted(rows, len(self.weights)))
        if self.kind == "regressor":
            return Predictions({"score": scores})
        if self.kind == "binary_classifier":
            return Predictions({"score": scores, "predicted_label": (scores >= self.threshold).astype(int)})
        return Predictions({"score": scores, "predicted_label": scores.argmax(1)})

    def quality(self, table: Table, values: Mapping[str, Any]) -> dict[str, float]:
        """How good it is, by the log's names."""
        scores, labels = self.scores(table.features), table.needed_labels
        if self.kind == "regressor":
            return regression_quality(scores, labels)
        if self.kind == "binary_classifier":
            return binary_quality(scores, labels, self.threshold, values["f_beta"])
        return multiclass_quality(scores, labels, values["accuracy_top_k"], values["f_beta"])


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Fit models, choose one, and report it."""
    tables = _tables(job, values)
    table = tables["train"]
    check_batch(len(table.needed_labels), values["mini_batch_size"])
    scaling = Scaling.of(table, values)
    judged = tables.get("validation", table)
    weights, objectives = _fitted(
        job, values, scaling, {name: scaling.examples(tables[name]) for name in tables}
    )
    model = _chosen(values, scaling, weights, objectives, judged)
    for name, other in tables.items():
        if name != "train" or "validation" not in tables:
            found = model.quality(other, values)
            for metric, value in found.items():
                quality(job.host, name, {metric: value}, "loss" if metric in LOSSES else "score")
    with (job.model / MODEL).open("wb") as file:
        np.savez(
            file,
            kind=model.kind,
            probabilistic=model.probabilistic,
            weights=model.weights,
            bias=model.bias,
            threshold=model.threshold,
        )


def load(folder: Path) -> LinearModel:
    """The model ``train`` wrote."""
    with np.load(folder / MODEL, allow_pickle=False) as file:
        return LinearModel(
            str(file["kind"]),
            bool(file["probabilistic"]),
            file["weights"],
            file["bias"],
            float(file["threshold"]),
        )


def _tables(job: Job, values: Mapping[str, Any]) -> dict[str, Table]:
    width = None if values["feature_dim"] == AUTO else values["feature_dim"]
    tables: dict[str, Table] = {}
    for name in ("train", *sorted(set(job.channels) - {"train"})):
        table = read_channel(job.channels[name], default=CONTENT_TYPE, accepted=TRAINING_TYPES, width=width)
        width = table.features.shape[1]
        _check_labels(table.needed_labels, values)
        tables[name] = table
    return tables


def _check_labels(labels: np.ndarray, values: Mapping[str, Any]) -> None:
    kind = values["predictor_type"]
    if kind == "regressor":
        return
    classes = 2 if kind == "binary_classifier" else values["num_classes"]
    if not np.isin(labels, np.arange(classes)).all():
        wrong = labels[~np.isin(labels, np.arange(classes))][0]
        raise CustomerError(f"the labels of a {kind} are 0 to {classes - 1}, found {wrong:g}")


def _fitted(
    job: Job, values: Mapping[str, Any], scaling: Scaling, examples: Mapping[str, Examples]
) -> tuple[Weights, np.ndarray]:
    """Each model's weights after its best epoch, and its objective then."""
    several = values["num_classes"] if values["predictor_type"] == "multiclass_classifier" else 1
    name = loss_of(values)
    loss = loss_function(name, values, _class_weights(values, examples["train"].labels))
    candidates = Candidates.of(values, single="_tuning_objective_metric" in job.given)
    fit = Fit(values, candidates, loss, examples["train"], several)
    called, unit = OBJECTIVES.get(name, f"{name}_objective"), scaling.label_unit
    unit = unit**2 if name == "squared_loss" else unit
    best = np.full(len(candidates.rate), np.inf)
    kept: Weights | None = None
    lowest, waited = np.inf, 0
    for epoch, (weights, losses) in enumerate(fit.epochs()):
        judged = {"train": losses}
        if "validation" in examples:
            judged["validation"] = fit.objective(weights, examples["validation"])
        now = judged.get("validation", losses)
        kept = Weights(weights.weights.copy(), weights.bias.copy()) if kept is None else kept
        better = now < best
        kept.weights[:, better], kept.bias[better] = weights.weights[:, better], weights.bias[better]
        best = np.where(better, now, best)
        for channel, objective in judged.items():
            quality(job.host, f"epoch={epoch}, {channel}", {called: float(objective[now.argmin()] * unit)})
        progress(job.host, epoch + 1, values["epochs"])
        waited = 0 if now.min() < lowest * (1 - values["early_stopping_tolerance"]) else waited + 1
        lowest = min(lowest, float(now.min()))
        if waited >= values["early_stopping_patience"]:
            break
    if kept is None or not np.isfinite(best).any():
        raise CustomerError("the training diverged: lower learning_rate, or set normalize_data")
    if "test" in examples:
        final = fit.objective(kept, examples["test"])[best.argmin()]
        quality(job.host, "test", {called: float(final * unit)})
    return kept, best


def _class_weights(values: Mapping[str, Any], labels: np.ndarray) -> np.ndarray | None:
    if values["predictor_type"] == "multiclass_classifier" and values["balance_multiclass_weights"]:
        counts = np.bincount(labels.astype(int), minlength=values["num_classes"])
        balanced: np.ndarray = len(labels) / (len(counts) * np.maximum(counts, 1))
        return balanced
    factor = values["positive_example_weight_mult"]
    if values["predictor_type"] != "binary_classifier" or factor == 1:
        return None
    if factor == AUTO:
        factor = float((labels == 0).sum() / max((labels == 1).sum(), 1))
    return np.array([1.0, factor])


def _chosen(
    values: Mapping[str, Any], scaling: Scaling, weights: Weights, objectives: np.ndarray, judged: Table
) -> LinearModel:
    """The best model: by its objective, of binary classifiers by the selection criterion."""
    criterion = values["binary_classifier_model_selection_criteria"]
    models = [_model(values, scaling, weights, number) for number in range(len(objectives))]
    by_loss = criterion in ("loss_function", "cross_entropy_loss")
    if values["predictor_type"] != "binary_classifier" or by_loss:
        return models[int(np.nanargmin(objectives))]
    cuts = [
        threshold_of(model.scores(judged.features), judged.needed_labels, values, model.threshold)
        for model in models
    ]
    order = sorted(range(len(models)), key=lambda number: (-cuts[number][1], objectives[number]))
    best = models[order[0]]
    return LinearModel(best.kind, best.probabilistic, best.weights, best.bias, cuts[order[0]][0])


def _model(values: Mapping[str, Any], scaling: Scaling, weights: Weights, number: int) -> LinearModel:
    """One of the models, in the data's own units."""
    scaled = weights.weights[:, number] * scaling.label_unit / scaling.unit[:, None]
    bias = weights.bias[number] * scaling.label_unit + scaling.label_middle - scaling.middle @ scaled
    probabilistic = loss_of(values) == "logistic"
    return LinearModel(values["predictor_type"], probabilistic, scaled, bias, 0.5 if probabilistic else 0.0)


ALGORITHM = Algorithm(PARAMETERS, train, load, check=check)
