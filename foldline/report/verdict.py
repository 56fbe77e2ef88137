"""What a run came to, in a title and a sentence: shared by the report's headline and the summary."""

from __future__ import annotations

from dataclasses import dataclass

from foldline.report.wording import metric, plain, plural, score
from foldline.runs import RunRecord

ORDER = (
    "catalogue",
    "ingest",
    "quality",
    "preprocessing",
    "cross_validation",
    "tuning",
    "gate",
    "training",
    "register",
    "transform",
    "evaluation",
    "deploy",
)
"""Kinds of step in the order a pipeline takes them; others (``pipeline``, ``report``) are no work."""


@dataclass(frozen=True)
class Verdict:
    """The run in a headline.

    Attributes:
        state: ``good``, ``stopped`` (by a gate), ``failed`` or ``unfinished``.
        title: A few words.
        reason: One sentence with the numbers behind it; may be empty.
    """

    state: str
    title: str
    reason: str


def steps_not_run(run: RunRecord) -> list[str]:
    """Steps with settings but without a task, in the order a pipeline takes them."""
    done = {task.step for task in run.tasks}
    missing = [step for step in run.config if step not in done and run.kind(step) in ORDER]
    return sorted(missing, key=lambda step: ORDER.index(run.kind(step)))


def verdict(run: RunRecord) -> Verdict:
    """What ``run`` came to: live, finished, stopped by a gate, failed at a task, or simply not finished."""
    quality, gate, deploy = run.evidence("quality"), run.evidence("gate"), run.evidence("deploy")
    if quality.get("passed") is False:
        return Verdict("stopped", "Stopped by the quality gate", _offenders(run))
    if gate.get("passed") is False:
        return Verdict("stopped", "Stopped by the gate", _comparison(run))
    if (failure := run.failure) is not None:
        first = failure.error.strip().partition("\n")[0]
        return Verdict("failed", f"Failed at {failure.task_id}", first)
    if deploy.get("endpoint"):
        return Verdict("good", _live(run), _comparison(run))
    if missing := steps_not_run(run):
        return Verdict("unfinished", f"Ended before {missing[0]}", _bad_job(run))
    return Verdict("good", "Finished", _comparison(run))


def _live(run: RunRecord) -> str:
    endpoint, register = run.evidence("deploy")["endpoint"], run.evidence("register")
    if register.get("version") is None:
        return f"Live: endpoint {endpoint} answers"
    return f"Live: endpoint {endpoint} serves {register.get('group', 'model')} version {register['version']}"


def _comparison(run: RunRecord) -> str:
    """Candidate against baseline on the folds and, when there was a gate, against its margin."""
    gate, candidate, baseline = run.evidence("gate"), run.candidate(), run.baseline()
    if gate.get("mean_difference") is not None:
        word = "Better" if gate["mean_difference"] >= 0 else "Worse"
        by = f"{word} than the baseline by {score(abs(gate['mean_difference']))} {metric(gate.get('metric'))}"
        folds = plural(len(gate.get("differences") or ()), "fold")
        return f"{by} on average over {folds}; the margin asked for is {plain(gate.get('margin'))}."
    if candidate is None:
        return ""
    told = f"{metric(candidate.metric)} {score(candidate.mean)} over {plural(len(candidate.by_fold), 'fold')}"
    return f"{told}; the baseline reaches {score(baseline.mean)}." if baseline else f"{told}."


def _offenders(run: RunRecord) -> str:
    checks = run.evidence("quality").get("checks") or []
    failed = [c for c in checks if not c.get("passed") and c.get("severity", "error") == "error"]
    told = "; ".join(c.get("message") or f"{c.get('check')} of {c.get('column')}" for c in failed[:3])
    more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
    return f"{len(failed)} of {plural(len(checks), 'check')} failed: {told}{more}" if failed else ""


def _bad_job(run: RunRecord) -> str:
    bad = next((job for job in reversed(run.jobs) if job.status in ("Failed", "Stopped", "FAILED")), None)
    return f"{bad.kind} job {bad.name} ended as {bad.status}." if bad else ""
