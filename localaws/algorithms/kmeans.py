"""K-means: the centres of groups of rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from localaws.algorithms.algorithm import MODEL, TRAINING_TYPES, Algorithm
from localaws.algorithms.errors import CustomerError
from localaws.algorithms.hyperparameters import Parameter, choice, flag, integer, metrics_among, number, text
from localaws.algorithms.job import Job
from localaws.algorithms.quality import progress, quality
from localaws.algorithms.recordio import CONTENT_TYPE
from localaws.algorithms.requests import fitted
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import Matrix, as_array, read_channel

METRICS = ("msd", "ssd")
TRIALS = 10  # of the local method, when it is ours to choose
PARAMETERS: Mapping[str, Parameter] = {
    "feature_dim": integer(1, required=True),
    "k": integer(1, required=True),
    "epochs": integer(1, default=1),
    "eval_metrics": text(default='["msd"]'),
    "extra_center_factor": integer(1, default="auto", auto=True),
    "force_dense": flag(default=True),  # the SageMaker SDK sends it
    "half_life_time_size": integer(0, default=0),
    "init_method": choice("random", "kmeans++", default="random"),
    "local_lloyd_init_method": choice("random", "kmeans++", default="kmeans++"),
    "local_lloyd_max_iter": integer(1, default=300),
    "local_lloyd_num_trials": integer(1, default="auto", auto=True),
    "local_lloyd_tol": number(0, default=0.0001),
    "mini_batch_size": integer(1, default=5000),
}


@dataclass(frozen=True)
class Centres:
    """The centres, of shape (k, features)."""

    centres: np.ndarray

    def distances(self, rows: np.ndarray) -> np.ndarray:
        """From each row to each centre."""
        from scipy.spatial.distance import cdist

        distances: np.ndarray = cdist(rows, self.centres)
        return distances

    def predict(self, rows: Matrix) -> Predictions:
        """The nearest centre of each row, and how far it is."""
        distances = self.distances(as_array(fitted(rows, self.centres.shape[1])))
        nearest = {
            "closest_cluster": distances.argmin(1).astype(float),
            "distance_to_cluster": distances.min(1),
        }
        return Predictions(nearest)


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Find the centres, and report how near the rows are to them."""
    from sklearn.cluster import KMeans

    tables = {
        name: read_channel(
            job.channels[name],
            default=CONTENT_TYPE,
            accepted=TRAINING_TYPES,
            labels=0,
            width=values["feature_dim"],
        ).dense
        for name in ("train", "test")
        if name in job.channels
    }
    rows = tables["train"]
    if len(rows) < values["k"]:
        raise CustomerError(f"the channel 'train' holds {len(rows)} records, less than k ({values['k']})")
    trials = values["local_lloyd_num_trials"]
    method = values["local_lloyd_init_method"]
    found = KMeans(
        values["k"],
        init="k-means++" if method == "kmeans++" else "random",
        n_init=TRIALS if trials == "auto" else trials,
        max_iter=values["local_lloyd_max_iter"],
        tol=values["local_lloyd_tol"],
        random_state=0,
    ).fit(rows)
    model = Centres(found.cluster_centers_)
    for epoch in range(values["epochs"]):
        progress(job.host, epoch + 1, values["epochs"])
    for name, table in tables.items():
        squares = model.distances(table).min(1) ** 2
        both = {"msd": float(squares.mean()), "ssd": float(squares.sum())}
        quality(job.host, name, {metric: both[metric] for metric in json.loads(values["eval_metrics"])})
    with (job.model / MODEL).open("wb") as file:
        np.savez(file, centres=model.centres)


def load(folder: Path) -> Centres:
    """The model ``train`` wrote."""
    with np.load(folder / MODEL, allow_pickle=False) as file:
        return Centres(file["centres"])


ALGORITHM = Algorithm(PARAMETERS, train, load, channels=("train", "test"), check=metrics_among(METRICS))
