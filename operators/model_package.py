"""The fitted candidate → a version in the model registry."""

from __future__ import annotations

from typing import Any

from deploy.request import package_group_request, package_request
from foldline.layout import S3Uri
from foldline.remote.calls import call, error_code, error_message, find
from foldline.requests import Request
from foldline.steps.fitting import TrainingSettings
from foldline.steps.release import RegisterSettings
from operators.base import StepOperator
from operators.results import FitResult, PackageResult, TrialResult
from operators.steprun import StepRun


class ModelPackageOperator(StepOperator):
    """Register the candidate with its metrics; registering twice makes one version.

    Args:
        model: Result of the final fit.
        trial: Result of the tuning, for the scores by fold.
    """

    template_fields = ("step", "model", "trial")

    def __init__(self, *, model: FitResult, trial: TrialResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.trial = trial

    def work(self, run: StepRun) -> PackageResult:
        """The registered version."""
        settings = run.settings(RegisterSettings)
        sagemaker = run.clients.client("sagemaker")
        self._ensure_group(run, settings)
        scores = {key: self.trial[key] for key in ("metric", "scores", "mean", "sd")}
        metrics = run.objects.put_document(run.layout.metrics, {"cross_validation": scores})
        request = self._request(run, settings, metrics)
        # AWS does not say how long it knows a token, so the first answer is kept as well.
        arn = run.memory.once(
            f"package-{request['ClientToken']}",
            lambda: call(sagemaker.create_model_package, run.clock, **request)["ModelPackageArn"],
        )
        package = call(sagemaker.describe_model_package, run.clock, ModelPackageName=arn)
        result: PackageResult = {
            "arn": arn,
            "version": int(package["ModelPackageVersion"]),
            "status": package["ModelApprovalStatus"],
        }
        run.evidence.update(result, group=settings.group)
        run.detail = f"{settings.group} version {result['version']}, {result['status']}"
        return result

    def _request(self, run: StepRun, settings: RegisterSettings, metrics: S3Uri) -> Request:
        asked = {"artifact": self.model["model"], "settings": settings.document()}
        return package_request(
            settings,
            run.pipeline.environment,
            image=run.only(TrainingSettings).job.image,
            artifact=self.model["model"],
            metrics=metrics,
            properties={
                "dag": run.place.dag_id,
                "run": run.place.run_id,
                "training_job": self.model["job"],
                f"{self.trial['metric']}_mean": f"{self.trial['mean']:.6f}",
                f"{self.trial['metric']}_sd": f"{self.trial['sd']:.6f}",
            },
            token=run.identity("model-package", asked).key,
        )

    def _ensure_group(self, run: StepRun, settings: RegisterSettings) -> None:
        sagemaker = run.clients.client("sagemaker")
        name = settings.group
        if find(sagemaker.describe_model_package_group, run.clock, ModelPackageGroupName=name) is not None:
            return
        labels = {"foldline:env": run.pipeline.environment.name, "foldline:dag": run.place.dag_id}
        try:
            call(sagemaker.create_model_package_group, run.clock, **package_group_request(settings, labels))
        except Exception as error:
            there = error_code(error) == "ValidationException" and "already exists" in error_message(error)
            if not there:
                raise
