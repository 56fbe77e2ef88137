"""Endpoints: a rollout's missing calls carried out, waits until the endpoint is at rest, known records."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from foldline.errors import DeploymentError, JobTimedOut
from foldline.outcomes import age
from foldline.remote.calls import Backoff, Clock, call, error_code, error_message, find, is_absent
from foldline.remote.latereads import STALE_READ_SECONDS
from foldline.remote.watched import WATCHED
from foldline.waiting import Waits, Watch


@dataclass(frozen=True)
class Known:
    """Known records.

    Attributes:
        lines: CSV lines of features.
        answers: What batch transform predicted for each.
    """

    lines: tuple[str, ...]
    answers: tuple[float, ...]


@dataclass(frozen=True)
class Smoke:
    """What known records answered.

    Attributes:
        answers: One prediction per record.
        milliseconds: Median time of one invocation.
    """

    answers: tuple[float, ...]
    milliseconds: float


@dataclass(frozen=True)
class Endpoints:
    """Reads and changes endpoints.

    Attributes:
        client: boto3 SageMaker client without retries of its own.
        runtime: boto3 SageMaker runtime client.
        clock: Time.
        waits: How time passes between looks.
        backoff: Waits between two looks.
    """

    client: Any
    runtime: Any
    clock: Clock
    waits: Waits
    backoff: Backoff = field(default_factory=Backoff)

    def exists(self, method: str, **request: str) -> bool:
        """Whether the described thing is there."""
        return find(getattr(self.client, method), self.clock, **request) is not None

    def describe(self, name: str) -> dict[str, Any] | None:
        """DescribeEndpoint's answer, or None."""
        answer: dict[str, Any] | None = find(self.client.describe_endpoint, self.clock, EndpointName=name)
        return answer

    def carry_out(self, method: str, request: dict[str, Any]) -> None:
        """One call of a rollout; a twin of this task may have made it first, which the next look judges.

        What was just made may read as absent for a while: such a refusal is tried again.
        """
        since, looks = self.clock.monotonic(), 0
        while True:
            try:
                call(getattr(self.client, method), self.clock, **request)
            except Exception as error:
                if error_code(error) == "ValidationException" and said_before(error_message(error)):
                    return
                if not is_absent(error) or self.clock.monotonic() - since > STALE_READ_SECONDS:
                    raise
                self.clock.sleep(self.backoff.seconds(looks))
                looks += 1
            else:
                return

    def counts(self, config: str) -> dict[str, int]:
        """Instances by variant, as an endpoint config asks for them; serverless variants have none."""
        found = find(self.client.describe_endpoint_config, self.clock, EndpointConfigName=config) or {}
        return {
            variant["VariantName"]: variant["InitialInstanceCount"]
            for variant in found.get("ProductionVariants", ())
            if "InitialInstanceCount" in variant
        }

    def at_rest(self, name: str, budget: float) -> dict[str, Any] | None:
        """The endpoint once its state no longer passes by itself, or None when there is none.

        Raises:
            JobTimedOut: The budget is spent.
            Interrupted: This worker was told to end.
        """
        started, looks = self.clock.monotonic(), 0
        while True:
            endpoint = self.describe(name)
            if endpoint is None or WATCHED["endpoint"].is_over(endpoint["EndpointStatus"]):
                return endpoint
            # By AWS's own clock, so that a retry or a replay goes on with the same budget.
            aged = age(endpoint, "LastModifiedTime")
            waited = self.clock.monotonic() - started if aged is None else aged
            if waited > budget:
                raise JobTimedOut(
                    f"endpoint {name} is {endpoint['EndpointStatus']} for more than {budget:.0f} s",
                    where=str(endpoint.get("EndpointArn", "")),
                    mend="raise `max_runtime` of the step, or look at the endpoint's log",
                )
            self.waits.pause(self.backoff.seconds(looks), Watch("endpoint", (name,), budget - waited))
            looks += 1

    def smoke(self, name: str, known: Known, tolerance: float) -> Smoke:
        """Ask the endpoint known records.

        Args:
            name: Endpoint.
            known: The records and what they must answer.
            tolerance: Largest difference allowed.

        Raises:
            DeploymentError: It errs, or answers something else.
        """
        answers, times = [], []
        for number, (record, wanted) in enumerate(zip(known.lines, known.answers, strict=True)):
            began = time.perf_counter()
            try:
                answer = call(
                    self.runtime.invoke_endpoint,
                    self.clock,
                    EndpointName=name,
                    ContentType="text/csv",
                    Accept="text/csv",
                    Body=record.encode(),
                )
                value = float(answer["Body"].read())
            except Exception as error:
                raise DeploymentError(
                    f"endpoint {name} does not answer known record {number}",
                    where=f"/aws/sagemaker/Endpoints/{name}",
                    cause=str(error),
                ) from error
            times.append((time.perf_counter() - began) * 1000)
            if not abs(value - wanted) <= tolerance:
                raise DeploymentError(
                    f"endpoint {name} answers known record {number} with {value!r}; "
                    f"batch transform answered {wanted!r}, tolerance {tolerance}",
                    where=f"record {record}",
                    mend="the serving container computes something else than the transform: compare images",
                )
            answers.append(value)
        return Smoke(tuple(answers), median(times) if times else 0.0)


def said_before(message: str) -> bool:
    """Whether SageMaker refuses a call because one like it has been made."""
    return any(words in message for words in ("already exist", "Cannot update in-progress endpoint"))
