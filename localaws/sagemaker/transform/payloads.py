"""One object of a transform job on its way through the model: split, packed, answered, put together again."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.jobs.channels import Item
from localaws.jobs.failure import JobFailure
from localaws.sagemaker.hosting.connections import Answer
from localaws.sagemaker.transform.data_processing import DataProcessing
from localaws.sagemaker.transform.records import MIB, Batch, assemble, batches, split

MAX_PAYLOAD = 6  # MiB, SageMaker's default


@dataclass(frozen=True)
class Payloads:
    """How a transform job's objects go through its model.

    Attributes:
        job: The job's document.
        post: Sends one payload to the model server; its second argument says what it holds.
        executor: Sends as many at a time as the job allows.
    """

    job: dict[str, Any]
    post: Callable[[bytes, str], Answer]
    executor: Executor

    def transform(self, item: Item, target: Path) -> None:
        """Write the answers for one object's records to a file, in the order of the records.

        Raises:
            JobFailure: The object cannot be read as the request says, or the model refuses a record.
        """
        given, output = self.job["TransformInput"], self.job["TransformOutput"]
        where = f"s3://{item.object.bucket}/{item.object.key}"
        data = item.object.path.read_bytes()
        if given.get("CompressionType") == "Gzip":
            data = _unzipped(data, where)
        originals = split(data, given.get("SplitType", "None"))
        processing = DataProcessing.of(self.job)
        packed = batches(
            processing.inputs(originals, where),
            several=self.several,
            max_bytes=self._max_bytes,
            separator=b"" if given.get("SplitType") == "RecordIO" else b"\n",
        )

        def answered(batch: Batch) -> bytes:
            span = f"records {batch.first + 1} to {batch.last + 1} of {where}"
            body = self._invoke(batch.payload, span)
            return processing.output(originals[batch.first : batch.last + 1], body, span)

        parts = list(self.executor.map(answered, packed))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(assemble(parts, output.get("AssembleWith", "None")))

    @property
    def several(self) -> bool:
        """Whether a payload may hold several records."""
        return bool(self.job.get("BatchStrategy", "MultiRecord") == "MultiRecord")

    @property
    def _max_bytes(self) -> int:
        size: int = self.job.get("MaxPayloadInMB", MAX_PAYLOAD)
        return size * MIB

    def _invoke(self, payload: bytes, span: str) -> bytes:
        """The model's answer to a payload."""
        retries = self.job.get("ModelClientConfig", {}).get("InvocationsMaxRetries", 0)
        for attempt in range(retries, -1, -1):
            answer = self.post(payload, span)
            if answer.status == 200:
                return answer.body
            if answer.status < 500 or not attempt:
                break
        kind = "ClientError" if answer.status < 500 else "AlgorithmError"
        text = answer.body.decode(errors="replace").strip()
        raise JobFailure(
            kind, f"Bad HTTP status received from algorithm: {answer.status}, for {span}: {text[-600:]}"
        )


def _unzipped(data: bytes, where: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise JobFailure("ClientError", f"{where} is not gzip: {error}") from error
