"""K nearest neighbours: what most, or on average, the nearest rows of a sample have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from localaws.algorithms.algorithm import MODEL, TRAINING_TYPES, Algorithm
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.hyperparameters import Parameter, choice, integer
from localaws.algorithms.job import Job
from localaws.algorithms.quality import progress, quality
from localaws.algorithms.recordio import CONTENT_TYPE
from localaws.algorithms.requests import fitted
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import Matrix, Table, as_array, read_channel

PARAMETERS: Mapping[str, Parameter] = {
    "feature_dim": integer(1, required=True),
    "k": integer(1, required=True),
    "predictor_type": choice("classifier", "regressor", required=True),
    "sample_size": integer(1, required=True),
    "dimension_reduction_target": integer(1),
    "dimension_reduction_type": choice("sign", "fjlt"),
    "faiss_index_ivf_nlists": integer(1, default="auto", auto=True),
    "faiss_index_pq_m": integer(1),
    "index_metric": choice("L2", "INNER_PRODUCT", "COSINE", default="L2"),
    "index_type": choice("faiss.Flat", "faiss.IVFFlat", "faiss.IVFPQ", default="faiss.Flat"),
    "mini_batch_size": integer(1, default=5000),
}


@dataclass(frozen=True)
class Neighbours:
    """The sample, searched row by row: exactly, whatever the index type.

    Attributes:
        rows: Of shape (sample, features), after the reduction.
        labels: Of shape (sample,).
        reduction: Of shape (features, target); None without one.
        k: Neighbours that are asked.
        metric: L2, INNER_PRODUCT or COSINE.
        classifies: Whether the neighbours vote.
    """

    rows: np.ndarray
    labels: np.ndarray
    reduction: np.ndarray | None
    k: int
    metric: str
    classifies: bool

    def predict(self, rows: Matrix) -> Predictions:
        """The neighbours' label; distances and labels of all of them where ``verbose=true`` asks."""
        width = self.rows.shape[1] if self.reduction is None else len(self.reduction)
        given = as_array(fitted(rows, width)).astype(float)
        distances = self._distances(given if self.reduction is None else given @ self.reduction)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        labels = self.labels[nearest]
        said = np.array([self._vote(row) for row in labels]) if self.classifies else labels.mean(1)
        found = np.take_along_axis(distances, nearest, 1)
        label = {"predicted_label": said.astype(float)}
        return Predictions(label, verbose={**label, "distances": found, "labels": labels})

    def _distances(self, rows: np.ndarray) -> np.ndarray:
        """From each row to each of the sample; of the products the nearest is the greatest."""
        if self.metric == "L2":
            from scipy.spatial.distance import cdist

            distances: np.ndarray = cdist(rows, self.rows)
            return distances
        products = rows @ self.rows.T
        lengths = np.linalg.norm(rows, axis=1)[:, None] * np.linalg.norm(self.rows, axis=1)
        cosine = products / np.maximum(lengths, 1e-12)
        near: np.ndarray = -products if self.metric == "INNER_PRODUCT" else 1 - cosine
        return near

    def _vote(self, labels: np.ndarray) -> float:
        """The label of most; of several such the nearest's."""
        values, first, counts = np.unique(labels, return_index=True, return_counts=True)
        return float(values[np.lexsort((first, -counts))[0]])


def check(values: Mapping[str, Any]) -> None:
    """Refuse hyperparameters that do not go together, and the reduction that is not here.

    Raises:
        CustomerError: They do not, or it is asked for.
    """
    kind, target = values["dimension_reduction_type"], values["dimension_reduction_target"]
    if kind == "fjlt":
        raise CustomerError("dimension_reduction_type fjlt is not implemented by localaws; sign is")
    if (kind is None) != (target is None):
        raise CustomerError("dimension_reduction_type and dimension_reduction_target go together")
    if target is not None and target >= values["feature_dim"]:
        raise CustomerError(f"dimension_reduction_target must be below feature_dim ({values['feature_dim']})")
    if values["k"] > values["sample_size"]:
        raise CustomerError(f"k ({values['k']}) must not exceed sample_size ({values['sample_size']})")


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Keep a sample, and report how well it speaks for the test rows."""
    table, generator = _table(job, "train", values), np.random.default_rng(0)
    labels, size = table.needed_labels, min(values["sample_size"], len(table.needed_labels))
    if size < values["k"]:
        raise CustomerError(f"the channel 'train' holds {size} records, less than k ({values['k']})")
    kept = np.sort(generator.permutation(len(labels))[:size])
    target, reduction = values["dimension_reduction_target"], None
    if target is not None:
        reduction = generator.choice((-1.0, 1.0), (values["feature_dim"], target)) / np.sqrt(target)
    rows = table.dense[kept].astype(float)
    model = Neighbours(
        rows if reduction is None else rows @ reduction,
        labels[kept],
        reduction,
        values["k"],
        values["index_metric"],
        values["predictor_type"] == "classifier",
    )
    progress(job.host, 1, 1)
    if "test" in job.channels:
        _report(job.host, model, _table(job, "test", values))
    none = np.zeros((0, 0))
    with (job.model / MODEL).open("wb") as file:
        np.savez(
            file,
            rows=model.rows,
            labels=model.labels,
            reduction=none if reduction is None else reduction,
            k=model.k,
            metric=model.metric,
            classifies=model.classifies,
        )


def load(folder: Path) -> Neighbours:
    """The model ``train`` wrote."""
    with np.load(folder / MODEL, allow_pickle=False) as file:
        return Neighbours(
            file["rows"],
            file["labels"],
            file["reduction"] if file["reduction"].size else None,
            int(file["k"]),
            str(file["metric"]),
            bool(file["classifies"]),
        )


def _report(host: str, model: Neighbours, table: Table) -> None:
    said, labels = model.predict(table.features).columns["predicted_label"], table.needed_labels
    if not model.classifies:
        quality(host, "test", {"mse": float(np.mean((said - labels) ** 2))})
        return
    from sklearn.metrics import f1_score

    f_1 = float(f1_score(labels, said, average="macro"))
    quality(host, "test", {"accuracy": float(np.mean(said == labels)), "macro_f_1_score": f_1}, "score")


def _table(job: Job, name: str, values: Mapping[str, Any]) -> Table:
    return read_channel(
        job.channels[name], default=CONTENT_TYPE, accepted=TRAINING_TYPES, width=values["feature_dim"]
    )


ALGORITHM = Algorithm(PARAMETERS, train, load, channels=("train", "test"), check=check)
