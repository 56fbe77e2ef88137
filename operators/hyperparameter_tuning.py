"""A search by SageMaker's own tuner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foldline.errors import JobFailed
from foldline.outcomes import TUNING, Outcome
from foldline.ownjobs import SCRIPT, SUBMITTED, Data, tuning_job_request
from foldline.remote.calls import call
from foldline.remote.storage.artifacts import artifact_uri
from foldline.requests import Request, with_checkpoints
from foldline.steps.sagemaker import TuningJobSettings
from operators.base import StepOperator
from operators.inputs import addresses
from operators.results import TuningJobResult
from operators.sources import source_archive
from operators.steprun import StepRun

OBJECTIVE = "_tuning_objective_metric"
"""What the tuner adds to the hyperparameters of its jobs."""
REASONS = 3
"""Failed training jobs whose reasons an error shows."""


class HyperParameterTuningJobOperator(StepOperator):
    """Run a `tuning_job` step; returns the best training job, its hyperparameters and artifact.

    Args:
        channels: S3 addresses, or results of other tasks, for the channels that the step file leaves open.
        parents: Results of earlier searches, or their names, to begin with.
    """

    template_fields = ("step", "channels", "parents")

    def __init__(
        self,
        *,
        channels: Mapping[str, Any] | None = None,
        parents: list[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels = dict(channels or {})
        self.parents = list(parents or ())

    def work(self, run: StepRun) -> TuningJobResult:
        """The best training job."""
        settings = run.settings(TuningJobSettings)
        try:
            outcome = run.run_job(TUNING, self._request(run, settings), job=settings)
        except JobFailed as error:
            told = failed_trials(run, run.jobs[-1].name) if run.jobs else []
            error.cause = "\n".join([error.cause, *told]).strip()
            raise
        counted = outcome.description["TrainingJobStatusCounters"]
        completed = int(counted["Completed"])
        failed = int(counted["NonRetryableError"]) + int(counted["RetryableError"])
        if completed < settings.min_completed:
            raise JobFailed(
                f"tuning job {outcome.name} completed {completed} training jobs, fewer than "
                f"`min_completed` ({settings.min_completed})",
                where=outcome.description["HyperParameterTuningJobArn"],
                cause="\n".join(failed_trials(run, outcome.name)),
                mend="mend what the reasons name, or lower min_completed",
            )
        if failed:
            self.log.warning("%d of the training jobs of %s failed", failed, outcome.name)
        return self._best(run, settings, outcome, completed, failed)

    def _request(self, run: StepRun, settings: TuningJobSettings) -> Request:
        declared = {name: channel.uri for name, channel in settings.channels.items()}
        found = addresses(declared, self.channels, run.step)
        request = tuning_job_request(
            settings,
            run.pipeline.environment,
            archive=source_archive(run, settings),
            data={name: Data(uri, settings.channels[name].manifest) for name, uri in found.items()},
            output=run.layout.jobs,
            parents=tuple(one["job"] if isinstance(one, Mapping) else str(one) for one in self.parents),
        )
        key = run.identity(TUNING.name, request).key
        definition = request["TrainingJobDefinition"]
        kept = with_checkpoints(definition, settings.job, run.layout.checkpoints, key)
        return {**request, "TrainingJobDefinition": kept}

    def _best(
        self, run: StepRun, settings: TuningJobSettings, outcome: Outcome, completed: int, failed: int
    ) -> TuningJobResult:
        best = outcome.description.get("BestTrainingJob") or {}
        value = best.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value")
        if "TrainingJobName" not in best or value is None:
            raise JobFailed(
                f"tuning job {outcome.name} found no best training job",
                where=outcome.description["HyperParameterTuningJobArn"],
                mend=f"the training program must log {settings.objective.metric} as `metrics` says",
            )
        describe = run.clients.client("sagemaker").describe_training_job
        winner = call(describe, run.clock, TrainingJobName=best["TrainingJobName"])
        if problem := run.artifact_problem(winner):
            raise JobFailed(
                f"the best training job {best['TrainingJobName']} left no model",
                where=winner["TrainingJobArn"],
                cause=problem,
                mend="the training program must write its model to /opt/ml/model",
            )
        run.evidence.update(completed=completed, failed=failed, objective=settings.objective.metric)
        trials = f"{completed} completed" + (f", {failed} failed" if failed else "")
        run.detail = f"{settings.objective.metric} {value:.4g}; {trials}"
        hidden = (SCRIPT, SUBMITTED, OBJECTIVE)
        found = {name: text for name, text in winner["HyperParameters"].items() if name not in hidden}
        return {
            "job": outcome.name,
            "best": best["TrainingJobName"],
            "model": artifact_uri(winner),
            "hyperparameters": found,
            "metric": settings.objective.metric,
            "value": float(value),
            "completed": completed,
            "failed": failed,
        }


def failed_trials(run: StepRun, tuning_job: str) -> list[str]:
    """Why the first few training jobs of a search failed."""
    children = call(
        run.clients.client("sagemaker").list_training_jobs_for_hyper_parameter_tuning_job,
        run.clock,
        HyperParameterTuningJobName=tuning_job,
        StatusEquals="Failed",
        MaxResults=REASONS,
    )["TrainingJobSummaries"]
    return [f"{one['TrainingJobName']}: {one.get('FailureReason', 'no reason given')}" for one in children]
