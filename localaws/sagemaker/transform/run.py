"""What a transform job does until its last status: it feeds a model server every object's records."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localaws.jobs.channels import Item, items
from localaws.jobs.failure import JobFailure, reason_of
from localaws.jobs.machine import Machine, ServerStopping
from localaws.jobs.sandbox import clear
from localaws.s3.blobs import split_uri
from localaws.sagemaker.hosting.connections import Answer, ServerGone
from localaws.sagemaker.hosting.model_containers import container_of
from localaws.sagemaker.hosting.model_server import ModelServer, Place
from localaws.sagemaker.job_run import strike
from localaws.sagemaker.transform.payloads import MAX_PAYLOAD, Payloads

LOG_GROUP = "/aws/sagemaker/TransformJobs"
START_SECONDS = 600.0
INVOCATION_SECONDS = 600


class Stopped(Exception):
    """The job was asked to end."""


class ModelLost(JobFailure):
    """The model server ended: no further object can be transformed."""


class TransformRun:
    """One transform job, run by calling it. Its outputs come to S3 together, when all objects are through.

    Args:
        machine: Where it runs.
        job: The job's document.
        move: Changes the job's status; tells the one it then has.
    """

    def __init__(self, machine: Machine, job: dict[str, Any], move: Callable[..., str]) -> None:
        self._machine = machine
        self._job = job
        self._move = move
        self._name: str = job["TransformJobName"]
        self._server: ModelServer | None = None
        self._end: type[Exception] | None = None
        self._cancelled = threading.Event()
        self._logged: JobFailure | None = None
        self._stream = f"i-{uuid.uuid4().hex[:17]}"

    def __call__(self) -> None:
        """Run the job to its last status, or to where the server goes down."""
        outputs = self._machine.folder("transform", f"{self._name}.out")
        try:
            self._run(outputs)
            self._move(self._name, "Completed")
        except ServerStopping:
            return  # the next server runs the job again
        except Stopped:
            self._move(self._name, "Stopped")
        except Exception as error:
            if self._machine.closing.is_set():
                return
            reason = reason_of(error)
            if error is not self._logged:
                self._log(reason)
            self._move(self._name, "Failed", FailureReason=reason)
        finally:
            clear(outputs)

    def stop(self) -> None:
        """End the run; it stores nothing."""
        self._finish(Stopped)

    def abandon(self) -> None:
        """End the run where it is: the server goes down."""
        self._finish(ServerStopping)

    def _finish(self, end: type[Exception]) -> None:
        self._end = end
        self._cancelled.set()
        if self._server is not None:
            self._server.kill()

    def _run(self, outputs: Path) -> None:
        """Transform every object, then store what came of those that did not fail."""
        source = self._job["TransformInput"]["DataSource"]["S3DataSource"]
        if self._move(self._name, "InProgress", TransformStartTime=time.time()) == "Stopping":
            raise Stopped
        self._machine.world.pace.pause("transform.Starting", self._cancelled)
        self._check_end()
        fault = strike(self._machine.world.faults.on_job("transform", self._name))
        if fault is not None and fault.effect == "bad_container":
            raise JobFailure("AlgorithmError", "The model server's program ended, exit code: 127")
        found = items(self._machine.world.objects, source["S3Uri"], source["S3DataType"])
        try:
            failure = self._transform_all(found, outputs)
        finally:
            if self._server is not None:
                self._server.kill()
        self._publish(found, outputs)
        if failure is not None:
            raise failure

    def _transform_all(self, found: list[Item], outputs: Path) -> JobFailure | None:
        """Write each object's output; one that fails has none, and the others go on. The first failure."""
        first = None
        self._server = self._start_server()
        try:
            self._server.wait_until_ready(START_SECONDS)
        except JobFailure as error:
            self._check_end()
            raise JobFailure("AlgorithmError", f"The model server {error.message}") from error
        with ThreadPoolExecutor(self._concurrent, thread_name_prefix=self._name) as executor:
            payloads = Payloads(self._job, self._post, executor)
            for number, item in enumerate(found):
                try:
                    payloads.transform(item, outputs / str(number))
                except ModelLost:
                    raise
                except JobFailure as failure:
                    self._log(failure.reason)
                    self._logged = first = first or failure
        self._check_end()
        return first

    def _publish(self, found: list[Item], outputs: Path) -> None:
        bucket, prefix = split_uri(self._job["TransformOutput"]["S3OutputPath"].rstrip("/") + "/")
        for number, item in enumerate(found):
            path = outputs / str(number)
            if path.exists():
                key = f"{prefix}{item.path}.out"
                self._machine.world.objects.put_file(bucket, key, path, move=True)

    def _start_server(self) -> ModelServer:
        container = container_of(self._machine.world, self._job["_Model"])
        container.environment.update(self._job.get("Environment", {}))
        several = self._job.get("BatchStrategy", "MultiRecord") == "MultiRecord"
        extra = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD" if several else "SINGLE_RECORD",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self._job.get("MaxPayloadInMB", MAX_PAYLOAD)),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(self._concurrent),
        }
        folder = self._machine.folder("transform", self._name)
        stream, threads = f"{self._name}/{self._stream}", self._machine.slots.share()
        return ModelServer(self._machine, container, Place(folder, LOG_GROUP, stream, threads, extra))

    @property
    def _concurrent(self) -> int:
        """The payloads sent at a time."""
        asked: int = self._job.get("MaxConcurrentTransforms", 1)
        return max(1, asked)

    def _post(self, payload: bytes, span: str) -> Answer:
        """The model's answer to one payload; called by several threads."""
        assert self._server is not None
        self._check_end()
        given, output = self._job["TransformInput"], self._job["TransformOutput"]
        config = self._job.get("ModelClientConfig", {})
        headers = {"Content-Type": given.get("ContentType", "application/octet-stream")}
        if "Accept" in output:
            headers["Accept"] = output["Accept"]
        timeout = config.get("InvocationsTimeoutInSeconds", INVOCATION_SECONDS)
        try:
            return self._server.post(payload, headers, timeout)
        except (ServerGone, TimeoutError) as error:
            self._check_end()
            kind = ModelLost if isinstance(error, ServerGone) else JobFailure
            raise kind("AlgorithmError", f"The model gave no answer for {span}: {error}") from error

    def _check_end(self) -> None:
        if self._end is not None:
            raise self._end

    def _log(self, text: str) -> None:
        stream = f"{self._name}/{self._stream}/data-log"
        self._machine.world.logs.append(LOG_GROUP, stream, [(time.time_ns() // 1_000_000, text)])
