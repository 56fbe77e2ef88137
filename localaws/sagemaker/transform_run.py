"""What a transform job does until its last status: it feeds a model server every object's records."""

from __future__ import annotations

import gzip
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localaws.jobs.channels import Item, items
from localaws.jobs.failure import JobFailure, reason_of
from localaws.jobs.machine import Machine, ServerStopping
from localaws.s3.blobs import split_uri
from localaws.sagemaker.connections import Answer, ServerGone
from localaws.sagemaker.data_processing import DataProcessing
from localaws.sagemaker.model_containers import container_of
from localaws.sagemaker.model_server import ModelServer, Place
from localaws.sagemaker.records import MIB, Batch, assemble, batches, split

LOG_GROUP = "/aws/sagemaker/TransformJobs"
MAX_PAYLOAD = 6  # MiB, SageMaker's default
START_SECONDS = 600.0
INVOCATION_SECONDS = 600


class Stopped(Exception):
    """The job was asked to end."""


@dataclass
class TransformRun:
    """One transform job, run by calling it.

    Attributes:
        job: The job's document when it was created.
        model: The document of its model then.
        move: Changes the job's status; tells the one it then has.
    """

    machine: Machine
    job: dict[str, Any]
    model: dict[str, Any]
    move: Callable[..., str]
    _server: ModelServer | None = None
    _end: type[Exception] | None = None
    _stream: str = field(default_factory=lambda: f"i-{uuid.uuid4().hex[:17]}")

    def __call__(self) -> None:
        """Run the job to its last status."""
        name = self.job["TransformJobName"]
        try:
            self._served_run()
            self.move(name, "Completed")
        except ServerStopping:
            return  # the next server runs the job again
        except Stopped:
            self.move(name, "Stopped")
        except Exception as error:
            reason = reason_of(error)
            self._log(reason)
            self.move(name, "Failed", FailureReason=reason)

    def _served_run(self) -> None:
        """The run; its server is gone and its log complete before the job has a last status."""
        try:
            self._run()
        finally:
            if self._server is not None:
                self._server.kill()

    def stop(self) -> None:
        """End the run after what it has stored."""
        self._finish(Stopped)

    def abandon(self) -> None:
        """End the run where it is: the server goes down."""
        self._finish(ServerStopping)

    def _finish(self, end: type[Exception]) -> None:
        self._end = end
        if self._server is not None:
            self._server.kill()

    def _run(self) -> None:
        source = self.job["TransformInput"]["DataSource"]["S3DataSource"]
        status = self.move(self.job["TransformJobName"], "InProgress", TransformStartTime=time.time())
        if status == "Stopping":
            raise Stopped
        found = items(self.machine.world.objects, source["S3Uri"], source["S3DataType"])
        self._server = self._start_server()
        try:
            self._server.wait_until_ready(START_SECONDS)
        except JobFailure as error:
            self._check_end()
            raise JobFailure("AlgorithmError", f"The model server {error.message}") from error
        for item in found:
            self._transform(item)

    def _start_server(self) -> ModelServer:
        name = self.job["TransformJobName"]
        container = container_of(self.machine.world, self.model)
        container.environment.update(self.job.get("Environment", {}))
        extra = {
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD" if self._several else "SINGLE_RECORD",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self.job.get("MaxPayloadInMB", MAX_PAYLOAD)),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": str(self.job.get("MaxConcurrentTransforms", 1)),
        }
        place = Place(
            self.machine.folder("transform", name),
            LOG_GROUP,
            f"{name}/{self._stream}",
            self.machine.slots.share(),
            extra,
        )
        return ModelServer(self.machine, container, place)

    @property
    def _several(self) -> bool:
        return bool(self.job.get("BatchStrategy", "MultiRecord") == "MultiRecord")

    def _transform(self, item: Item) -> None:
        """Answer one object's records and store the answers as ``<key>.out``."""
        given, output = self.job["TransformInput"], self.job["TransformOutput"]
        where = f"s3://{item.object.bucket}/{item.object.key}"
        data = item.object.path.read_bytes()
        if given.get("CompressionType") == "Gzip":
            data = _unzipped(data, where)
        originals = split(data, given.get("SplitType", "None"))
        processing = DataProcessing.of(self.job)
        limit = self.job.get("MaxPayloadInMB", MAX_PAYLOAD) * MIB
        parts: list[bytes] = []
        for batch in batches(processing.inputs(originals, where), several=self._several, max_bytes=limit):
            body = self._invoke(batch, where)
            mine = originals[batch.first : batch.last + 1]
            parts.append(processing.output(mine, body, _span(batch, where)))
        bucket, prefix = split_uri(output["S3OutputPath"].rstrip("/") + "/")
        content = assemble(parts, output.get("AssembleWith", "None"))
        self.machine.world.objects.put_bytes(bucket, f"{prefix}{item.path}.out", content)

    def _invoke(self, batch: Batch, where: str) -> bytes:
        """The model's answer to a payload; one it refuses, or cannot answer, fails the job."""
        config = self.job.get("ModelClientConfig", {})
        timeout = config.get("InvocationsTimeoutInSeconds", INVOCATION_SECONDS)
        for attempt in range(config.get("InvocationsMaxRetries", 0), -1, -1):
            answer = self._post(batch, timeout, where)
            if answer.status == 200:
                return answer.body
            if answer.status < 500 or not attempt:
                break
        kind = "ClientError" if answer.status < 500 else "AlgorithmError"
        text = answer.body.decode(errors="replace").strip()
        raise JobFailure(
            kind,
            f"Bad HTTP status received from algorithm: {answer.status}, for {_span(batch, where)}: "
            f"{text[-600:]}",
        )

    def _post(self, batch: Batch, timeout: float, where: str) -> Answer:
        assert self._server is not None
        self._check_end()
        content_type = self.job["TransformInput"].get("ContentType", "application/octet-stream")
        accept = self.job["TransformOutput"].get("Accept")
        headers = {"Content-Type": content_type, **({"Accept": accept} if accept else {})}
        try:
            return self._server.post(batch.payload, headers, timeout)
        except (ServerGone, TimeoutError) as error:
            self._check_end()
            raise JobFailure(
                "AlgorithmError", f"The model gave no answer for {_span(batch, where)}: {error}"
            ) from error

    def _check_end(self) -> None:
        if self._end is not None:
            raise self._end

    def _log(self, text: str) -> None:
        stream = f"{self.job['TransformJobName']}/{self._stream}/data-log"
        self.machine.world.logs.append(LOG_GROUP, stream, [(time.time_ns() // 1_000_000, text)])


def _span(batch: Batch, where: str) -> str:
    return f"records {batch.first + 1} to {batch.last + 1} of {where}"


def _unzipped(data: bytes, where: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise JobFailure("ClientError", f"{where} is not gzip: {error}") from error
