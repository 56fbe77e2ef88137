"""Random cut forest: a score for each row of how unlike the others it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from localaws.algorithms.algorithm import MODEL, TRAINING_TYPES, Algorithm
from localaws.algorithms.cut_forest import Forest
from localaws.algorithms.hyperparameters import Parameter, integer, metrics_among, text
from localaws.algorithms.job import Job
from localaws.algorithms.quality import progress, quality
from localaws.algorithms.recordio import CONTENT_TYPE
from localaws.algorithms.requests import fitted
from localaws.algorithms.responses import Predictions
from localaws.algorithms.tables import Matrix, as_array, read_channel

METRICS = ("accuracy", "precision_recall_fscore")
DEVIATIONS = 3  # from the mean score on; what AWS's documentation calls an anomaly
PARAMETERS: Mapping[str, Parameter] = {
    "feature_dim": integer(1, 10_000, required=True),
    "eval_metrics": text(default=json.dumps(METRICS)),
    "mini_batch_size": integer(1, default=1000),  # the SageMaker SDK sends it
    "num_samples_per_tree": integer(1, 2048, default=256),
    "num_trees": integer(50, 1000, default=100),
}


@dataclass(frozen=True)
class CutForest:
    """A loaded forest."""

    forest: Forest

    def predict(self, rows: Matrix) -> Predictions:
        """Each row's anomaly score."""
        matrix = as_array(fitted(rows, self.forest.low.shape[1])).astype(float)
        return Predictions({"score": self.forest.scores(matrix)}, plural="scores")


def train(job: Job, values: Mapping[str, Any]) -> None:
    """Grow the forest, and report how it finds the anomalies of the test rows: their label is 1."""
    width = values["feature_dim"]
    rows = read_channel(
        job.channels["train"], default=CONTENT_TYPE, accepted=TRAINING_TYPES, labels=0, width=width
    ).dense.astype(float)
    forest = Forest.grown(rows, values["num_trees"], values["num_samples_per_tree"])
    progress(job.host, 1, 1)
    if "test" in job.channels:
        table = read_channel(job.channels["test"], default=CONTENT_TYPE, accepted=TRAINING_TYPES, width=width)
        scores = forest.scores(table.dense.astype(float))
        said = scores > scores.mean() + DEVIATIONS * scores.std()
        _report(job.host, said, table.needed_labels == 1, json.loads(values["eval_metrics"]))
    with (job.model / MODEL).open("wb") as file:
        np.savez(file, allow_pickle=False, **forest.arrays())


def load(folder: Path) -> CutForest:
    """The model ``train`` wrote."""
    with np.load(folder / MODEL, allow_pickle=False) as file:
        return CutForest(Forest(**{field.name: file[field.name] for field in fields(Forest)}))


def _report(host: str, said: np.ndarray, true: np.ndarray, metrics: list[str]) -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score

    found: dict[str, float] = {}
    if "accuracy" in metrics:
        found["accuracy"] = float(np.mean(said == true))
    if "precision_recall_fscore" in metrics:
        found["precision"] = float(precision_score(true, said, zero_division=0))
        found["recall"] = float(recall_score(true, said, zero_division=0))
        found["f1"] = float(f1_score(true, said, zero_division=0))
    quality(host, "test", found, "score")


ALGORITHM = Algorithm(PARAMETERS, train, load, channels=("train", "test"), check=metrics_among(METRICS))
