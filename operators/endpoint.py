"""The registered model → an endpoint that answers as it should, or the old one serves on."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any

from deploy.request import endpoint_config_request, endpoint_request, registered_model
from deploy.rollout import BROKEN, Wanted, change, fault
from foldline.errors import DataError, DeploymentError
from foldline.layout import S3Uri, endpoint_lock
from foldline.remote.calls import call
from foldline.remote.hosting.deployment import BEFORE, Deployed, Deployment, Plan
from foldline.remote.hosting.endpoints import Known
from foldline.remote.hosting.locks import Lock
from foldline.remote.hosting.models import ensure_model
from foldline.steps.data import PreprocessingSettings
from foldline.steps.release import DeploySettings
from operators.base import StepOperator
from operators.results import EndpointResult, PackageResult, PredictionsResult
from operators.steprun import StepRun

LOCK_WAITS, LOCK_SECONDS = 3, 600.0
"""A deployment waits three times at most: for what is under way, for its own change, for the way back."""
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
        if run.memory.get(BEFORE) is None:  # a try that has begun is brought to its end
            self._check_approval(run)
        wanted = wanted_state(run, settings, self.package)
        deployed = self._deployment(run, settings, wanted, known).carry_out()
        run.evidence.update(config=wanted.config["EndpointConfigName"], model=wanted.model["ModelName"])
        self._tell(run, settings, deployed, known)
        return {
            "endpoint": settings.endpoint,
            "config": wanted.config["EndpointConfigName"],
            "action": deployed.action,
        }

    def _deployment(self, run: StepRun, settings: DeploySettings, wanted: Wanted, known: Known) -> Deployment:
        environment, endpoints = run.pipeline.environment, run.endpoints
        config = wanted.config["EndpointConfigName"]

        def prepare() -> None:
            ensure_model(run.clients.client("sagemaker"), run.clock, wanted.model)
            if not endpoints.exists("describe_endpoint_config", EndpointConfigName=config):
                endpoints.carry_out("create_endpoint_config", wanted.config)

        def next_call(endpoint: dict[str, Any] | None, counts: dict[str, int]) -> tuple[str, dict[str, Any]]:
            found = change(endpoint, counts, wanted)
            return found.method, found.request

        lock = Lock(
            run.clients.client("s3"),
            environment.account,
            endpoint_lock(environment.bucket, settings.endpoint),
            # A cleared task is the same holder: what it held before it was cleared is still its own.
            replace(run.identity("endpoint-lock", {}), epoch=0).key,
            LOCK_WAITS * settings.max_runtime + LOCK_SECONDS,
            run.layout.run_json,
            run.clock,
            run.waits,
            run.backoff,
            run.waited,
        )
        plan = Plan(settings.endpoint, config, prepare, next_call, lambda seen: fault(seen, config), BROKEN)
        return Deployment(
            endpoints, run.memory, lock, plan, known, settings.smoke.tolerance, settings.max_runtime
        )

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

    def _tell(self, run: StepRun, settings: DeploySettings, deployed: Deployed, known: Known) -> None:
        smoke, action = deployed.smoke, deployed.action
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
    found = [item for item in run.objects.below(prefix) if item.size]
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
