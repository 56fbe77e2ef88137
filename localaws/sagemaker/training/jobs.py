"""Training jobs: the resource and its status machine. What a job does is in ``training_run.py``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from localaws.jobs.contract import host_count
from localaws.jobs.job_queue import JobQueue
from localaws.jobs.machine import Machine
from localaws.jobs.processes import Processes
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.job_rules import FINAL, require_ended, require_running
from localaws.sagemaker.quotas import Quotas
from localaws.sagemaker.training.algorithm_metrics import with_metrics
from localaws.sagemaker.training.request import check_training_request
from localaws.sagemaker.training.run import LOG_GROUP, TrainingRun
from localaws.sagemaker.training.status import MESSAGES, STATUS_OF, accounts

KIND = Kind(
    type="training-job",
    name="TrainingJobName",
    arn="TrainingJobArn",
    exists="Training job names must be unique within an AWS account and region, and a training job with this "
    "name already exists ({arn})",
    missing="Requested resource not found.",
    exists_code="ResourceInUse",
    status="TrainingJobStatus",
)


class TrainingJobs:
    """Creates, describes, lists, stops and deletes training jobs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._documents = Documents(machine.world, KIND)
        self._queue = JobQueue(machine.slots, KIND.type, self._run)
        self._quotas = Quotas.of_environment()
        self._subscribers: list[Callable[[str], None]] = []

    def CreateTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the job and queue it."""
        return {"TrainingJobArn": self.create(request)["TrainingJobArn"]}

    def create(self, request: dict[str, Any], **platform: Any) -> dict[str, Any]:
        """Store a job and queue it; its document.

        Args:
            request: As CreateTrainingJob takes it.
            platform: Members of the description that only the platform sets, such as ``TuningJobArn``.

        Raises:
            AwsError: As CreateTrainingJob answers.
        """
        check_training_request(request)
        algorithm = with_metrics(request["AlgorithmSpecification"], request.get("HyperParameters", {}))
        output = {"KmsKeyId": "", **request["OutputDataConfig"]}  # always described; SDK 2 reads it
        request = {**request, "AlgorithmSpecification": algorithm, "OutputDataConfig": output}
        self._check_quota(request)
        now = time.time()
        starting = {"Status": "Starting", "StartTime": now, "StatusMessage": MESSAGES["Starting"]}
        job = self._documents.create(
            request,
            TrainingJobStatus="InProgress",
            SecondaryStatus="Starting",
            SecondaryStatusTransitions=[starting],
            **platform,
        )
        self._submit(job)
        return job

    def subscribe(self, ended: Callable[[str], None]) -> None:
        """Have a function called with the name of each job that ends, after its last status is stored."""
        self._subscribers.append(ended)

    def DescribeTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """The job."""
        return self._documents.need(request["TrainingJobName"])

    def ListTrainingJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of jobs."""
        return self._documents.list(request, "TrainingJobSummaries")

    def StopTrainingJob(self, request: dict[str, Any]) -> None:
        """Ask a job to end; what it wrote so far is kept."""
        name = request["TrainingJobName"]
        require_running(self._documents.need(name)["TrainingJobStatus"], "training")
        self.move(name, "Stopping")
        if self._queue.stop(name):
            self.move(name, "Stopped")

    def DeleteTrainingJob(self, request: dict[str, Any]) -> None:
        """Forget a job that has ended."""
        job = self._documents.need(request["TrainingJobName"])
        require_ended(job["TrainingJobStatus"], job["TrainingJobArn"])
        self._documents.delete(job["TrainingJobName"])

    def move(
        self, name: str, secondary: str, *, only_from: str = "", ended: float | None = None, **members: Any
    ) -> str:
        """Change a job's status: the one way to. Tells the primary status the job then has.

        An ended job stays as it ended. A job that is stopping goes through Uploading to Stopped (or Failed),
        whatever its run says, and its programs' time is still accounted for.

        Args:
            name: The job.
            secondary: Its new secondary status; the primary one follows from it.
            only_from: Change only when this is the secondary status.
            ended: When its programs ended, in epoch seconds; now unless given.
            members: What else changes in the description.
        """
        with self._machine.world.store.transaction():
            job = self._documents.need(name)
            if job["TrainingJobStatus"] in FINAL or (only_from and job["SecondaryStatus"] != only_from):
                return str(job["TrainingJobStatus"])
            stopping = job["TrainingJobStatus"] == "Stopping"
            if stopping and secondary == "Completed":
                secondary = "Stopped"
            status = STATUS_OF.get(secondary, "Stopping" if stopping else "InProgress")
            now = time.time()
            transitions = job["SecondaryStatusTransitions"]
            transitions[-1]["EndTime"] = now
            transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]})
            if status in FINAL:
                transitions[-1]["EndTime"] = now
                members |= accounts({**job, **members}, ended or now)
            self._documents.update(
                name,
                TrainingJobStatus=status,
                SecondaryStatus=secondary,
                SecondaryStatusTransitions=transitions,
                **members,
            )
        if status in FINAL:
            for subscriber in self._subscribers:
                subscriber(name)
        return status

    def start(self) -> None:
        """Go on with the jobs an earlier server left under way, and queue those that had not begun."""
        folders = []
        for job in self._documents.all():
            if job["TrainingJobStatus"] in FINAL:
                continue
            folders.append(TrainingRun.folder(self._machine, job))
            self._restore(job)
        self._machine.clear_all_but(TrainingRun.kind, folders)

    def stop(self) -> None:
        """Let go of what runs; the next server goes on or says what became of it."""
        self._queue.close()

    def _check_quota(self, request: dict[str, Any]) -> None:
        spot = bool(request.get("EnableManagedSpotTraining"))
        self._quotas.check(
            "spot training job" if spot else "training job",
            request["ResourceConfig"],
            "TrainingJobStatus",
            lambda: (
                (job, job["ResourceConfig"])
                for job in self._documents.all()
                if bool(job.get("EnableManagedSpotTraining")) == spot
            ),
        )

    def _submit(self, job: dict[str, Any]) -> None:
        name = job["TrainingJobName"]
        if not self._queue.submit(name, host_count(job["ResourceConfig"]), job["CreationTime"]):
            self.move(name, "Pending", only_from="Starting")

    def _restore(self, job: dict[str, Any]) -> None:
        name, stopping = job["TrainingJobName"], job["TrainingJobStatus"] == "Stopping"
        if TrainingRun.under_way(self._machine, job):
            self._queue.resume(name, host_count(job["ResourceConfig"]), stopped=stopping)
        elif stopping:
            self.move(name, "Stopped")
        else:
            self._submit(job)

    def _run(self, name: str) -> TrainingRun:
        """What runs a job that has its slots."""
        processes = Processes(self._machine, LOG_GROUP)
        return TrainingRun(self._machine, self._documents.need(name), processes, self.move)
