"""The numbers that matter first: the report's tiles and the rows of the summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foldline.report import wording as w
from foldline.runs import RunRecord


@dataclass(frozen=True)
class Tile:
    """One number of the headline.

    Attributes:
        name: What it is, such as ``Hold-out ROC AUC``.
        value: The number.
        more: What belongs right behind it, such as ``± 0.0049``; may be empty.
        context: What it has to be seen beside.
    """

    name: str
    value: str
    more: str
    context: str


def tiles(run: RunRecord) -> list[Tile]:
    """The headline of ``run``: only the numbers that there are."""
    found = [_cross_validated(run), _held_out(run), _endpoint(run)]
    jobs = run.jobs
    took = w.duration(sum(job.seconds for job in jobs))
    told = f"{w.plural(len(jobs), 'job')}, {took} of job time" if jobs else "no jobs"
    return [*(tile for tile in found if tile), Tile("Run time", w.duration(run.seconds), "", told)]


def _cross_validated(run: RunRecord) -> Tile | None:
    candidate, baseline, best = run.candidate(), run.baseline(), run.best_trial()
    if candidate is None:
        return None
    context = f"over {w.plural(len(candidate.by_fold), 'fold')}"
    if best:
        context += f", trial {best['number']} of {w.plural(len(run.evidence('tuning')['trials']), 'trial')}"
    if baseline:
        context += f"; baseline {w.score(baseline.mean)}"
    name = f"Cross-validated {w.metric(candidate.metric)}"
    return Tile(name, w.score(candidate.mean), f"± {w.score(candidate.sd)}", context)


def holdout(run: RunRecord) -> dict[str, Any]:
    """The hold-out score by the candidate's own metric: ``metric``, ``score``, ``baseline``, ``rows``."""
    evaluation, candidate = run.evidence("evaluation"), run.candidate()
    name = candidate.metric if candidate else "roc_auc"
    prepared = run.evidence("preprocessing").get("holdout") or {}
    return {
        "metric": name,
        "score": (evaluation.get("metrics") or {}).get(name),
        "baseline": (evaluation.get("baseline") or {}).get(name),
        "rows": (evaluation.get("rows") or {}).get("expected", prepared.get("rows")),
    }


def _held_out(run: RunRecord) -> Tile | None:
    held = holdout(run)
    if held["score"] is None:
        return None
    more, context = "", f"{w.count(held['rows'])} rows never seen before"
    if w.is_number(held["baseline"]):
        more = w.signed(held["score"] - held["baseline"])
        context = f"baseline {w.score(held['baseline'])}, {context}"
    return Tile(f"Hold-out {w.metric(held['metric'])}", w.score(held["score"]), more, context)


def _endpoint(run: RunRecord) -> Tile | None:
    deploy = run.evidence("deploy")
    if not deploy.get("endpoint"):
        return None
    smoke, action = deploy.get("smoke") or {}, str(deploy.get("action", "answers"))
    if not smoke:
        return Tile("Endpoint", deploy["endpoint"], "", action)
    told = f"{action}; {w.plural(smoke.get('records', 0), 'known record')} answered"
    median = smoke.get("milliseconds_median")
    context = f"{told}, median {w.plain(median)} ms" if median is not None else told
    return Tile("Endpoint", deploy["endpoint"], "", context)
