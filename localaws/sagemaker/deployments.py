"""How an endpoint gets its fleet of model servers, changes it for another, and gets it back on restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure, bounded, reason_of
from localaws.jobs.machine import Machine
from localaws.sagemaker.fleet import Fleet
from localaws.sagemaker.variants import Variant

log = logging.getLogger("localaws")


class Deployments:
    """The fleets of all endpoints. Each deployment runs in a thread of its own.

    Args:
        machine: Where the servers run.
        move: Changes an endpoint's status, ``move(name, status, **members)``.
    """

    def __init__(self, machine: Machine, move: Callable[..., None]) -> None:
        self._machine = machine
        self._move = move
        self._lock = threading.Lock()
        self._serving: dict[str, Fleet] = {}
        self._starting: set[Fleet] = set()
        self._closed = False

    def deploy(
        self,
        endpoint: str,
        config: str,
        variants: list[Variant],
        *,
        on_failure: Callable[[str], None],
        reason: str | None = None,
    ) -> None:
        """Start new servers, switch the traffic to them when all answer, end the old ones.

        Args:
            endpoint: The endpoint's name.
            config: The name of the configuration.
            variants: What it serves.
            on_failure: Called with the reason when the new servers cannot serve; nothing has changed then.
            reason: The FailureReason the endpoint keeps when it serves: of the deployment before this one.
        """

        def work() -> None:
            fleet = Fleet(self._machine, endpoint, variants, self._revive)
            try:
                self._start(fleet)
            except Exception as error:
                fleet.kill()
                if not self._closed:
                    on_failure(_reason(error))
                return
            self._take_over(fleet, config, reason)

        threading.Thread(target=work, name=f"deploy {endpoint}", daemon=True).start()

    def end(self, endpoint: str, after: Callable[[], None]) -> None:
        """End an endpoint's servers, then do something more."""
        with self._lock:
            fleet = self._serving.pop(endpoint, None)

        def work() -> None:
            if fleet is not None:
                fleet.stop()
            after()

        threading.Thread(target=work, name=f"end {endpoint}", daemon=True).start()

    def close(self) -> None:
        """End every server at once: this process goes down."""
        with self._lock:
            self._closed = True
            fleets = [*self._serving.values(), *self._starting]
        for fleet in fleets:
            fleet.kill()

    def _start(self, fleet: Fleet) -> None:
        with self._lock:
            self._starting.add(fleet)
        try:
            fleet.start()
        finally:
            with self._lock:
                self._starting.discard(fleet)

    def _take_over(self, fleet: Fleet, config: str, reason: str | None) -> None:
        """Send the traffic to a fleet by one change of the endpoint's document; end the fleet before it."""
        with self._lock:
            closed = self._closed
            old, self._serving[fleet.endpoint] = self._serving.get(fleet.endpoint), fleet
        if closed:
            fleet.kill()
            return
        self._move(
            fleet.endpoint,
            "InService",
            EndpointConfigName=config,
            ProductionVariants=[variant.summary() for variant in fleet.variants],
            PendingDeploymentSummary=None,
            FailureReason=reason,
            _Variants=[variant.stored() for variant in fleet.variants],
            _Route=fleet.ports(),
        )
        if old is not None:
            old.stop()

    def _revive(self, fleet: Fleet, variant: Variant) -> None:
        """Start a variant's server again that died while it served, as the platform does with a container."""
        if fleet.ended:
            return
        try:
            fleet.restart(variant)
        except (JobFailure, AwsError) as error:
            if not fleet.ended:
                log.warning("%s: %s died and cannot start again: %s", fleet.endpoint, variant.name, error)
            return
        with self._lock:  # no other fleet takes over between the look and the change
            if self._serving.get(fleet.endpoint) is fleet and not self._closed:
                self._move(fleet.endpoint, "", _Route=fleet.ports())


def pending(config: str, variants: list[Variant]) -> dict[str, Any]:
    """The member ``PendingDeploymentSummary`` of an endpoint while it changes."""
    return {
        "EndpointConfigName": config,
        "ProductionVariants": [variant.summary() for variant in variants],
        "StartTime": time.time(),
    }


def _reason(error: Exception) -> str:
    return bounded(error.message) if isinstance(error, JobFailure | AwsError) else reason_of(error)
