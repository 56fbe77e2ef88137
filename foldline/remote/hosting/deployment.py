"""One deployment, brought to its end whatever happens in between: killed, replayed, rolled back, overtaken.

What served before is noted before the first change, and that the change is about to be asked for right before
it is. From these two notes and what AWS shows, every attempt knows what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from foldline.errors import DeploymentError
from foldline.remote.calls import call
from foldline.remote.hosting.endpoints import Endpoints, Known, Smoke
from foldline.remote.hosting.locks import Lock
from foldline.remote.memory import Memory
from foldline.waiting import Interrupted

Action = Literal["created", "updated", "unchanged"]
BEFORE, ASKED, REFUSED = "before", "asked", "refused"
"""Names of the notes."""
RECIPE = "delete endpoint {} (AWS allows nothing else), then clear this task"
RECIPES = {
    "UpdateRollbackFailed": "endpoint {} serves a mix of old and new: follow AWS's guide to rolling "
    "deployments until it is InService again, or delete it in a quiet hour; then clear this task",
    "OutOfService": "endpoint {} takes no requests: look at its log, delete it; then clear this task",
}
"""What a person does about an endpoint in a state that no waiting mends."""


@dataclass(frozen=True)
class Plan:
    """What is to serve, as the pure side decided it.

    Attributes:
        name: The endpoint.
        config: Name of the endpoint config that is to serve.
        prepare: Makes model and endpoint config; finds what is there.
        change: boto3 method and request between what serves and what is wanted. Takes DescribeEndpoint's
            answer or None, and instance counts by variant of the config that served before.
        fault: Why an endpoint at rest does not serve ``config``; empty when it does.
        broken: Endpoint states that no waiting mends.
    """

    name: str
    config: str
    prepare: Callable[[], None]
    change: Callable[[dict[str, Any] | None, dict[str, int]], tuple[str, dict[str, Any]]]
    fault: Callable[[dict[str, Any]], str]
    broken: frozenset[str]


@dataclass(frozen=True)
class Deployed:
    """What a deployment did.

    Attributes:
        action: What became of the endpoint, seen from before the first attempt.
        smoke: What the known records answered.
    """

    action: Action
    smoke: Smoke


@dataclass(frozen=True)
class Deployment:
    """Carries out a plan.

    Attributes:
        endpoints: Reads and changes endpoints.
        memory: Notes of this task.
        lock: The right to change the endpoint.
        plan: What is to serve.
        known: Records whose answers are known.
        tolerance: Largest difference from these.
        budget: Seconds for each wait.
    """

    endpoints: Endpoints
    memory: Memory
    lock: Lock
    plan: Plan
    known: Known
    tolerance: float
    budget: float

    def carry_out(self) -> Deployed:
        """Let the wanted config serve, or what served before serve on.

        Raises:
            DeploymentError: It does not serve as it should; the message says what serves now.
        """
        self.lock.acquire()
        try:
            deployed = self._deploy()
        except Interrupted:
            raise  # the next try goes on, and the lock is its own
        except Exception:
            self.lock.release()
            raise
        self.lock.release()
        return deployed

    def _deploy(self) -> Deployed:
        before = self.memory.once(BEFORE, self._before)
        if (refused := self.memory.get(REFUSED)) is not None:
            self._go_back(before)
            raise DeploymentError(**refused)
        self._change(before)
        self._judge()
        try:
            smoke = self.endpoints.smoke(self.plan.name, self.known, self.tolerance)
        except DeploymentError as error:
            told = {"what": error.what, "where": error.where, "cause": error.cause, "mend": error.mend}
            self.memory.once(REFUSED, lambda: told)
            self._go_back(before)
            raise
        if before["config"] is None:
            return Deployed("created", smoke)
        return Deployed("unchanged" if before["config"] == self.plan.config else "updated", smoke)

    def _before(self) -> dict[str, Any]:
        """What serves now."""
        endpoint = self._at_rest()
        if endpoint is None:
            return {"config": None, "modified": "", "counts": {}}
        if endpoint["EndpointStatus"] in self.plan.broken:
            raise DeploymentError(
                f"endpoint {self.plan.name} is {endpoint['EndpointStatus']}; nothing was changed",
                where=endpoint["EndpointArn"],
                cause=str(endpoint.get("FailureReason", "")),
                mend=RECIPES.get(endpoint["EndpointStatus"], RECIPE).format(self.plan.name),
            )
        config = endpoint["EndpointConfigName"]
        return {"config": config, "modified": modified(endpoint), "counts": self.endpoints.counts(config)}

    def _change(self, before: dict[str, Any]) -> None:
        """Make what is missing, model, config and endpoint in this order; nothing is asked for twice."""
        self.plan.prepare()
        endpoint, asked = self._at_rest(), self.memory.get(ASKED) is not None
        if endpoint is not None:
            config = endpoint["EndpointConfigName"]
            if config == self.plan.config or endpoint["EndpointStatus"] in self.plan.broken:
                return
            if config != before["config"]:
                raise DeploymentError(
                    f"endpoint {self.plan.name} was changed by somebody else meanwhile; it is left as it is",
                    where=endpoint["EndpointArn"],
                    cause=f"{before['config'] or 'nothing'} served when this task began, {config} serves now",
                    mend="clear this task to deploy over it",
                )
            if asked and modified(endpoint) != before["modified"]:
                return  # the update was asked for and rolled back: the next look judges it
        method, request = self.plan.change(endpoint, before["counts"])
        self.lock.renew()
        self.memory.once(ASKED, lambda: {"method": method})
        self.endpoints.carry_out(method, request)

    def _judge(self) -> None:
        """InService is not enough: the wanted config must serve."""
        after = self._at_rest()
        if why := self.plan.fault(after) if after else "the endpoint is gone":
            raise DeploymentError(
                f"endpoint {self.plan.name} does not serve what was asked for",
                where=f"/aws/sagemaker/Endpoints/{self.plan.name}",
                cause=why,
                mend="look at the endpoint's log; what served before serves on",
            )

    def _go_back(self, before: dict[str, Any]) -> None:
        name, served, now = self.plan.name, before["config"], self._at_rest()
        if now is None or now["EndpointConfigName"] == served:
            return
        self.lock.renew()
        if served is None:
            # A first deployment has nothing to go back to: what failed its test must not serve.
            call(self.endpoints.client.delete_endpoint, self.endpoints.clock, EndpointName=name)
        else:
            back = {"EndpointName": name, "EndpointConfigName": served, "RetainAllVariantProperties": True}
            call(self.endpoints.client.update_endpoint, self.endpoints.clock, **back)
        self._at_rest()

    def _at_rest(self) -> dict[str, Any] | None:
        return self.endpoints.at_rest(self.plan.name, self.budget)


def modified(endpoint: dict[str, Any]) -> str:
    """When AWS last changed an endpoint, as a text that can be kept."""
    return str(endpoint["LastModifiedTime"].isoformat())
