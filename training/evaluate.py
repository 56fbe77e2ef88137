"""Processing step: figures and curves of the candidate and its baseline on the hold-out. Container side.

Inputs: ``settings``, ``folds``, ``labels``, ``predictions``, ``validation``. Output:
``evaluation/evaluation.json``. The threshold is chosen on the out-of-fold predictions: the hold-out judges it
unseen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foldline.folds import FoldManifest, Schema
from preprocessing.container import JobDir, run
from preprocessing.shards import read_manifest
from preprocessing.table import labels_of, read_table
from training.curves import best_f1_threshold, calibration_bins, pr_points, roc_points
from training.features import Features, Labels, Numbers
from training.metrics import accuracy, f1, score
from training.models import new_estimator
from training.predictions import out_of_fold, reconciled, transformed
from training.rows import Rows, rows_of, shard_rows

METRICS = ("roc_auc", "average_precision", "log_loss", "brier_score")
"""Figures that every evaluation gives, besides the one its step file names."""
SLICE_VALUES, SLICE_ROWS = 20, 200
"""A column with at most so many values is sliced; a slice of at least so many rows is shown."""


def evaluate(job: JobDir) -> None:
    """Write the evaluation.

    Raises:
        DataError: Predictions and hold-out, or out-of-fold predictions and folds, are not the same rows.
    """
    settings = job.settings()
    schema = Schema.from_dict(settings["schema"])
    manifest = read_manifest(job.input("folds"))
    holdout = rows_of(read_table(job.input("labels")), schema)
    ids, predicted = transformed(job.input("predictions"))
    positions, counts = reconciled(holdout.ids, ids)
    probabilities = predicted[positions]
    outside = out_of_fold(job.input("validation"), manifest)
    threshold = chosen_threshold(settings["threshold"], outside)
    names = tuple(dict.fromkeys((*METRICS, settings["metric"])))
    document = {
        "rows": counts,
        "metrics": figures(names, holdout.labels, probabilities),
        "threshold": threshold,
        **at_threshold(holdout.labels, probabilities, threshold["value"]),
        "curves": {
            "roc": roc_points(holdout.labels, probabilities),
            "pr": pr_points(holdout.labels, probabilities),
            "calibration": calibration_bins(holdout.labels, probabilities),
        },
        "out_of_fold": out_of_fold_scores(outside, manifest),
        "slices": slices(holdout, probabilities),
    }
    if settings.get("baseline"):
        answers = baseline_predictions(settings["baseline"], job.input("folds"), manifest, holdout.features)
        document["baseline"] = figures(names, holdout.labels, answers)
        document["curves"]["baseline"] = {
            "roc": roc_points(holdout.labels, answers),
            "pr": pr_points(holdout.labels, answers),
        }
    text = json.dumps(document, allow_nan=False)
    (job.output("evaluation") / "evaluation.json").write_text(text, "utf-8")
    print(json.dumps(document["metrics"]))  # noqa: T201 - the job's log


def figures(names: tuple[str, ...], labels: Labels, probabilities: Numbers) -> dict[str, float]:
    """Each metric's value by name."""
    return {name: score(name, labels, probabilities) for name in names}


def chosen_threshold(rule: dict[str, Any], outside: pa.Table) -> dict[str, Any]:
    """The probability from which a row counts as class 1, how it was chosen, and its F1 out of fold."""
    labels, probabilities = labels_of(outside), np.asarray(outside["probability"])
    fixed = rule.get("value")
    value = float(fixed) if fixed is not None else best_f1_threshold(labels, probabilities)
    return {
        "value": value,
        "chosen_on": "out-of-fold predictions" if fixed is None else "evaluation.yaml",
        "metric": "f1",
        "score": f1(labels, probabilities, value),
    }


def at_threshold(labels: Labels, probabilities: Numbers, threshold: float) -> dict[str, Any]:
    """The confusion matrix and what follows from it; a ratio without rows is 0."""
    positive = probabilities >= threshold
    tp, fp = int(np.sum(positive & (labels == 1))), int(np.sum(positive & (labels == 0)))
    fn, tn = int(labels.sum()) - tp, int(np.sum(~positive & (labels == 0)))
    return {
        "confusion": {"tn": tn, "fp": fp, "fn": fn, "tp": tp},
        "at_threshold": {
            "precision": tp / (tp + fp) if tp + fp else 0.0,
            "recall": tp / (tp + fn) if tp + fn else 0.0,
            "f1": f1(labels, probabilities, threshold),
            "accuracy": accuracy(labels, probabilities, threshold),
        },
    }


def out_of_fold_scores(outside: pa.Table, manifest: FoldManifest) -> dict[str, Any]:
    """ROC AUC over all out-of-fold predictions, and by fold."""
    labels, probabilities = labels_of(outside), np.asarray(outside["probability"])
    folds = np.asarray(outside["fold"])
    by_fold = [
        score("roc_auc", labels[folds == fold], probabilities[folds == fold]) for fold in range(manifest.k)
    ]
    return {"roc_auc": score("roc_auc", labels, probabilities), "by_fold": by_fold}


def baseline_predictions(
    baseline: dict[str, Any], folds: Path, manifest: FoldManifest, features: Features
) -> Numbers:
    """What the baseline, fitted on all folds as the candidate was, says of the hold-out."""
    train = shard_rows(folds, manifest.shards, manifest.schema)
    model = new_estimator(baseline["estimator"], baseline["hyperparameters"])
    model.fit(train.features, train.labels)
    return model.predict(features)


def slices(rows: Rows, probabilities: Numbers) -> list[dict[str, Any]]:
    """Size and ROC AUC by value of the categorical columns with few values; None where a class is missing."""
    found = []
    for name, column in rows.features.categorical.items():
        values = sorted((value, code) for code, value in enumerate(column.values))
        for value, code in values if len(values) <= SLICE_VALUES else []:
            chosen = column.codes == code
            labels = rows.labels[chosen]
            if labels.size < SLICE_ROWS:
                continue
            both = 0 < int(labels.sum()) < labels.size
            auc = score("roc_auc", labels, probabilities[chosen]) if both else None
            found.append(
                {
                    "column": name,
                    "value": value,
                    "rows": int(labels.size),
                    "positives": int(labels.sum()),
                    "roc_auc": auc,
                }
            )
    return found


if __name__ == "__main__":
    raise SystemExit(run(evaluate, "message"))
