"""SageMaker's runtime: its three operations, from headers and bodies to invocations and back."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.hosting.asynchronous import AsyncInvocations
from localaws.sagemaker.hosting.capture import ATTRIBUTES, INFERENCE_ID, Captures
from localaws.sagemaker.hosting.eventstream import CONTENT_TYPE, payload_parts
from localaws.sagemaker.hosting.hosts import Hosts, Invocation
from localaws.sagemaker.hosting.invoker import Invoker, Outcome, check_kind
from localaws.sagemaker.refusals import not_implemented
from localaws.wire import Response
from localaws.world import World

MAX_BODY = 6_291_456  # bytes
MAX_INLINE = 128_000  # bytes of an asynchronous request that brings its data along
TTL, TTL_BOUNDS = 21_600, (60, 21_600)  # seconds
TIMEOUT, TIMEOUT_BOUNDS = 900, (1, 3_600)  # seconds
PREFIX = "x-amzn-sagemaker-"
NOT_THERE = {
    f"{PREFIX}inference-component": "InferenceComponentName",
    f"{PREFIX}enable-explanations": "EnableExplanations",
    f"{PREFIX}session-id": "SessionId (stateful sessions)",
    f"{PREFIX}prefix-aware-id": "PrefixAwareId",
}


class Runtime:
    """Answers invocations."""

    def __init__(self, world: World, hosts: Hosts) -> None:
        self._captures = Captures(world.objects)
        self._invoker = Invoker(world, hosts, self._captures)
        self._queues = AsyncInvocations(world, self._invoker)

    def start(self) -> None:
        """Begin to write captures and to work on queues."""
        self._captures.start()
        self._queues.start()

    def stop(self) -> None:
        """Write what was captured; leave queues to the next server."""
        self._queues.stop()
        self._invoker.close()
        self._captures.stop()

    def answer(self, operation: str, endpoint: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The answer to an operation, told by the last part of its path.

        Raises:
            AwsError: The endpoint cannot take it, or its model failed.
        """
        asked = {name.lower(): value for name, value in headers.items()}
        for header, what in NOT_THERE.items():
            if asked.get(header):
                raise not_implemented(f"InvokeEndpoint with {what}")
        if operation == "async-invocations":
            return self._invoke_asynchronously(endpoint, asked, body)
        if len(body) > MAX_BODY:
            raise AwsError("ValidationError", f"Request body is larger than {MAX_BODY} bytes")
        if operation == "invocations":
            return self._invoke(endpoint, asked, body)
        return self._invoke_with_stream(endpoint, asked, body)

    def _invoke(self, endpoint: str, asked: Mapping[str, str], body: bytes) -> Response:
        outcome = self._invoker.invoke(_invocation(endpoint, asked, body, asked.get("accept")))
        content_type = outcome.answer.content_type
        return Response(200, {"Content-Type": content_type, **_told(outcome)}, outcome.answer.body)

    def _invoke_with_stream(self, endpoint: str, asked: Mapping[str, str], body: bytes) -> Response:
        """The whole answer as events: the model has ended it before the first is sent."""
        outcome = self._invoker.invoke(_invocation(endpoint, asked, body, asked.get(f"{PREFIX}accept")))
        headers = {
            "Content-Type": CONTENT_TYPE,
            "X-Amzn-SageMaker-Content-Type": outcome.answer.content_type,
            **_told(outcome),
        }
        return Response(200, headers, payload_parts(outcome.answer.body))

    def _invoke_asynchronously(self, endpoint: str, asked: Mapping[str, str], body: bytes) -> Response:
        """Keep a request; its answer says where the result will be."""
        [target, *_] = self._invoker.route(endpoint)
        check_kind(target, Invocation(endpoint, b"", {}), asynchronous=True)
        inference = asked.get(INFERENCE_ID) or str(uuid.uuid4())
        source = asked.get(f"{PREFIX}inputlocation")
        if bool(source) == bool(body):
            raise AwsError("ValidationError", "Give either InputLocation or Body, and not both")
        if len(body) > MAX_INLINE:
            raise AwsError("ValidationError", f"Request body is larger than {MAX_INLINE} bytes")
        output, failure = _places(target["asynchronous"]["OutputConfig"], asked)
        model_headers = {
            "content-type": asked.get(f"{PREFIX}content-type"),
            "accept": asked.get(f"{PREFIX}accept"),
            ATTRIBUTES: asked.get(ATTRIBUTES),
            INFERENCE_ID: inference,
        }
        data = {"Input": source} if source else {"Body": base64.b64encode(body).decode()}
        self._queues.submit(
            {
                "Endpoint": endpoint,
                **data,
                "Headers": {name: value for name, value in model_headers.items() if value is not None},
                "Output": output,
                "Failure": failure,
                "Ttl": _number(asked, "RequestTTLSeconds", TTL, TTL_BOUNDS),
                "Timeout": _number(asked, "InvocationTimeoutSeconds", TIMEOUT, TIMEOUT_BOUNDS),
            }
        )
        headers = {"Content-Type": "application/json", "X-Amzn-SageMaker-OutputLocation": output}
        if failure is not None:
            headers["X-Amzn-SageMaker-FailureLocation"] = failure
        return Response(202, headers, json.dumps({"InferenceId": inference}).encode())


def _invocation(endpoint: str, asked: Mapping[str, str], body: bytes, accept: str | None) -> Invocation:
    headers = {name: asked[name] for name in ("content-type", ATTRIBUTES, INFERENCE_ID) if name in asked}
    if accept is not None:
        headers["accept"] = accept
    return Invocation(
        endpoint,
        body,
        headers,
        asked.get(f"{PREFIX}target-variant"),
        asked.get(f"{PREFIX}target-model"),
        asked.get(f"{PREFIX}target-container-hostname"),
    )


def _told(outcome: Outcome) -> dict[str, str]:
    """Which variant answered, and the attributes it gave."""
    attributes = outcome.answer.header(ATTRIBUTES)
    told = {"x-Amzn-Invoked-Production-Variant": outcome.variant}
    return {**told, "X-Amzn-SageMaker-Custom-Attributes": attributes} if attributes is not None else told


def _places(config: Mapping[str, Any], asked: Mapping[str, str]) -> tuple[str, str | None]:
    """Where a result goes, and where a failure; each under a name of its own unless the request gives one."""
    extension = asked.get(f"{PREFIX}s3outputpathextension", "").strip("/")
    folder = config["S3OutputPath"].rstrip("/") + (f"/{extension}" if extension else "")
    unique = str(uuid.uuid4())
    output = f"{folder}/{asked.get(f'{PREFIX}filename') or f'{unique}.out'}"
    failures = config.get("S3FailurePath")
    return output, f"{failures.rstrip('/')}/{unique}-error.out" if failures else None


def _number(asked: Mapping[str, str], member: str, default: int, bounds: tuple[int, int]) -> int:
    text = asked.get(f"{PREFIX}{member.lower()}")
    if text is None:
        return default
    least, most = bounds
    if not text.isdecimal() or not least <= int(text) <= most:
        raise AwsError("ValidationError", f"{member} must be between {least} and {most}, got {text}")
    return int(text)
