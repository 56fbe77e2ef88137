"""How an endpoint gets its fleet of model servers, changes it for another, and gets it back on restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure, bounded
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
        self, endpoint: str, config: str, variants: list[Variant], *, on_failure: Callable[[str], None]
    ) -> None:
        """Start new servers, switch the traffic to them when all answer, end the old ones.

        Args:
            endpoint: The endpoint's name.
            config: The name of the configuration.
            variants: What it serves.
            on_failure: Called with the reason when the new servers cannot serve; nothing has changed then.
        """

        def work() -> None:
            fleet = Fleet(self._machine, endpoint, variants, self._revive)
            try:
                self._start(fleet)
            except (JobFailure, AwsError) as error:
                if not self._closed:
                    on_failure(_reason(error))
                return
            except Exception as error:
                log.exception("the endpoint %s could not be deployed", endpoint)
                fleet.kill()
                on_failure(bounded(f"The local endpoint failed inside: {type(error).__name__}: {error}"))
                return
            with self._lock:
                old, self._serving[endpoint] = self._serving.get(endpoint), fleet
            self._switch(fleet, config)
            if old is not None:
                old.stop()

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

    def _switch(self, fleet: Fleet, config: str) -> None:
        """Send the traffic to a fleet: one change of the endpoint's document."""
        self._move(
            fleet.endpoint,
            "InService",
            EndpointConfigName=config,
            ProductionVariants=[variant.summary() for variant in fleet.variants],
            PendingDeploymentSummary=None,
            FailureReason=None,
            _Variants=[variant.stored() for variant in fleet.variants],
            _Route=route(fleet),
        )

    def _revive(self, fleet: Fleet, variant: Variant) -> None:
        """Start a variant's server again that died while it served, as the platform does with a container."""
        with self._lock:
            serving = self._serving.get(fleet.endpoint) is fleet and not self._closed
        if not serving:
            return
        try:
            fleet.restart(variant)
        except (JobFailure, AwsError) as error:
            if not fleet.ended:
                log.warning(
                    "%s: the server of %s died and cannot start again: %s",
                    fleet.endpoint,
                    variant.name,
                    error,
                )
            return
        self._move(fleet.endpoint, "", _Route=route(fleet))


def route(fleet: Fleet) -> dict[str, int]:
    """Where the runtime finds the servers: the port by variant."""
    return fleet.ports()


def pending(config: str, variants: list[Variant]) -> dict[str, Any]:
    """The member ``PendingDeploymentSummary`` of an endpoint while it changes."""
    return {
        "EndpointConfigName": config,
        "ProductionVariants": [variant.summary() for variant in variants],
        "StartTime": time.time(),
    }


def _reason(error: JobFailure | AwsError) -> str:
    return bounded(error.message if isinstance(error, AwsError) else str(error).partition(": ")[2])
