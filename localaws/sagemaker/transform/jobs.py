"""Batch transform jobs: the resource and its status machine. What a job does is in ``transform_run.py``."""

from __future__ import annotations

import time
from typing import Any

from localaws.jobs.job_queue import JobQueue
from localaws.jobs.machine import Machine
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.hosting.models import KIND as MODEL_KIND
from localaws.sagemaker.job_rules import EXISTS, FINAL, MISSING, require_running
from localaws.sagemaker.quotas import Quotas
from localaws.sagemaker.transform.request import check_transform_request
from localaws.sagemaker.transform.run import TransformRun

KIND = Kind(
    type="transform-job",
    name="TransformJobName",
    arn="TransformJobArn",
    exists=EXISTS,
    missing=MISSING,
    exists_code="ResourceInUse",
    status="TransformJobStatus",
)


class TransformJobs:
    """Creates, describes, lists and stops batch transform jobs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._documents = Documents(machine.world, KIND)
        self._models = Documents(machine.world, MODEL_KIND)
        self._queue = JobQueue(machine.slots, KIND.type, self._run)
        self._quotas = Quotas.of_environment()

    def CreateTransformJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the job and queue it."""
        check_transform_request(request)
        model = self._models.need(request["ModelName"])
        self._quotas.check(
            "transform job",
            request["TransformResources"],
            "TransformJobStatus",
            lambda: ((job, job["TransformResources"]) for job in self._documents.all()),
        )
        job = self._documents.create(request, TransformJobStatus="InProgress", _Model=model)
        self._submit(job)
        return {"TransformJobArn": job["TransformJobArn"]}

    def DescribeTransformJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """The job."""
        return self._documents.need(request["TransformJobName"])

    def ListTransformJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of jobs."""
        return self._documents.list(request, "TransformJobSummaries")

    def StopTransformJob(self, request: dict[str, Any]) -> None:
        """End a job; it stores no output."""
        name = request["TransformJobName"]
        require_running(self._documents.need(name)["TransformJobStatus"], "transform")
        self.move(name, "Stopping")
        if self._queue.stop(name):
            self.move(name, "Stopped")

    def move(self, name: str, status: str, **members: Any) -> str:
        """Change a job's status: the one way to. Tells the status the job then has.

        An ended job stays as it ended; one that is stopping goes on to Stopped or Failed, whatever its run
        says.
        """
        with self._machine.world.store.transaction():
            job = self._documents.need(name)
            if job["TransformJobStatus"] in FINAL:
                return str(job["TransformJobStatus"])
            if job["TransformJobStatus"] == "Stopping":
                status = {"InProgress": "Stopping", "Completed": "Stopped"}.get(status, status)
            if status in FINAL:
                members["TransformEndTime"] = time.time()
            self._documents.update(name, TransformJobStatus=status, **members)
        return status

    def start(self) -> None:
        """Queue the jobs an earlier server left: one that was under way is run again from its start."""
        for job in self._documents.all():
            if job["TransformJobStatus"] == "Stopping":
                self.move(job["TransformJobName"], "Stopped")
            elif job["TransformJobStatus"] not in FINAL:
                self._submit(job)

    def stop(self) -> None:
        """End what runs; the next server runs it again."""
        self._queue.close()

    def _submit(self, job: dict[str, Any]) -> None:
        self._queue.submit(job["TransformJobName"], 1, job["CreationTime"])

    def _run(self, name: str) -> TransformRun:
        """What runs a job that has its slots."""
        return TransformRun(self._machine, self._documents.need(name), self.move)
