"""SageMaker's runtime: an invocation, sent to a variant's model server and answered as it answers."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.connections import Answer, Connections, ServerGone
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.endpoints import KIND
from localaws.sagemaker.invocation_metrics import record
from localaws.sagemaker.refusals import not_implemented
from localaws.world import World

MAX_BODY = 6_291_456  # bytes
SECONDS = 60.0  # SageMaker's limit for an answer
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
VARIANT = "x-amzn-sagemaker-target-variant"
NOT_THERE = {
    "x-amzn-sagemaker-target-model": "TargetModel (multi-model endpoints)",
    "x-amzn-sagemaker-target-container-hostname": "TargetContainerHostname (multi-container endpoints)",
    "x-amzn-sagemaker-inference-component": "InferenceComponentName",
    "x-amzn-sagemaker-enable-explanations": "EnableExplanations",
    "x-amzn-sagemaker-session-id": "SessionId (stateful sessions)",
}
PASSED = ("content-type", "accept", ATTRIBUTES, "x-amzn-sagemaker-inference-id")


class Runtime:
    """Answers InvokeEndpoint.

    Which server has which port it reads from the endpoint's document, so a deployment's switch of traffic is
    one change there.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._documents = Documents(world, KIND)
        self._connections = Connections()

    def invoke(
        self, endpoint: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an endpoint's answer.

        Raises:
            AwsError: ValidationError (no such endpoint or variant, body too large), ModelError (the model
                failed).
        """
        asked = {name.lower(): value for name, value in headers.items()}
        for header, what in NOT_THERE.items():
            if asked.get(header):
                raise not_implemented(f"InvokeEndpoint with {what}")
        if len(body) > MAX_BODY:
            raise AwsError("ValidationError", f"Request body is larger than {MAX_BODY} bytes")
        began = time.perf_counter()
        variant, answer = self._ask(endpoint, asked, body, began)
        if not 200 <= answer.status < 300:
            raise self._model_error(endpoint, variant, answer.status, answer.body.decode(errors="replace"))
        given = {name.lower(): value for name, value in answer.headers.items()}
        result = {
            "Content-Type": given.get("content-type", "application/octet-stream"),
            "x-Amzn-Invoked-Production-Variant": variant,
        }
        if ATTRIBUTES in given:
            result["X-Amzn-SageMaker-Custom-Attributes"] = given[ATTRIBUTES]
        return 200, result, answer.body

    def _ask(self, endpoint: str, asked: Mapping[str, str], body: bytes, began: float) -> tuple[str, Answer]:
        """The answer of a server; if the one chosen ends just now, that of one that took its place."""
        passed = {name: asked[name] for name in PASSED if name in asked}
        tried: int | None = None
        while True:
            target = self._target(endpoint, asked.get(VARIANT))
            variant, port, sent = target["variant"], target["port"], time.perf_counter()
            answer, text = None, ""
            try:
                answer = self._connections.request(
                    port, "POST", "/invocations", body, passed, timeout=SECONDS
                )
            except TimeoutError:
                text = "Your invocation timed out while waiting for a response from container primary."
            except ServerGone:
                self._connections.forget(port)
                if port != tried:
                    tried = port
                    continue
                text = "The model server ended while it handled the request."
            now, status = time.perf_counter(), answer.status if answer else 0
            record(self._world.metrics, endpoint, target, status, model=now - sent, total=now - began)
            if answer is None:
                raise self._model_error(endpoint, variant, 0, text)
            return variant, answer

    def _target(self, endpoint: str, wanted: str | None) -> dict[str, Any]:
        """An entry of the endpoint's route, by weight, of one variant if it is asked for."""
        document = self._documents.find(endpoint) or {}
        route: list[dict[str, Any]] = document.get("_Route") or []
        if not route:
            raise AwsError(
                "ValidationError", f"Endpoint {endpoint} of account {self._world.account} not found."
            )
        if wanted is not None:
            route = [target for target in route if target["variant"] == wanted]
            if not route:
                raise AwsError("ValidationError", f"Variant {wanted} not found for endpoint {endpoint}.")
        shares = [target["weight"] for target in route]
        return random.choices(route, shares if any(shares) else None)[0]  # noqa: S311  # traffic, not secrets

    def _model_error(self, endpoint: str, variant: str, status: int, text: str) -> AwsError:
        who = "client" if 400 <= status < 500 else "server"
        world = self._world
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        fields: dict[str, Any] = {
            "OriginalStatusCode": status,
            "OriginalMessage": text,
            "LogStreamArn": world.arn("logs", f"log-group:{group}:log-stream:{variant}"),
        }
        return AwsError(
            "ModelError",
            f'Received {who} error ({status}) from primary with message "{text}". See the log group '
            f"{group} in account {world.account} for more information.",
            424,
            **fields,
        )
