"""What the evaluation says of probabilities."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import sklearn.metrics

from foldline.folds import FoldManifest, Schema, Shard
from training.evaluate import at_threshold, chosen_threshold, out_of_fold_scores, slices
from training.features import Categories, Features
from training.rows import Rows

RANDOM = np.random.default_rng(9)
LABELS = (RANDOM.random(1_000) < 0.3).astype(np.int8)
CHANCES = np.clip(RANDOM.normal(0.3, 0.2, 1_000) + 0.25 * LABELS, 0, 1)


def outside() -> pa.Table:
    folds = pa.array(np.arange(1_000) % 2, pa.int32())
    ids = [f"r{number}" for number in range(1_000)]
    return pa.table({"row_id": ids, "label": LABELS, "probability": CHANCES, "fold": folds})


def test_the_threshold_is_chosen_on_the_folds():
    """
    It is the probability with the largest F1 among the out-of-fold predictions.
    """
    found = chosen_threshold({"maximize": "f1"}, outside())

    best = max(sklearn.metrics.f1_score(LABELS, CHANCES >= value) for value in CHANCES)
    assert ("out-of-fold predictions", "f1") == (found["chosen_on"], found["metric"])
    assert found["score"] == pytest.approx(best)
    assert found["score"] == pytest.approx(sklearn.metrics.f1_score(LABELS, CHANCES >= found["value"]))


def test_a_fixed_threshold_is_kept():
    """
    A value in the step file is used as it is.
    """
    found = chosen_threshold({"value": 0.5}, outside())

    assert (0.5, "evaluation.yaml") == (found["value"], found["chosen_on"])


@pytest.mark.parametrize("threshold", [0.0, 0.4, 1.1])
def test_the_confusion_matrix_and_its_ratios_are_scikit_learns(threshold):
    """
    Also where everything or nothing is predicted.
    """
    positive = CHANCES >= threshold
    tn, fp, fn, tp = sklearn.metrics.confusion_matrix(LABELS, positive, labels=[0, 1]).ravel().tolist()

    found = at_threshold(LABELS, CHANCES, threshold)

    assert {"tn": tn, "fp": fp, "fn": fn, "tp": tp} == found["confusion"]
    for name in ("precision", "recall", "f1"):
        reference = getattr(sklearn.metrics, f"{name}_score")(LABELS, positive, zero_division=0)
        assert found["at_threshold"][name] == pytest.approx(reference)


def test_out_of_fold_scores_are_pooled_and_by_fold():
    """
    The pooled figure is not the mean: folds may be ranked on different scales.
    """
    shards = tuple(Shard(fold, f"s{fold}", 500, "", 1) for fold in (0, 1))
    manifest = FoldManifest("kfold", None, 0, Schema("id", "y", ("x",), ()), shards)

    found = out_of_fold_scores(outside(), manifest)

    assert found["roc_auc"] == pytest.approx(sklearn.metrics.roc_auc_score(LABELS, CHANCES))
    assert found["by_fold"] == [
        pytest.approx(sklearn.metrics.roc_auc_score(LABELS[fold::2], CHANCES[fold::2])) for fold in (0, 1)
    ]


def test_slices_are_shown_where_there_are_rows_enough():
    """
    Few values and at least 200 rows; a slice of one class has no AUC.
    """
    few = np.where(np.arange(1_000) < 900, LABELS, 2)  # "c0" and "c1" are the classes, "c2" has 100 rows
    many = np.arange(1_000) % 25
    columns = {"few": Categories.of(f"c{n}" for n in few), "many": Categories.of(f"m{n}" for n in many)}
    rows = Rows(pa.chunked_array([outside()["row_id"].combine_chunks()]), LABELS, Features({}, columns))

    found = slices(rows, CHANCES)

    assert [("few", "c0"), ("few", "c1")] == [(one["column"], one["value"]) for one in found]
    assert [None, None] == [one["roc_auc"] for one in found]
    assert [0, int(LABELS[:900].sum())] == [one["positives"] for one in found]


def test_a_slice_has_the_auc_of_its_rows():
    """
    Nothing but the slice's rows counts.
    """
    column = Categories.of("ab"[number % 2] for number in range(1_000))
    rows = Rows(pa.chunked_array([outside()["row_id"].combine_chunks()]), LABELS, Features({}, {"c": column}))

    assert [
        pytest.approx(sklearn.metrics.roc_auc_score(LABELS[start::2], CHANCES[start::2])) for start in (0, 1)
    ] == [one["roc_auc"] for one in slices(rows, CHANCES)]
