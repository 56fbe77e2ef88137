"""Training job: fit one estimator on k-1 shards and score it on the other, or fit it on all. Container side.

Channels: ``folds`` (the manifest), ``train``, and ``validation`` unless it is the final fit. Leaves a model
that ``deploy.serve`` can serve, and the predictions for the validation rows. Start-up is most of a small fit,
so this module imports as little as it can.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from foldline.errors import ConfigError
from foldline.folds import FoldManifest
from foldline.trials import split_ours
from preprocessing.container import JobDir, run
from preprocessing.shards import read_manifest
from preprocessing.table import LABEL, ROW_ID
from training.artifact import PREDICTIONS, Card, loaded_versions, write_artifact
from training.features import Numbers
from training.metrics import score
from training.models import new_estimator
from training.rows import Rows, shard_rows


def fit(job: JobDir) -> None:
    """Fit, score, print the metrics, and leave model and predictions.

    Raises:
        ConfigError: The estimator, a hyperparameter, the metric or the fold is unknown.
        DataError: The channels hold other rows than the manifest says.
    """
    ours, hyperparameters = split_ours(job.hyperparameters())
    manifest = read_manifest(job.channel("folds"))
    model = new_estimator(ours["estimator"], hyperparameters)
    train, validation = _channels(job, manifest, ours.get("fold"))
    start = time.perf_counter()
    model.fit(train.features, train.labels)
    report("fit_seconds", time.perf_counter() - start)
    report("rows_train", train.labels.size)
    rates, value = {"train": float(train.labels.mean())}, None
    if validation is not None:
        probabilities = model.predict(validation.features)
        value = score(ours["metric"], validation.labels, probabilities)
        rates["validation"] = float(validation.labels.mean())
        report("rows_validation", validation.labels.size)
        report(ours["metric"], value)
        _write_predictions(job, validation, probabilities, ours["fold"])
    card = Card(
        estimator=ours["estimator"],
        schema=manifest.schema,
        hyperparameters=hyperparameters,
        metric=ours["metric"],
        score=value,
        fold=ours.get("fold"),
        label_rates=rates,
        versions=loaded_versions(),
    )
    write_artifact(job.model, model, card)


def report(name: str, value: Any) -> None:
    """Print one metric in the form the request's metric definitions look for."""
    print(f"metric {name}={value!r}", flush=True)  # noqa: T201 - SageMaker reads metrics off the log


def _channels(job: JobDir, manifest: FoldManifest, number: int | None) -> tuple[Rows, Rows | None]:
    if number is None:
        return shard_rows(job.channel("train"), manifest.shards, manifest.schema), None
    try:
        fold = manifest.fold(number)
    except IndexError as error:
        raise ConfigError(
            f"there is no fold {number}", where="hyperparameter foldline_fold", cause=str(error)
        ) from error
    train = shard_rows(job.channel("train"), fold.train, manifest.schema)
    return train, shard_rows(job.channel("validation"), (fold.validation,), manifest.schema)


def _write_predictions(job: JobDir, rows: Rows, probabilities: Numbers, fold: int) -> None:
    table = pa.table(
        {
            ROW_ID: rows.ids,
            LABEL: rows.labels,
            "probability": probabilities,
            "fold": np.full(rows.labels.size, fold, dtype=np.int32),
        }
    )
    pq.write_table(table, job.data / PREDICTIONS)


if __name__ == "__main__":
    raise SystemExit(run(fit, "failure"))
