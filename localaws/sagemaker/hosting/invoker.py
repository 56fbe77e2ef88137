"""An invocation: a host chosen by the endpoint's route, asked, and what the answer leaves behind."""

from __future__ import annotations

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure
from localaws.sagemaker.documents import Documents
from localaws.sagemaker.hosting.capture import Captures, wanted
from localaws.sagemaker.hosting.connections import Answer, ServerGone
from localaws.sagemaker.hosting.endpoints import KIND
from localaws.sagemaker.hosting.hosts import PRIMARY, Host, Hosts, Invocation, NoReply, Reply
from localaws.sagemaker.hosting.invocation_metrics import record
from localaws.world import World

SECONDS = 60.0  # SageMaker's limit for an answer
SHADOWS_AT_ONCE = 8
Target = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """An answer with status 2xx, and the variant that gave it."""

    variant: str
    answer: Answer


class Invoker:
    """Asks hosts. Which host serves which variant it reads from the endpoint's document at each call.

    Args:
        world: Where endpoints and metrics are.
        hosts: What answers.
        captures: Where captured calls go.
    """

    def __init__(self, world: World, hosts: Hosts, captures: Captures) -> None:
        self._world = world
        self._hosts = hosts
        self._captures = captures
        self._documents = Documents(world, KIND)
        self._shadows = ThreadPoolExecutor(SHADOWS_AT_ONCE, "shadow")

    def route(self, endpoint: str) -> list[Target]:
        """An endpoint's route.

        Raises:
            AwsError: ValidationError, there is no such endpoint, or it does not serve.
        """
        found: list[Target] = (self._documents.find(endpoint) or {}).get("_Route") or []
        if not found:
            raise AwsError(
                "ValidationError", f"Endpoint {endpoint} of account {self._world.account} not found."
            )
        return found

    def invoke(
        self, invocation: Invocation, *, asynchronous: bool = False, timeout: float = SECONDS
    ) -> Outcome:
        """The model's answer; if the host chosen ends just now, that of one that took its place.

        Raises:
            AwsError: ValidationError (no such endpoint, variant, model, container; the wrong kind of
                endpoint), ModelError (the model failed), ServiceUnavailable (it is not running).
        """
        began = time.perf_counter()
        tried: set[str] = set()
        lost = False
        while True:
            route = self.route(invocation.endpoint)
            target = self._target(route, invocation, asynchronous=asynchronous)
            if target["host"] in tried:
                raise self._gone(invocation, target, began, lost=lost)
            tried.add(target["host"])
            host = self._hosts.find(target["host"])
            if host is not None and host.alive:
                try:
                    answer = self._ask(host, target, invocation, timeout, began)
                except ServerGone:
                    lost = True
                else:
                    self._after(route, target, invocation, answer)
                    return Outcome(target["variant"], answer)

    def close(self) -> None:
        """Send no more copies to shadows."""
        self._shadows.shutdown(wait=False, cancel_futures=True)

    def _target(self, route: list[Target], invocation: Invocation, *, asynchronous: bool) -> Target:
        """An entry of the endpoint's route, by weight, of one variant if it is asked for."""
        name = invocation.endpoint
        targets = [target for target in route if not target["shadow"]]
        if invocation.variant is not None:
            targets = [target for target in targets if target["variant"] == invocation.variant]
            if not targets:
                raise AwsError(
                    "ValidationError", f"Variant {invocation.variant} not found for endpoint {name}."
                )
        shares = [target["weight"] for target in targets]
        chosen = random.choices(targets, shares if any(shares) else None)  # noqa: S311  # traffic, not secrets
        target = chosen[0]
        check_kind(target, invocation, asynchronous=asynchronous)
        return target

    def _ask(
        self, host: Host, target: Target, invocation: Invocation, timeout: float, began: float
    ) -> Answer:
        """A host's answer, metered.

        Raises:
            ServerGone: There was none.
            AwsError: ModelError, the answer is an error.
        """
        sent = time.perf_counter()
        reply, status, text, container = None, 0, "", PRIMARY
        try:
            reply = host.ask(invocation, timeout)
            status, container = reply.answer.status, reply.container
            if not 200 <= status < 300:
                text = reply.answer.body.decode(errors="replace")
        except NoReply as error:
            container = error.container
            text = (
                f"Your invocation timed out while waiting for a response from container {container}. Review "
                "the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try "
                "again."
            )
        except JobFailure as error:
            status, text = 500, error.message
        self._record(target, invocation, status, sent, began)
        if reply is None or text or not 200 <= status < 300:
            raise self._model_error(invocation.endpoint, target["variant"], status, text, container)
        return reply.answer

    def _after(self, route: list[Target], target: Target, invocation: Invocation, answer: Answer) -> None:
        """Write a call down, and send copies of it to shadows, by the weight of each beside the others'."""
        if wanted(target["capture"]):
            self._captures.add(target["capture"], target["variant"], invocation, answer)
        for shadow in route:
            if shadow["shadow"]:
                whole = sum(other["weight"] for other in route if not other["shadow"])
                if random.random() * whole < shadow["weight"]:  # noqa: S311  # traffic, not secrets
                    self._shadows.submit(self._shadow, shadow, invocation)

    def _shadow(self, target: Target, invocation: Invocation) -> None:
        """Ask a shadow; whatever it answers, nobody hears it."""
        host, began, status = self._hosts.find(target["host"]), time.perf_counter(), 0
        if host is None:
            return
        try:
            reply: Reply | None = host.ask(invocation, SECONDS)
        except (ServerGone, NoReply, JobFailure, AwsError):
            reply = None
        if reply is not None:
            status = reply.answer.status
            if 200 <= status < 300 and wanted(target["capture"]):
                self._captures.add(target["capture"], target["variant"], invocation, reply.answer)
        self._record(target, invocation, status, began, began)

    def _record(self, target: Target, invocation: Invocation, status: int, sent: float, began: float) -> None:
        now = time.perf_counter()
        metrics = self._world.metrics
        record(metrics, invocation.endpoint, target, status, model=now - sent, total=now - began)

    def _gone(self, invocation: Invocation, target: Target, began: float, *, lost: bool) -> AwsError:
        """What is told of a program that has ended: with this call in hand, or before it came."""
        self._record(target, invocation, 0, began, began)
        if lost:
            text = "The model server ended while it handled the request."
            return self._model_error(invocation.endpoint, target["variant"], 0, text, PRIMARY)
        return AwsError("ServiceUnavailable", "The service is unavailable. Try your call again.", 503)

    def _model_error(self, endpoint: str, variant: str, status: int, text: str, container: str) -> AwsError:
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
            f'Received {who} error ({status}) from {container} with message "{text}". See the log group '
            f"{group} in account {world.account} for more information.",
            424,
            **fields,
        )


def check_kind(target: Target, invocation: Invocation, *, asynchronous: bool) -> None:
    """Refuse a call that is for another kind of endpoint.

    Raises:
        AwsError: ValidationError; where AWS's text is not known, ours.
    """
    name = invocation.endpoint
    if bool(target["asynchronous"]) != asynchronous:
        kind, operation = (
            ("a real-time", "InvokeEndpoint")
            if asynchronous
            else (
                "an asynchronous",
                "InvokeEndpointAsync",
            )
        )
        raise AwsError("ValidationError", f"Endpoint {name} is {kind} endpoint; call {operation} instead.")
    if invocation.model is not None and not target["multi_model"]:
        raise AwsError(
            "ValidationError",
            f"Endpoint {name} is not a multi-model endpoint and does not support target model header.",
        )
    if invocation.model is None and target["multi_model"]:
        raise AwsError("ValidationError", f"Request {uuid.uuid4()} is missing a target model header.")
    if asynchronous:
        return
    if invocation.container is not None and not target["direct"]:
        raise AwsError(
            "ValidationError",
            f"Endpoint {name} has no model with inference execution mode Direct and does not support target "
            "container hostname header.",
        )
    if invocation.container is None and target["direct"]:
        raise AwsError(
            "ValidationError", f"Request {uuid.uuid4()} is missing a target container hostname header."
        )
