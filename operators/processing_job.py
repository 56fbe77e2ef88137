"""One processing job of one's own program, or the image's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foldline.layout import S3Uri, each_generation, of_generation
from foldline.names import digest
from foldline.outcomes import PROCESSING
from foldline.ownjobs import processing_job_request
from foldline.steps.sagemaker import ProcessingJobSettings
from operators.base import StepOperator
from operators.inputs import addresses
from operators.results import ProcessingJobResult
from operators.sources import source
from operators.steprun import StepRun


class ProcessingJobOperator(StepOperator):
    """Run a `processing_job` step; returns where its outputs are.

    Args:
        inputs: S3 addresses, or results of other tasks, for the inputs that the step file leaves open.
    """

    template_fields = ("step", "inputs")

    def __init__(self, *, inputs: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inputs = dict(inputs or {})

    def named(self, output: str) -> dict[str, Any]:
        """One output of this task, for another one to take.

        Args:
            output: Its name in the step file.
        """
        return {"of": self.output, "named": output}

    def work(self, run: StepRun) -> ProcessingJobResult:
        """The outputs by name."""
        settings = run.settings(ProcessingJobSettings)
        inputs = addresses(settings.inputs, self.inputs, run.step)
        code = source(run, settings)

        def request_with(outputs: Mapping[str, S3Uri]) -> dict[str, Any]:
            return processing_job_request(
                settings, run.pipeline.environment, code=code, inputs=inputs, outputs=outputs
            )

        # Where nothing is said, outputs lie by who asked for what, and how often: no other job writes there.
        key = run.identity(PROCESSING.name, request_with({})).key
        below = each_generation(run.layout.outputs(run.place.task_id, key))
        outputs = {
            name: below / f"{name}/" if uri is None else S3Uri.parse(uri)
            for name, uri in settings.outputs.items()
        }
        outcome = run.run_job(PROCESSING, request_with(outputs), job=settings.job)
        places = {name: str(of_generation(uri, outcome.generation)) for name, uri in outputs.items()}
        run.evidence.update(inputs={name: str(uri) for name, uri in inputs.items()}, outputs=places)
        run.detail = f"{len(places)} outputs, input digest {digest(run.evidence['inputs'], 8)}"
        return {"job": outcome.name, "outputs": places}
