"""Data capture: what went into an endpoint and what came out, as lines of JSON in S3."""

from __future__ import annotations

import base64
import json
import logging
import random
import sqlite3
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.s3.blobs import Objects, split_uri
from localaws.sagemaker.hosting.connections import Answer
from localaws.sagemaker.hosting.hosts import Invocation

log = logging.getLogger("localaws")
FLUSH_SECONDS = 1.0
INFERENCE_ID = "x-amzn-sagemaker-inference-id"
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
HOUR = "%Y/%m/%d/%H"


def wanted(capture: Mapping[str, Any] | None) -> bool:
    """Whether a call is to be captured; by chance, where not all are."""
    if not capture or not capture.get("EnableCapture", True):
        return False
    percentage: int = capture["InitialSamplingPercentage"]
    return random.random() * 100 < percentage  # noqa: S311  # a sample, no secret


def record(capture: Mapping[str, Any], invocation: Invocation, answer: Answer, now: float) -> dict[str, Any]:
    """A call and its answer, as AWS writes them down.

    Args:
        capture: The DataCaptureConfig.
        invocation: The call.
        answer: The model's answer.
        now: The time of the call, epoch seconds.
    """
    modes = {option["CaptureMode"] for option in capture["CaptureOptions"]}
    data = {}
    if modes & {"Input", "InputAndOutput"}:
        kind = invocation.headers.get("content-type", "")
        data["endpointInput"] = _side(capture, "INPUT", kind, invocation.body)
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _side(capture, "OUTPUT", answer.content_type, answer.body)
    event: dict[str, Any] = {"eventId": str(uuid.uuid4())}
    attributes = answer.header(ATTRIBUTES)
    if attributes:
        event["customAttributes"] = [attributes]
    if INFERENCE_ID in invocation.headers:
        event["inferenceId"] = invocation.headers[INFERENCE_ID]
    event["inferenceTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return {"captureData": data, "eventMetadata": event, "eventVersion": "0"}


def _side(capture: Mapping[str, Any], mode: str, content_type: str, body: bytes) -> dict[str, str]:
    encoding = _encoding(capture.get("CaptureContentTypeHeader", {}), content_type)
    try:
        text = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode()
    except UnicodeDecodeError:
        encoding, text = "BASE64", base64.b64encode(body).decode()
    return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": encoding}


def _encoding(types: Mapping[str, list[str]], content_type: str) -> str:
    """CSV or JSON for content types named as such, BASE64 for any other; parameters do not count."""
    kind = content_type.partition(";")[0].strip().lower()
    for member, encoding in (("CsvContentTypes", "CSV"), ("JsonContentTypes", "JSON")):
        if kind in (known.partition(";")[0].strip().lower() for known in types.get(member, [])):
            return encoding
    return "BASE64"


class Captures:
    """Gathers lines and stores them about once a second, one object for each variant and hour.

    A process that is killed loses the last second's lines.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._lines: dict[str, list[str]] = defaultdict(list)
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._writer = threading.Thread(target=self._write_often, name="captures", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def stop(self) -> None:
        """Write what there is; lines that come later are written at once."""
        self._closed.set()
        self._wake.set()
        if self._writer.is_alive():
            self._writer.join()
        self._flush()

    def add(self, capture: Mapping[str, Any], variant: str, invocation: Invocation, answer: Answer) -> None:
        """Write down a call of a variant and its answer."""
        now = time.time()
        line = json.dumps(record(capture, invocation, answer, now), separators=(",", ":"))
        hour = time.strftime(HOUR, time.gmtime(now))
        folder = f"{capture['DestinationS3Uri'].rstrip('/')}/{invocation.endpoint}/{variant}/{hour}"
        with self._lock:
            self._lines[folder].append(line)
        self._wake.set()
        if self._closed.is_set():
            self._flush()

    def _write_often(self) -> None:
        while not self._closed.is_set():
            self._wake.wait()
            self._closed.wait(FLUSH_SECONDS)
            self._wake.clear()
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            waiting, self._lines = self._lines, defaultdict(list)
        for folder, lines in waiting.items():
            moment = time.time()
            second = time.strftime("%M-%S", time.gmtime(moment))
            name = f"{second}-{int(moment * 1000) % 1000:03d}-{uuid.uuid4()}"
            try:
                bucket, key = split_uri(f"{folder}/{name}.jsonl")
                self._objects.put_bytes(bucket, key, "".join(f"{line}\n" for line in lines).encode())
            except (AwsError, OSError, sqlite3.OperationalError) as error:  # calls go on without, as on AWS
                log.warning("%d captured calls are lost, %s cannot be written: %s", len(lines), folder, error)
