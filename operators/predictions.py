"""The hold-out → predictions, in one batch transform."""

from __future__ import annotations

from typing import Any

from deploy.request import candidate_model, transform_request
from foldline.errors import DataError
from foldline.layout import S3Uri, each_generation, of_generation
from foldline.outcomes import TRANSFORM
from foldline.remote.hosting.models import ensure_model
from foldline.remote.storage.artifacts import lines
from foldline.remote.storage.objects import stored
from foldline.requests import Request
from foldline.steps.fitting import TrainingSettings
from foldline.steps.release import TransformSettings
from operators.base import StepOperator
from operators.results import FitResult, FoldsResult, PredictionsResult
from operators.steprun import StepRun


class PredictionsOperator(StepOperator):
    """Predict the hold-out with the fitted candidate; every output line keeps its row id.

    Args:
        model: Result of the final fit.
        folds: Result of the preprocessing, which wrote the hold-out.
    """

    template_fields = ("step", "model", "folds")

    def __init__(self, *, model: FitResult, folds: FoldsResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.folds = folds

    def work(self, run: StepRun) -> PredictionsResult:
        """Where the predictions are."""
        settings = run.settings(TransformSettings)
        environment = run.pipeline.environment
        model = candidate_model(
            environment,
            prefix=f"{run.pipeline.name}-candidate",
            image=run.only(TrainingSettings).job.image,
            artifact=self.model["model"],
            labels=run.labels("model", {"artifact": self.model["model"]}),
        )
        name = model["ModelName"]
        ensure_model(run.clients.client("sagemaker"), run.clock, model)

        def request_to(output: S3Uri) -> Request:
            return transform_request(settings, environment, run.layout, model=name, output=output)

        key = run.identity(TRANSFORM.name, {**request_to(run.layout.root), "Data": self.folds["digest"]}).key
        target = each_generation(run.layout.predictions(key))
        outcome = run.run_job(TRANSFORM, request_to(target), job=settings)
        output = of_generation(target, outcome.generation)
        rows = self.folds["holdout_rows"]
        s3, owner = run.clients.client("s3"), environment.account
        answered = lines(s3, owner, list(stored(s3, owner, output)))
        if answered < rows:
            raise DataError(
                f"the hold-out has {rows:,} rows, the transform answered {answered:,}",
                where=str(output),
                mend="look at the job's log; clear the task to run it again",
            )
        run.evidence.update(rows_in=rows, output_uri=str(output))
        run.detail = f"{rows:,} rows"
        return {"uri": str(output), "rows": rows, "model": name}
