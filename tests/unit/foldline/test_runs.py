"""The run record: a document that survives a round trip, and the views the report and the summary share."""

from __future__ import annotations

import json
import math

import pytest

from foldline.runs import JobRecord, RunRecord, Scores, TaskRecord


def record(*tasks: TaskRecord, **fields) -> RunRecord:
    return RunRecord(
        "flight_delays", "manual-1", "local", "2026-01-05T06:00:00Z", 12.5, tasks=list(tasks), **fields
    )


def fold_task(fold: int, score: float | None) -> TaskRecord:
    evidence = {"fold": fold, "score": score, "metric": "roc_auc"}
    return TaskRecord("cross_validation", "cross_validation", map_index=fold, evidence=evidence)


TUNING = TaskRecord(
    "tuning",
    "tuning",
    evidence={
        "metric": "roc_auc",
        "direction": "maximize",
        "best": 1,
        "trials": [
            {"number": 0, "scores": [0.6, 0.7]},
            {"number": 1, "scores": [0.7, 0.8], "mean": 0.75, "sd": 0.07},
        ],
    },
)


def test_run_round_trip():
    """
    A run record read back equals the one written, jobs and all.
    """
    job = JobRecord("fl-tuning-abc", "training", "Completed", seconds=0.4, fold=2, trial=7, generation=1)
    run = record(
        TaskRecord("tuning", "tuning", jobs=[job], evidence={"best": 7}), digests={"code": "ab" * 32}
    )
    assert run == RunRecord.from_json(run.to_json())


def test_task_round_trip():
    """
    A task's own document, which an operator leaves in S3, reads back equal.
    """
    task = TaskRecord(
        "deploy", "deploy", started="2026-01-05T06:00:00Z", seconds=3.0, result={"endpoint": "e"}
    )
    assert task == TaskRecord.from_json(task.to_json())


def test_nan_becomes_null():
    """
    A slice without both classes has no AUC; the document stays plain JSON.
    """
    task = TaskRecord(
        "evaluation", "evaluation", evidence={"slices": [{"roc_auc": math.nan}], "x": (1, math.inf)}
    )
    assert {"slices": [{"roc_auc": None}], "x": [1, None]} == json.loads(task.to_json())["evidence"]


@pytest.mark.parametrize("text", ['{"pipeline": "p"}', '{"format": 99}', "[]"])
def test_unknown_format_is_refused(text):
    """
    A document of another format is refused by its number, not half read.
    """
    with pytest.raises(ValueError, match=r"has format .*, this version reads 1"):
        RunRecord.from_json(text)


def test_candidate_is_the_best_trial():
    """
    Before the gate has spoken, the candidate is the tuning step's best trial.
    """
    run = record(TUNING, fold_task(0, 0.5))
    assert Scores("roc_auc", "maximize", (0.7, 0.8), 0.75, 0.07) == run.candidate()


def test_gate_has_the_last_word():
    """
    The gate's own figures are what the report shows, whatever the tuning step said.
    """
    sides = {"candidate": {"scores": [0.9, 0.9], "mean": 0.9, "sd": 0.0}, "baseline": {"scores": [0.6, 0.8]}}
    gate = TaskRecord("gate", "gate", evidence={"metric": "roc_auc", "direction": "maximize", **sides})
    run = record(TUNING, gate)
    assert 0.9 == run.candidate().mean
    assert (0.6, 0.8) == run.baseline().by_fold
    assert math.isclose(0.7, run.baseline().mean)
    assert math.isclose(math.sqrt(0.02), run.baseline().sd)


def test_cross_validation_scores_by_fold():
    """
    Mapped tasks may end in any order; their scores are told fold by fold, and a fold without a score is left out.
    """
    run = record(fold_task(2, 0.3), fold_task(0, 0.1), fold_task(1, None))
    assert (0.1, 0.3) == run.candidate().by_fold
    assert run.baseline() is None


def test_cross_validation_beside_tuning_is_the_baseline():
    """
    Fixed hyperparameters next to a search are what the search has to beat.
    """
    assert (0.5,) == record(TUNING, fold_task(0, 0.5)).baseline().by_fold


def test_one_fold_has_no_spread():
    """
    The sample standard deviation of one score is told as 0.
    """
    assert 0.0 == Scores.of([0.7], "roc_auc").sd


def test_kind_of_a_renamed_step():
    """
    A second training step says its kind in its own file.
    """
    task = TaskRecord("challenger", "training_b", evidence={"rows": 10})
    assert {"rows": 10} == record(task, config={"training_b": {"kind": "training"}}).evidence("training")


def test_empty_run():
    """
    A run that stopped before its first task has no scores, no jobs and no failure.
    """
    run = record()
    assert (None, None, None, [], {}) == (
        run.candidate(),
        run.baseline(),
        run.failure,
        run.jobs,
        run.evidence("gate"),
    )


def test_failure_is_the_first_failed_task():
    """
    What stopped the run is the first task that failed; those after it never ran.
    """
    run = record(TUNING, TaskRecord("gate", "gate", state="failed", error="GateRejected: …"))
    assert "gate" == run.failure.task_id
