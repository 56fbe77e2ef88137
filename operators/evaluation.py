"""The hold-out predictions → figures and curves, beside the baseline's."""

from __future__ import annotations

from typing import Any

from foldline.layout import S3Uri
from foldline.outcomes import PROCESSING
from foldline.steps.data import PreprocessingSettings
from foldline.steps.release import EvaluationSettings
from operators.base import StepOperator
from operators.results import EvaluationResult, PredictionsResult, TrialResult
from operators.steprun import StepRun
from training.request import evaluation_request, evaluation_settings


class EvaluationOperator(StepOperator):
    """Judge the hold-out predictions in a processing job; rows are reconciled by their ids.

    Args:
        predictions: Result of the batch transform.
        trial: Result of the tuning; its out-of-fold predictions choose the threshold.
    """

    template_fields = ("step", "predictions", "trial")

    def __init__(self, *, predictions: PredictionsResult, trial: TrialResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.predictions = predictions
        self.trial = trial

    def work(self, run: StepRun) -> EvaluationResult:
        """The headline figures."""
        settings = run.settings(EvaluationSettings)
        outputs = [f"{job}/output/output.tar.gz" for job in self.trial["jobs"]]
        validation = run.objects.put_document(
            run.layout.validation_manifest_of_best, [{"prefix": str(run.layout.jobs)}, *outputs]
        )
        document = evaluation_settings(settings, run.only(PreprocessingSettings).table)
        request = evaluation_request(
            settings,
            run.pipeline.environment,
            run.layout,
            code=run.code,
            document=run.settings_document(document),
            predictions=S3Uri.parse(self.predictions["uri"]),
            validation=validation,
        )
        run.run_job(PROCESSING, request, job=settings.job)
        figures = run.objects.get_document(run.layout.evaluation / "evaluation.json")
        run.evidence.update(figures)
        metric = settings.metric.name
        score, baseline = figures["metrics"][metric], (figures.get("baseline") or {}).get(metric)
        beside = f", baseline {baseline:.4f}" if baseline is not None else ""
        run.detail = f"hold-out {metric} {score:.4f}{beside}"
        return {
            "metric": metric,
            "score": score,
            "baseline": baseline,
            "threshold": figures["threshold"]["value"],
        }
