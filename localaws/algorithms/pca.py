"""Principal components: rows in the few directions in which they differ most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from localaws.algorithms.algorithm import MODEL, TRAINING_TYPES, Algorithm
from localaws.algorithms.batches import check_batch
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.hyperparameters import Parameter, choice, flag, integer
from localaws.algorithms.job import Job
from localaws.algorithms.quality import progress
from localaws.algorithms.recordio import CONTENT_TYPE
from localaws.algorithms.requests import fitted
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import Matrix, as_array, read_channel

PARAMETERS: Mapping[str, Parameter] = {
    "feature_dim": integer(1, required=True),
    "mini_batch_size": integer(1, required=True),
    "num_components": integer(1, required=True),
    "algorithm_mode": choice("regular", "randomized", default="regular"),
    "extra_components": integer(-1, default=-1),
    "subtract_mean": flag(default=True),
}


@dataclass(frozen=True)
class Components:
    """The directions.

    Attributes:
        mean: Of the training rows; zeros when it is not taken away.
        directions: Of shape (features, components); the last is the most telling, as AWS orders them.
    """

    mean: np.ndarray
    directions: np.ndarray

    def predict(self, rows: Matrix) -> Predictions:
        """Each row in these directions."""
        moved = as_array(fitted(rows, len(self.mean))) - self.mean
        return Predictions({"projection": moved @ self.directions}, plural="projections")


def check(values: Mapping[str, Any]) -> None:
    """Refuse more components than features.

    Raises:
        CustomerError: There are more.
    """
    if values["num_components"] > values["feature_dim"]:
        raise CustomerError(
            f"num_components ({values['num_components']}) must not exceed "
            f"feature_dim ({values['feature_dim']})"
        )


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Find the directions."""
    rows = read_channel(
        job.channels["train"],
        default=CONTENT_TYPE,
        accepted=TRAINING_TYPES,
        labels=0,
        width=values["feature_dim"],
    ).dense.astype(float)
    check_batch(len(rows), values["mini_batch_size"])
    mean = rows.mean(0) if values["subtract_mean"] else np.zeros(rows.shape[1])
    lengths, directions = _directions(rows - mean, values)
    progress(job.host, 1, 1)
    with (job.model / MODEL).open("wb") as file:
        np.savez(file, mean=mean, s=lengths[::-1], v=directions.T[:, ::-1])


def load(folder: Path) -> Components:
    """The model ``train`` wrote."""
    with np.load(folder / MODEL, allow_pickle=False) as file:
        return Components(file["mean"], file["v"])


def _directions(rows: np.ndarray, values: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Singular values and directions as rows, the largest first; the largest number of each is positive."""
    count = values["num_components"]
    if values["algorithm_mode"] == "randomized":
        from sklearn.utils.extmath import randomized_svd

        extra = values["extra_components"]
        more = max(10, count) if extra == -1 else extra
        _, lengths, directions = randomized_svd(rows, count, n_oversamples=more, random_state=0)
    else:
        squares, vectors = np.linalg.eigh(rows.T @ rows)
        lengths, directions = np.sqrt(np.maximum(squares[::-1], 0)), vectors.T[::-1]
    directions = directions[:count]
    largest = np.abs(directions).argmax(1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return lengths[:count], directions * signs[:, None]


ALGORITHM = Algorithm(PARAMETERS, train, load, channels=("train", "test"), check=check)
