"""The registered model → an endpoint that answers as it should, or the old one serves on."""

from __future__ import annotations

import csv
from typing import Any

from deploy.request import endpoint_config_request, endpoint_request, registered_model
from deploy.rollout import BROKEN, Observed, Wanted, fault, missing_calls
from foldline.errors import DataError, DeploymentError
from foldline.layout import S3Uri
from foldline.remote.calls import call
from foldline.remote.endpoints import Known, Smoke
from foldline.steps.data import PreprocessingSettings
from foldline.steps.release import DeploySettings
from operators.base import StepOperator
from operators.results import EndpointResult, PackageResult, PredictionsResult
from operators.steprun import StepRun

SAMPLE_BYTES = 1 << 20
"""How much of the hold-out is read for known records."""


class EndpointOperator(StepOperator):
    """Deploy a model package, then ask known records; on a wrong answer, go back.

    Args:
        package: Result of the registration.
        predictions: Result of the batch transform: what the known records must answer.
    """

    template_fields = ("step", "package", "predictions")

    def __init__(self, *, package: PackageResult, predictions: PredictionsResult, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package = package
        self.predictions = predictions

    def work(self, run: StepRun) -> EndpointResult:
        """The endpoint that serves what was asked for."""
        settings = run.settings(DeploySettings)
        known = known_records(run, self.predictions, settings.smoke.records)
        self._check_approval(run)
        wanted = wanted_state(run, settings, self.package)
        before = self._at_rest(run, settings)
        endpoints = run.endpoints
        observed = Observed(
            model=endpoints.exists("describe_model", ModelName=wanted.model["ModelName"]),
            config=endpoints.exists(
                "describe_endpoint_config", EndpointConfigName=wanted.config["EndpointConfigName"]
            ),
            endpoint=before,
        )
        calls = missing_calls(observed, wanted)
        for missing in calls:
            endpoints.carry_out(missing.method, missing.request)
        smoke = self._verify(run, settings, wanted, before, known)
        last = calls[-1].method if calls else ""
        action = {"create_endpoint": "created", "update_endpoint": "updated"}.get(last, "unchanged")
        run.evidence.update(config=wanted.config["EndpointConfigName"], model=wanted.model["ModelName"])
        self._tell(run, settings, action, smoke, known)
        return {
            "endpoint": settings.endpoint,
            "config": wanted.config["EndpointConfigName"],
            "action": action,
        }

    def _check_approval(self, run: StepRun) -> None:
        """Ask the registry now: a person may have decided since the package was registered."""
        describe = run.clients.client("sagemaker").describe_model_package
        status = call(describe, run.clock, ModelPackageName=self.package["arn"])["ModelApprovalStatus"]
        if status != "Approved":
            raise DeploymentError(
                f"model package {self.package['arn']} is {status}; nothing was changed",
                where=self.package["arn"],
                mend="approve it in the model registry, then clear this task",
            )

    def _at_rest(self, run: StepRun, settings: DeploySettings) -> dict[str, Any] | None:
        endpoint = run.endpoints.at_rest(settings.endpoint, settings.max_runtime)
        if endpoint is not None and endpoint["EndpointStatus"] in BROKEN:
            raise DeploymentError(
                f"endpoint {settings.endpoint} is {endpoint['EndpointStatus']}; nothing was changed",
                where=endpoint["EndpointArn"],
                cause=str(endpoint.get("FailureReason", "")),
                mend=f"delete endpoint {settings.endpoint} (AWS allows nothing else), then clear this task",
            )
        return endpoint

    def _verify(
        self,
        run: StepRun,
        settings: DeploySettings,
        wanted: Wanted,
        before: dict[str, Any] | None,
        known: Known,
    ) -> Smoke:
        """InService is not enough: the wanted config must serve, and known records must answer."""
        after = run.endpoints.at_rest(settings.endpoint, settings.max_runtime)
        why = fault(after, wanted.config["EndpointConfigName"]) if after else "the endpoint is gone"
        if why:
            raise DeploymentError(
                f"endpoint {settings.endpoint} does not serve what was asked for",
                where=f"/aws/sagemaker/Endpoints/{settings.endpoint}",
                cause=why,
                mend="look at the endpoint's log; what served before serves on",
            )
        try:
            return run.endpoints.smoke(settings.endpoint, known, settings.smoke.tolerance)
        except DeploymentError:
            self._go_back(run, settings, wanted, before)
            raise

    def _go_back(
        self, run: StepRun, settings: DeploySettings, wanted: Wanted, before: dict[str, Any] | None
    ) -> None:
        sagemaker = run.clients.client("sagemaker")
        name, served = settings.endpoint, (before or {}).get("EndpointConfigName")
        if served is None:
            # A first deployment has nothing to go back to: what failed its test must not serve.
            call(sagemaker.delete_endpoint, run.clock, EndpointName=name)
            run.endpoints.at_rest(name, settings.max_runtime)
        elif served != wanted.config["EndpointConfigName"]:
            call(sagemaker.update_endpoint, run.clock, EndpointName=name, EndpointConfigName=served)
            run.endpoints.at_rest(name, settings.max_runtime)

    def _tell(self, run: StepRun, settings: DeploySettings, action: str, smoke: Smoke, known: Known) -> None:
        schema = run.only(PreprocessingSettings).table
        record = dict(zip(schema.features, next(csv.reader(known.lines[:1])), strict=True))
        numbers = {name: float(record[name]) if record[name] else None for name in schema.numeric}
        differences = [abs(mine - wanted) for mine, wanted in zip(smoke.answers, known.answers, strict=True)]
        run.evidence.update(
            endpoint=settings.endpoint,
            variant=settings.variant,
            action=action,
            smoke={
                "records": len(known.lines),
                "max_difference": max(differences),
                "tolerance": settings.smoke.tolerance,
                "milliseconds_median": smoke.milliseconds,
            },
            example={
                "features": {**record, **numbers},
                "prediction": smoke.answers[0],
            },
        )
        run.detail = (
            f"{settings.endpoint} {action}; {len(known.lines)} known records answered, "
            f"{smoke.milliseconds:.1f} ms median"
        )


def wanted_state(run: StepRun, settings: DeploySettings, package: PackageResult) -> Wanted:
    """Model, endpoint config and endpoint for a model package, named by their content."""
    environment = run.pipeline.environment
    labels = run.labels("endpoint", {"package": package["arn"]})
    model = registered_model(environment, prefix=settings.endpoint, package=package["arn"], labels=labels)
    config = endpoint_config_request(settings, environment, model=model["ModelName"], labels=labels)
    name = config["EndpointConfigName"]
    return Wanted(model, config, endpoint_request(settings, config=name, labels=labels))


def known_records(run: StepRun, predictions: PredictionsResult, count: int) -> Known:
    """Feature lines of the hold-out and what batch transform predicted for them.

    Raises:
        DataError: The two files do not begin with the same row ids.
    """
    features = first_lines(run, run.layout.holdout / "features/", count)
    predicted = first_lines(run, S3Uri.parse(predictions["uri"]), count)
    ids = [line.partition(",")[0] for line in features]
    if not ids or ids != [line.partition(",")[0] for line in predicted]:
        raise DataError(
            "the hold-out features and the predictions do not begin with the same rows",
            where=predictions["uri"],
            mend="clear the transform task",
        )
    return Known(
        tuple(line.partition(",")[2] for line in features),
        tuple(float(line.rpartition(",")[2]) for line in predicted),
    )


def first_lines(run: StepRun, prefix: S3Uri, count: int) -> list[str]:
    """The first ``count`` whole lines of the first object below ``prefix``."""
    found = [item for item in run.objects(prefix) if item.size]
    if not found:
        raise DataError("there is nothing to read known records from", where=str(prefix))
    uri, size = found[0].uri, found[0].size
    answer = run.clients.client("s3").get_object(
        Bucket=uri.bucket,
        Key=uri.key,
        Range=f"bytes=0-{min(size, SAMPLE_BYTES) - 1}",
        ExpectedBucketOwner=run.pipeline.environment.account,
    )
    lines: list[str] = answer["Body"].read().decode().splitlines()
    whole = lines if size <= SAMPLE_BYTES else lines[:-1]
    return whole[:count]
