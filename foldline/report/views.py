"""The run record arranged for the page: what each section shows, as plain values and rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from foldline.report import wording as w
from foldline.report.plots import curves, rows, scores, timeline, trials
from foldline.report.verdict import ORDER, steps_not_run
from foldline.runs import RunRecord, TaskRecord

KINDS = tuple(kind for kind in ORDER if kind != "cross_validation")
"""Kinds of step that leave one evidence; the cross-validation leaves one per fold."""


def evidence(run: RunRecord) -> dict[str, dict[str, Any]]:
    """The evidence of every kind, by kind, without parts that are null; empty for one that left none."""
    return {
        kind: {part: value for part, value in run.evidence(kind).items() if value is not None}
        for kind in KINDS
    }


def steps(run: RunRecord) -> list[dict[str, str]]:
    """Every step in the order it ran, mapped tasks as one, then the steps that never ran."""
    groups: dict[str, list[TaskRecord]] = {}
    for task in run.tasks:
        groups.setdefault(task.task_id, []).append(task)
    told = []
    for name, members in groups.items():
        state = "failed" if any(task.state == "failed" for task in members) else "success"
        mapped = f" ×{len(members)}" if len(members) > 1 else ""
        bar = next((bar for bar in timeline.bars(members)), None)
        seconds = bar.end - bar.start if bar else sum(task.seconds for task in members)
        told.append({"name": name + mapped, "state": state, "seconds": w.duration(seconds)})
    return told + [{"name": name, "state": "waiting", "seconds": "not run"} for name in steps_not_run(run)]


def fold_rows(run: RunRecord) -> list[dict[str, Any]]:
    """One row per fold: its rows, the candidate's and the baseline's score and their difference."""
    candidate, baseline = run.candidate(), run.baseline()
    shards = (run.evidence("preprocessing").get("manifest") or {}).get("shards") or []
    sizes = {shard["fold"]: shard["rows"] for shard in shards}
    told = []
    for fold, value in enumerate(candidate.by_fold if candidate else ()):
        base = baseline.by_fold[fold] if baseline and fold < len(baseline.by_fold) else None
        difference = value - base if base is not None else None
        told.append(
            {
                "fold": fold,
                "rows": sizes.get(fold),
                "candidate": value,
                "baseline": base,
                "difference": difference,
            }
        )
    return told


def scored_trials(run: RunRecord) -> list[dict[str, Any]]:
    """The trials that have a mean score, by number."""
    found = [t for t in run.evidence("tuning").get("trials") or [] if w.is_number(t.get("mean"))]
    return sorted(found, key=lambda trial: trial["number"])


def fixed_hyperparameters(run: RunRecord, scored: list[dict[str, Any]]) -> dict[str, Any]:
    """Hyperparameters that are the same in every trial: the step's own, and those that came out equal."""
    settings = next((run.config.get(task.step) or {} for task in run.of_kind("tuning")), {})
    first = scored[0].get("hyperparameters", {}) if scored else {}
    differing = set(trials.varied(scored)) if scored else set()
    everywhere = {**(settings.get("hyperparameters") or {}), **first}
    return {name: value for name, value in everywhere.items() if name not in differing}


def configured(run: RunRecord) -> list[str]:
    """Steps that have settings: the pipeline itself, then in the order a pipeline takes them."""
    order = {kind: place for place, kind in enumerate(("pipeline", *ORDER))}
    found = [step for step in run.config if run.config[step]]
    return sorted(found, key=lambda step: order.get(run.kind(step), len(order)))


def metric_rows(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per hold-out metric: candidate, baseline, and whether the candidate is the better one."""
    base = evaluation.get("baseline") or {}
    told = []
    for name, value in (evaluation.get("metrics") or {}).items():
        row = {
            "name": name,
            "candidate": value,
            "baseline": base.get(name),
            "difference": None,
            "better": None,
        }
        if w.is_number(value) and w.is_number(base.get(name)):
            row["difference"] = value - base[name]
            row["better"] = row["difference"] < 0 if name in w.LOWER_IS_BETTER else row["difference"] > 0
        told.append(row)
    return told


def slice_tables(evaluation: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The slices by column, each from the worst to the best score; those without a score come last."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for one in evaluation.get("slices") or []:
        tables.setdefault(str(one.get("column")), []).append(one)
    for found in tables.values():
        found.sort(key=lambda one: (one.get("roc_auc") is None, one.get("roc_auc") or 0.0))
    return tables


def plots(run: RunRecord) -> dict[str, str]:
    """Every plot the record has figures for, by name."""
    drawn: dict[str, Callable[[], str]] = {}
    candidate, baseline = run.candidate(), run.baseline()
    if candidate:
        drawn["fold_scores"] = lambda: scores.fold_scores(candidate, baseline)
    gate = run.evidence("gate")
    if gate.get("differences"):
        margin, name = gate.get("margin"), str(gate.get("metric"))
        drawn["fold_differences"] = lambda: scores.fold_differences(gate["differences"], margin, name)
    ingest, prepared = run.evidence("ingest"), run.evidence("preprocessing")
    if ingest.get("dropped"):
        drawn["dropped_rows"] = lambda: rows.dropped_rows(ingest["dropped"], ingest.get("rows_in"))
    if shards := (prepared.get("manifest") or {}).get("shards"):
        drawn["fold_sizes"] = lambda: rows.fold_sizes(shards, prepared.get("holdout") or {})
    drawn["timeline"] = lambda: timeline.timeline(run.tasks)
    made = {name: draw() for name, draw in drawn.items()}
    return {**made, **_trial_plots(run), **_curve_plots(run.evidence("evaluation"))}


def _trial_plots(run: RunRecord) -> dict[str, str]:
    found, tuning = scored_trials(run), run.evidence("tuning")
    if not found:
        return {}
    name, best = str(tuning.get("metric")), tuning.get("best")
    made = {"trial_scores": trials.trial_scores(found, best, name)}
    if len(found) > 1 and trials.varied(found):
        direction = str(tuning.get("direction"))
        made["parallel"] = trials.parallel_coordinates(found, best, name, direction)
    return made


def _curve_plots(evaluation: dict[str, Any]) -> dict[str, str]:
    found, metrics = evaluation.get("curves") or {}, evaluation.get("metrics") or {}
    base, base_metrics = found.get("baseline") or {}, evaluation.get("baseline") or {}
    counts = evaluation.get("confusion") or {}
    roc_point, pr_point, rate = operating_point(counts)
    made = {}
    if found.get("roc"):
        areas = metrics.get("roc_auc"), base_metrics.get("roc_auc")
        made["roc"] = curves.roc(found["roc"], base.get("roc") or [], areas, roc_point)
    if found.get("pr"):
        areas = metrics.get("average_precision"), base_metrics.get("average_precision")
        made["pr"] = curves.precision_recall(found["pr"], base.get("pr") or [], areas, rate, pr_point)
    bins = [row for row in found.get("calibration") or [] if row.get("fraction_positive") is not None]
    if bins:
        made["calibration"] = curves.calibration(bins, metrics.get("brier_score"))
    return made


Point = tuple[float, float] | None


def operating_point(counts: dict[str, int]) -> tuple[Point, Point, float | None]:
    """Where the threshold lies on the ROC and on the precision-recall curve, and the share of positives."""
    if not all(w.is_number(counts.get(cell)) for cell in ("tn", "fp", "fn", "tp")):
        return None, None, None
    tn, fp, fn, tp = (counts[cell] for cell in ("tn", "fp", "fn", "tp"))
    roc = (fp / (fp + tn), tp / (tp + fn)) if fp + tn and tp + fn else None
    pr = (tp / (tp + fn), tp / (tp + fp)) if tp + fn and tp + fp else None
    return roc, pr, (tp + fn) / (tn + fp + fn + tp) if tn + fp + fn + tp else None
