"""Batch predictions of any data by any model."""

from __future__ import annotations

from typing import Any

from foldline.errors import DataError
from foldline.layout import S3Uri, each_generation, of_generation
from foldline.outcomes import TRANSFORM
from foldline.ownjobs import transform_job_request
from foldline.remote.storage.artifacts import counts
from foldline.requests import Request
from foldline.steps.sagemaker import TransformJobSettings
from operators.base import StepOperator
from operators.inputs import addresses
from operators.results import ModelResult, TransformJobResult
from operators.steprun import StepRun


class TransformJobOperator(StepOperator):
    """Run a `transform_job` step; as many records must come out as went in.

    Args:
        model: Result of the `model` step, or a model's name.
        data: S3 address, or the result of another task, where the step file leaves ``input`` open.
    """

    template_fields = ("step", "model", "data")

    def __init__(self, *, model: ModelResult | str, data: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.data = data

    def work(self, run: StepRun) -> TransformJobResult:
        """Where the answers are."""
        settings = run.settings(TransformJobSettings)
        name = self.model if isinstance(self.model, str) else self.model["name"]
        given = {} if self.data is None else {"input": self.data}
        data = addresses({"input": settings.input}, given, run.step)["input"]

        def request_to(output: S3Uri) -> Request:
            environment = run.pipeline.environment
            return transform_job_request(settings, environment, model=name, data=data, output=output)

        if settings.output is None:
            key = run.identity(TRANSFORM.name, request_to(run.layout.root)).key
            target = each_generation(run.layout.outputs(run.place.task_id, key))
        else:
            target = S3Uri.parse(settings.output)
        outcome = run.run_job(TRANSFORM, request_to(target), job=settings)
        output = of_generation(target, outcome.generation)
        found = counts(
            run.clients.client("s3"),
            run.pipeline.environment.account,
            data,
            output,
            by_line=settings.split == "line",
            up_to=settings.count_up_to,
        )
        if found.problem:
            raise DataError(
                f"transform job {outcome.name} did not answer all that it was asked",
                where=str(output),
                cause=found.problem,
                mend="look at the job's log and at the model's code: one record in, one answer out",
            )
        run.evidence.update(objects=found.objects_in, records=found.records_in, output_uri=str(output))
        run.detail = f"{found.objects_in:,} objects" + (
            f", {found.records_in:,} records" if found.records_in is not None else ""
        )
        return {"job": outcome.name, "uri": str(output), "model": name, "records": found.records_in}
