"""Hyperparameter tuning jobs: the resource. How one goes on is in ``run.py``."""

from __future__ import annotations

import secrets
import threading
from typing import Any

from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.job_rules import require_ended, require_running
from localaws.sagemaker.listing import page
from localaws.sagemaker.training.jobs import TrainingJobs
from localaws.sagemaker.tuning.plan import Plan, described
from localaws.sagemaker.tuning.run import TuningRun, is_over
from localaws.sagemaker.tuning.trials import objective_counters, status_counters
from localaws.sagemaker.tuning.warm_start import check_parents, inherited
from localaws.world import World

KIND = Kind(
    type="hyper-parameter-tuning-job",
    name="HyperParameterTuningJobName",
    arn="HyperParameterTuningJobArn",
    exists="A hyperparameter tuning job with the name, {name}, already exists. Choose a different name.",
    missing="Amazon SageMaker can't find a tuning job with the name {name}. Check the name and try again.",
    exists_code="ResourceInUse",
    status="HyperParameterTuningJobStatus",
    missing_code="ResourceNotFound",
)
SEEDS = 1 << 31
BY_NAME = {"SortBy": "Name", "SortOrder": "Ascending"}


class TuningJobs:
    """Creates, describes, lists, stops and deletes tuning jobs."""

    def __init__(self, world: World, training: TrainingJobs) -> None:
        self._documents = Documents(world, KIND)
        self._training = training
        self._runs: dict[str, TuningRun] = {}
        self._lock = threading.Lock()
        training.subscribe(self._trial_ended)

    def CreateHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the job and begin."""
        plan = Plan.of(request)
        check_parents(self._documents, request, plan)
        config = request["HyperParameterTuningJobConfig"]
        limits = {
            **config["ResourceLimits"],
            **({"MaxNumberOfTrainingJobs": plan.total} if plan.total else {}),
        }
        job = self._documents.create(
            {**request, "HyperParameterTuningJobConfig": {**config, "ResourceLimits": limits}},
            HyperParameterTuningJobStatus="InProgress",
            TrainingJobStatusCounters=status_counters([]),
            ObjectiveStatusCounters=objective_counters([]),
            _Trials=[],
            _Seed=config.get("RandomSeed", secrets.randbelow(SEEDS)),
            _Ending=None,
            **inherited(self._documents, request, plan),
        )
        self._go(job["HyperParameterTuningJobName"])
        return {"HyperParameterTuningJobArn": job["HyperParameterTuningJobArn"]}

    def DescribeHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """The job."""
        return described(self._documents.need(request["HyperParameterTuningJobName"]))

    def ListHyperParameterTuningJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of jobs, by name unless asked otherwise."""
        jobs = [_summary(job) for job in self._documents.all()]
        return self._documents.page(jobs, {**BY_NAME, **request}, "HyperParameterTuningJobSummaries")

    def StopHyperParameterTuningJob(self, request: dict[str, Any]) -> None:
        """Start no more trials, and stop those that run."""
        name = request["HyperParameterTuningJobName"]
        with self._documents.world.store.transaction():
            require_running(
                self._documents.need(name)["HyperParameterTuningJobStatus"], "hyperparameter tuning"
            )
            self._documents.update(name, HyperParameterTuningJobStatus="Stopping")
        self._wake(name)

    def DeleteHyperParameterTuningJob(self, request: dict[str, Any]) -> None:
        """Forget a job that has ended; its training jobs stay."""
        job = self._documents.need(request["HyperParameterTuningJobName"])
        require_ended(job["HyperParameterTuningJobStatus"], job["HyperParameterTuningJobArn"])
        self._documents.delete(job["HyperParameterTuningJobName"])

    def ListTrainingJobsForHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a job's trials, by name unless asked otherwise; by objective only those with one."""
        filters = {**BY_NAME, **request}
        job = self._documents.need(filters.pop("HyperParameterTuningJobName"))
        summaries = [trial["summary"] for trial in job["_Trials"] if trial["summary"]]
        if filters.get("SortBy") == "FinalObjectiveMetricValue":
            summaries = [one for one in summaries if "FinalHyperParameterTuningJobObjectiveMetric" in one]
            for one in summaries:
                one["_Value"] = one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        return page(
            summaries,
            filters,
            "TrainingJobSummaries",
            name="TrainingJobName",
            status="TrainingJobStatus",
            orders={"FinalObjectiveMetricValue": "_Value"},
        )

    def start(self) -> None:
        """Go on with the jobs an earlier server left under way."""
        for job in self._documents.all():
            if not is_over(job):
                self._go(job["HyperParameterTuningJobName"])

    def stop(self) -> None:
        """Let the next server go on."""
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            run.leave()

    def _go(self, name: str) -> None:
        with self._lock:
            for old in [one for one, run in self._runs.items() if not run.alive]:
                del self._runs[old]
            run = self._runs[name] = TuningRun(self._documents, self._training, name)
        run.start()

    def _wake(self, name: str) -> None:
        with self._lock:
            run = self._runs.get(name)
        if run is not None:
            run.wake()

    def _trial_ended(self, job: str) -> None:
        self._wake("-".join(job.split("-")[:-2]))  # <tuning job>-<number>-<digest>


def _summary(job: dict[str, Any]) -> dict[str, Any]:
    """A job as its list has it."""
    config = job["HyperParameterTuningJobConfig"]
    return {**job, "Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}
