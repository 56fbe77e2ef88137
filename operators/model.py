"""An artifact, or a registered model package → a SageMaker model, named by its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.request import model_request
from foldline.contracts import check
from foldline.errors import ConfigError
from foldline.remote.hosting.models import ensure_model
from foldline.requests import Request
from foldline.steps.sagemaker import ModelSettings
from operators.base import StepOperator
from operators.inputs import address
from operators.results import ModelResult
from operators.steprun import StepRun


class ModelOperator(StepOperator):
    """Run a `model` step; the same artifact, image and environment are always the same model.

    Args:
        model: Result of a training job, a search or a registration, or an artifact's S3 address.
    """

    template_fields = ("step", "model")

    def __init__(self, *, model: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model

    def work(self, run: StepRun) -> ModelResult:
        """The model."""
        settings = run.settings(ModelSettings)
        request = self._request(run, settings)
        check("sagemaker", "CreateModel", request, where=f"step {run.step!r}")
        arn = ensure_model(run.clients.client("sagemaker"), run.clock, request)
        run.evidence.update(model=request["ModelName"])
        run.detail = request["ModelName"]
        return {"name": request["ModelName"], "arn": arn}

    def _request(self, run: StepRun, settings: ModelSettings) -> Request:
        package = self.model.get("arn") if isinstance(self.model, Mapping) else None
        artifact = None if package else str(address("model", self.model, run.step))
        if (settings.image is None) != (artifact is None):
            raise ConfigError(
                "an artifact needs an image to serve it" if artifact else "a model package brings its image",
                where=f"infra/{run.pipeline.name}/{run.step}.yaml",
                mend="give `image`" if artifact else "drop `image`",
            )
        asked = {"package": package, "artifact": artifact}
        return model_request(
            settings,
            run.pipeline.environment,
            prefix=settings.prefix or run.step,
            package=package,
            artifact=artifact,
            labels=run.labels("model", asked),
        )
