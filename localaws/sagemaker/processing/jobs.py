"""Processing jobs: the resource and its status machine. What a job does is in ``processing_run.py``."""

from __future__ import annotations

import time
from typing import Any

from localaws.jobs.contract import host_count
from localaws.jobs.job_queue import JobQueue
from localaws.jobs.machine import Machine
from localaws.jobs.processes import Processes
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.job_rules import EXISTS, FINAL, MISSING, require_ended, require_running
from localaws.sagemaker.processing.request import check_processing_request
from localaws.sagemaker.processing.run import LOG_GROUP, ProcessingRun
from localaws.sagemaker.quotas import Quotas

KIND = Kind(
    type="processing-job",
    name="ProcessingJobName",
    arn="ProcessingJobArn",
    exists=EXISTS,
    missing=MISSING,
    exists_code="ResourceInUse",
    status="ProcessingJobStatus",
)


class ProcessingJobs:
    """Creates, describes, lists, stops and deletes processing jobs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._documents = Documents(machine.world, KIND)
        self._queue = JobQueue(machine.slots, KIND.type, self._run)
        self._quotas = Quotas.of_environment()

    def CreateProcessingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the job and queue it."""
        check_processing_request(request)
        self._quotas.check(
            "processing job",
            request["ProcessingResources"]["ClusterConfig"],
            "ProcessingJobStatus",
            lambda: ((job, job["ProcessingResources"]["ClusterConfig"]) for job in self._documents.all()),
        )
        job = self._documents.create(request, ProcessingJobStatus="InProgress")
        self._submit(job)
        return {"ProcessingJobArn": job["ProcessingJobArn"]}

    def DescribeProcessingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """The job."""
        return self._documents.need(request["ProcessingJobName"])

    def ListProcessingJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of jobs."""
        return self._documents.list(request, "ProcessingJobSummaries")

    def StopProcessingJob(self, request: dict[str, Any]) -> None:
        """Ask a job to end; the outputs it wrote so far are kept."""
        name = request["ProcessingJobName"]
        require_running(self._documents.need(name)["ProcessingJobStatus"], "processing")
        self.move(name, "Stopping")
        if self._queue.stop(name):
            self.move(name, "Stopped")

    def DeleteProcessingJob(self, request: dict[str, Any]) -> None:
        """Forget a job that has ended."""
        job = self._documents.need(request["ProcessingJobName"])
        require_ended(job["ProcessingJobStatus"], job["ProcessingJobArn"])
        self._documents.delete(job["ProcessingJobName"])

    def move(self, name: str, status: str, *, ended: float | None = None, **members: Any) -> str:
        """Change a job's status: the one way to. Tells the status the job then has.

        An ended job stays as it ended; one that is stopping goes on to Stopped or Failed, whatever its run
        says.

        Args:
            name: The job.
            status: Its new status.
            ended: When its programs ended, in epoch seconds; now unless given.
            members: What else changes in the description.
        """
        with self._machine.world.store.transaction():
            job = self._documents.need(name)
            if job["ProcessingJobStatus"] in FINAL:
                return str(job["ProcessingJobStatus"])
            if job["ProcessingJobStatus"] == "Stopping":
                status = {"InProgress": "Stopping", "Completed": "Stopped"}.get(status, status)
            if status in FINAL:
                members["ProcessingEndTime"] = ended or time.time()
            self._documents.update(name, ProcessingJobStatus=status, **members)
        return status

    def start(self) -> None:
        """Go on with the jobs an earlier server left under way, and queue those that had not begun."""
        folders = []
        for job in self._documents.all():
            if job["ProcessingJobStatus"] in FINAL:
                continue
            folders.append(ProcessingRun.folder(self._machine, job))
            self._restore(job)
        self._machine.clear_all_but(ProcessingRun.kind, folders)

    def stop(self) -> None:
        """Let go of what runs; the next server goes on or says what became of it."""
        self._queue.close()

    def _submit(self, job: dict[str, Any]) -> None:
        self._queue.submit(job["ProcessingJobName"], _width(job), job["CreationTime"])

    def _restore(self, job: dict[str, Any]) -> None:
        name, stopping = job["ProcessingJobName"], job["ProcessingJobStatus"] == "Stopping"
        if ProcessingRun.under_way(self._machine, job):
            self._queue.resume(name, _width(job), stopped=stopping)
        elif stopping:
            self.move(name, "Stopped")
        else:
            self._submit(job)

    def _run(self, name: str) -> ProcessingRun:
        """What runs a job that has its slots."""
        processes = Processes(self._machine, LOG_GROUP)
        return ProcessingRun(self._machine, self._documents.need(name), processes, self.move)


def _width(job: dict[str, Any]) -> int:
    return host_count(job["ProcessingResources"]["ClusterConfig"])
