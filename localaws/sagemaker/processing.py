"""Processing jobs: the resource and its status machine. What a job does is in ``processing_run.py``."""

from __future__ import annotations

import time
from typing import Any

from localaws.jobs.job_queue import JobQueue
from localaws.jobs.machine import Machine
from localaws.jobs.processes import Processes
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.job_rules import (
    EXISTS,
    FINAL,
    MISSING,
    RESTARTED,
    instance_count,
    require_ended,
    require_running,
)
from localaws.sagemaker.processing_request import check_processing_request
from localaws.sagemaker.processing_run import LOG_GROUP, ProcessingRun

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
        self._queue = JobQueue(machine.slots, KIND.type)

    def CreateProcessingJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the job and queue it."""
        check_processing_request(request)
        job = self._documents.create(request, ProcessingJobStatus="InProgress")
        processes = Processes(self._machine, LOG_GROUP)
        run = ProcessingRun(self._machine, job, processes, self.move)
        width = instance_count(job["ProcessingResources"]["ClusterConfig"])
        self._queue.submit(job["ProcessingJobName"], width, processes, run)
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

    def move(self, name: str, status: str, **members: Any) -> str:
        """Change a job's status: the one way to. Tells the status the job then has.

        An ended job stays as it ended; one that is stopping goes on to Stopped or Failed, whatever its run
        says.
        """
        with self._machine.world.store.transaction():
            job = self._documents.need(name)
            if job["ProcessingJobStatus"] in FINAL:
                return str(job["ProcessingJobStatus"])
            if job["ProcessingJobStatus"] == "Stopping":
                status = {"InProgress": "Stopping", "Completed": "Stopped"}.get(status, status)
            if status in FINAL:
                members["ProcessingEndTime"] = time.time()
            self._documents.update(name, ProcessingJobStatus=status, **members)
        return status

    def start(self) -> None:
        """Fail the jobs an earlier server left under way."""
        for job in self._documents.all():
            if job["ProcessingJobStatus"] not in FINAL:
                self.move(job["ProcessingJobName"], "Failed", FailureReason=RESTARTED)

    def stop(self) -> None:
        """End what runs; the next server says so."""
        self._queue.close()
