"""How an endpoint gets its fleet of model servers, changes it for another, and gets it back on restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from localaws.cloudwatch.alarms import Alarms
from localaws.errors import AwsError
from localaws.jobs.failure import JobFailure, bounded, reason_of
from localaws.jobs.machine import Machine
from localaws.sagemaker.hosting.fleet import Fleet
from localaws.sagemaker.hosting.hosts import Hosts
from localaws.sagemaker.hosting.rollout_plan import ALL, Plan, Shares
from localaws.sagemaker.hosting.rollout_watch import Closing, RolledBack, Watch
from localaws.sagemaker.hosting.traffic import Lane, pending, remaining, rest, route, summaries
from localaws.sagemaker.hosting.variants import Variant

log = logging.getLogger("localaws")


@dataclass(frozen=True)
class Deployment:
    """New servers for an endpoint.

    Attributes:
        endpoint: The endpoint's name.
        config: The name of the configuration.
        variants: What it serves.
        on_failure: Called with the reason when the new servers cannot serve, or may not; the traffic is with
            the old ones then, if there are any.
        plan: How the traffic shifts to the new servers.
        reason: The FailureReason the endpoint keeps when it serves: of the deployment before this one.
        started: When it was asked for, epoch seconds.
    """

    endpoint: str
    config: str
    variants: list[Variant]
    on_failure: Callable[[str], None]
    plan: Plan = Plan()  # noqa: RUF009  # frozen
    reason: str | None = None
    started: float = field(default_factory=time.time)


class Deployments:
    """The fleets of all endpoints. Each deployment runs in a thread of its own.

    Args:
        machine: Where the servers run.
        hosts: Where invocations find them.
        move: Changes an endpoint's status, ``move(name, status, **members)``.
    """

    def __init__(self, machine: Machine, hosts: Hosts, move: Callable[..., None]) -> None:
        self._machine = machine
        self._hosts = hosts
        self._move = move
        self._alarms = Alarms(machine.world)
        self._lock = threading.Lock()
        self._lanes: dict[str, list[Lane]] = {}
        self._starting: set[Fleet] = set()
        self._closing = threading.Event()

    def deploy(self, deployment: Deployment) -> None:
        """Start new servers, shift the traffic to them by the plan, end the old ones."""
        name = f"deploy {deployment.endpoint}"
        threading.Thread(target=self._deploy, args=(deployment,), name=name, daemon=True).start()

    def resize(self, endpoint: str, variants: list[Variant]) -> None:
        """Give the variants of an endpoint that serves other weights and counts."""

        def work() -> None:
            self._machine.world.pace.pause("endpoint.Updating", self._closing)
            with self._lock:
                if self._closing.is_set():
                    return
                lanes = self._lanes.get(endpoint, [])
                for lane in lanes:
                    lane.fleet.variants = variants
                self._move(
                    endpoint,
                    "InService",
                    ProductionVariants=summaries(variants),
                    _Variants=[variant.stored() for variant in variants],
                    _Route=route(lanes),
                )

        threading.Thread(target=work, name=f"resize {endpoint}", daemon=True).start()

    def end(self, endpoint: str, after: Callable[[], object]) -> None:
        """End an endpoint's servers, then do something more."""
        with self._lock:
            lanes = self._lanes.pop(endpoint, [])

        def work() -> None:
            for lane in lanes:
                lane.fleet.stop()
            self._machine.world.pace.pause("endpoint.Deleting", self._closing)
            after()

        threading.Thread(target=work, name=f"end {endpoint}", daemon=True).start()

    def close(self) -> None:
        """End every server at once: this process goes down."""
        with self._lock:
            self._closing.set()
            fleets = {*(lane.fleet for lanes in self._lanes.values() for lane in lanes), *self._starting}
        for fleet in fleets:
            fleet.kill()

    def _deploy(self, deployment: Deployment) -> None:
        endpoint = deployment.endpoint
        with self._lock:
            old = [lane.fleet for lane in self._lanes.get(endpoint, [])]
        new = Fleet(
            self._machine,
            self._hosts,
            endpoint,
            deployment.config,
            deployment.variants,
            on_death=self._revive,
        )
        watch = Watch(deployment.plan, self._alarms.tripped, self._closing)
        try:
            watch.look()
            stage = "endpoint.Updating" if old else "endpoint.Creating"
            self._machine.world.pace.pause(stage, self._closing)
            self._start(new)
            if old:
                self._roll_out(deployment, old[0], new, watch)
        except Closing:
            new.kill()
        except Exception as error:
            self._fall_back(deployment, old, new, _reason(error))
        else:
            self._take_over(deployment, new)
            for fleet in old:
                fleet.stop()

    def _start(self, fleet: Fleet) -> None:
        with self._lock:
            if self._closing.is_set():
                raise Closing
            self._starting.add(fleet)
        try:
            fleet.start()
        finally:
            with self._lock:
                self._starting.discard(fleet)

    def _roll_out(self, deployment: Deployment, old: Fleet, new: Fleet, watch: Watch) -> None:
        """Shift the traffic step by step.

        Raises:
            RolledBack: It may not go on.
            Closing: The server goes down.
        """
        plan = deployment.plan
        if plan == Plan():
            return
        for shares in plan.steps:
            self._shift(deployment, old, new, shares)
            watch.wait(plan.bake)
        watch.wait(plan.linger)

    def _shift(self, deployment: Deployment, old: Fleet, new: Fleet, shares: Shares) -> None:
        """Give the new fleet its shares of the traffic, and the old one the rest."""
        lanes = [Lane(old, rest(shares, old.variants)), Lane(new, shares)]
        for status in ("ActivatingTraffic", "Baking"):
            shown = pending(deployment.config, new.variants, deployment.started, shares=shares, status=status)
            self._give_traffic(
                deployment.endpoint,
                lanes,
                ProductionVariants=remaining(deployment.plan, old.variants, shares),
                PendingDeploymentSummary=shown,
            )

    def _give_traffic(self, endpoint: str, lanes: list[Lane], status: str = "", **members: object) -> None:
        """Send an endpoint's traffic to lanes, by one change of its document.

        Raises:
            Closing: The server goes down.
        """
        with self._lock:
            if self._closing.is_set():
                raise Closing
            self._lanes[endpoint] = lanes
            self._move(endpoint, status, _Route=route(lanes), **members)

    def _take_over(self, deployment: Deployment, fleet: Fleet) -> None:
        """Leave all of the traffic to a fleet: the deployment is done."""
        try:
            self._give_traffic(
                deployment.endpoint,
                [Lane(fleet, ALL)],
                "InService",
                EndpointConfigName=deployment.config,
                ProductionVariants=summaries(fleet.variants),
                PendingDeploymentSummary=None,
                FailureReason=deployment.reason,
                _Variants=[variant.stored() for variant in fleet.variants],
            )
        except Closing:
            fleet.kill()

    def _fall_back(self, deployment: Deployment, old: list[Fleet], new: Fleet, reason: str) -> None:
        """Leave all of the traffic to the old fleet, end the new one, say why."""
        try:
            if old:
                self._give_traffic(
                    deployment.endpoint,
                    [Lane(fleet, ALL) for fleet in old],
                    "RollingBack",
                    ProductionVariants=summaries(old[0].variants),
                    FailureReason=reason,
                )
            new.stop()
            if not self._closing.is_set():
                deployment.on_failure(reason)
        except Closing:
            new.kill()

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
            lanes = self._lanes.get(fleet.endpoint, [])
            if any(lane.fleet is fleet for lane in lanes) and not self._closing.is_set():
                self._move(fleet.endpoint, "", _Route=route(lanes))


def _reason(error: Exception) -> str:
    if isinstance(error, RolledBack):
        return bounded(str(error))
    return bounded(error.message) if isinstance(error, JobFailure | AwsError) else reason_of(error)
