"""The gate: the candidate must beat the baseline on the folds, or the run stops here with the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.gate import compared
from foldline.errors import GateRejected
from foldline.steps.fitting import GateSettings, TuningSettings
from operators.base import StepOperator
from operators.results import FitResult, GateResult, TrialResult
from operators.steprun import StepRun


class GateOperator(StepOperator):
    """Compare the best trial with the baseline, fold by fold.

    Args:
        candidate: Result of the tuning.
        baseline: Results of the baseline's cross-validation, one per fold.
    """

    template_fields = ("step", "candidate", "baseline")

    def __init__(self, *, candidate: TrialResult, baseline: Sequence[FitResult], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.candidate = candidate
        self.baseline = baseline

    def work(self, run: StepRun) -> GateResult:
        """By how much the candidate is better, when it is enough."""
        settings, metric = run.settings(GateSettings), run.only(TuningSettings).metric
        by_fold = sorted(self.baseline, key=lambda fit: fit["fold"] or 0)
        verdict = compared(
            self.candidate["scores"],
            [fit["score"] for fit in by_fold if fit["score"] is not None],
            metric=metric.name,
            direction=metric.direction,
            margin=settings.margin,
        )
        evidence = verdict.evidence()
        run.evidence.update(evidence)
        if not verdict.passed:
            raise GateRejected(
                "the candidate does not beat the baseline by the margin; the run stops here",
                where=f"infra/{run.pipeline.name}/{run.step}.yaml",
                cause=verdict.sentence(),
                mend="search more, find better features, or lower `margin` knowingly",
            )
        run.detail = verdict.sentence()
        return {"mean_difference": evidence["mean_difference"], "margin": settings.margin}
