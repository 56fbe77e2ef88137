"""Endpoints: the resource and its status machine. Where its servers come from is in ``deployments.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localaws.autoscaling.targets import deregister, variant_resource
from localaws.jobs.machine import Machine
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.hosting.deployments import Deployment, Deployments
from localaws.sagemaker.hosting.endpoint_configs import KIND as CONFIG_KIND
from localaws.sagemaker.hosting.endpoint_refusals import check_alarms, check_scaled, require_settled
from localaws.sagemaker.hosting.hosts import Hosts
from localaws.sagemaker.hosting.rollout_plan import plan_of
from localaws.sagemaker.hosting.traffic import changed, nothing, pending, production
from localaws.sagemaker.hosting.variants import Variant, described, variants_of
from localaws.sagemaker.refusals import invalid, refuse

KIND = Kind(
    type="endpoint",
    name="EndpointName",
    arn="EndpointArn",
    exists='Cannot create already existing endpoint "{arn}".',
    missing='Could not find endpoint "{arn}".',
    status="EndpointStatus",
)
RESTARTED = "The local endpoint was restarted during the update; the endpoint serves its former configuration"


class Endpoints:
    """Creates, describes, lists, updates and deletes endpoints."""

    def __init__(self, machine: Machine, hosts: Hosts) -> None:
        self._machine = machine
        self._documents = Documents(machine.world, KIND)
        self._configs = Documents(machine.world, CONFIG_KIND)
        self._deployments = Deployments(machine, hosts, self.move)
        for endpoint in self._documents.all():
            if endpoint.get("_Route"):  # an earlier server's hosts are gone
                self.move(endpoint["EndpointName"], "", _Route=None)

    def CreateEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the endpoint and start its servers."""
        config = self._configs.need(request["EndpointConfigName"])
        variants = variants_of(self._machine.world, config)
        deployment = request.get("DeploymentConfig", {})
        plan_of(deployment, production(variants), production(variants))
        endpoint = self._documents.create(
            {key: value for key, value in request.items() if key != "DeploymentConfig"},
            EndpointStatus="Creating",
            LastDeploymentConfig=deployment or None,
            _Variants=[variant.stored() for variant in variants],
        )
        self._create(endpoint)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def DescribeEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        """The endpoint."""
        endpoint = self._documents.need(request["EndpointName"])
        return {**endpoint, **described(_variants(endpoint))}

    def ListEndpoints(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of endpoints."""
        return self._documents.list(request, "Endpoints")

    def UpdateEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change to another configuration by the deployment's plan; if it fails the old servers serve on."""
        world, name, config = self._machine.world, request["EndpointName"], request["EndpointConfigName"]
        endpoint = self._documents.need(name)
        variants = variants_of(world, self._configs.need(config))
        old = _variants(endpoint)
        if request.get("RetainAllVariantProperties"):
            excluded = [
                entry["VariantPropertyType"] for entry in request.get("ExcludeRetainedVariantProperties", [])
            ]
            variants = _retained(variants, old, excluded)
        kept = endpoint.get("LastDeploymentConfig") if request.get("RetainDeploymentConfig") else None
        guards = request.get("DeploymentConfig", kept or {})
        deployment = Deployment(
            name,
            config,
            variants,
            lambda why: self._rolled_back(name, why),
            plan_of(guards, production(old), production(variants)),
        )
        check_alarms(world, deployment.plan.alarms)
        check_scaled(world, name, old, variants)
        with world.store.transaction():
            require_settled(self._documents.need(name), for_update=True)
            shown = pending(config, variants, deployment.started, shares=nothing(variants), status="Creating")
            members = {"LastDeploymentConfig": guards} if guards else {}
            self.move(name, "Updating", PendingDeploymentSummary=shown, **members)
        self._deployments.deploy(deployment)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def UpdateEndpointWeightsAndCapacities(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change variants' weights and instance counts, without new servers."""
        name = request["EndpointName"]
        with self._machine.world.store.transaction():
            endpoint = self._documents.need(name)
            require_settled(endpoint, for_update=True)
            old = _variants(endpoint)
            variants = {variant.name: variant for variant in old}
            for wanted in request["DesiredWeightsAndCapacities"]:
                refuse("DesiredWeightsAndCapacities", wanted, ("ServerlessUpdateConfig",))
                if wanted["VariantName"] not in variants:
                    raise invalid(f"The endpoint {name} has no variant {wanted['VariantName']}")
                before = variants[wanted["VariantName"]]
                if before.serverless and "DesiredInstanceCount" in wanted:
                    raise invalid(f"The variant {before.name} is serverless and has no instances")
                weight = wanted.get("DesiredWeight", before.weight)
                count = wanted.get("DesiredInstanceCount", before.count)
                variants[before.name] = replace(before, weight=weight, count=count)
            self.move(name, "Updating", ProductionVariants=changed(old, variants))
        self._deployments.resize(name, list(variants.values()))
        return {"EndpointArn": endpoint["EndpointArn"]}

    def DeleteEndpoint(self, request: dict[str, Any]) -> None:
        """End an endpoint's servers and forget it, its scalable targets too."""
        name, world = request["EndpointName"], self._machine.world
        with world.store.transaction():
            endpoint = self._documents.need(name)
            require_settled(endpoint, for_update=False)
            for variant in _variants(endpoint):
                deregister(world, variant_resource(name, variant.name))
            self.move(name, "Deleting", _Route=None)
        self._deployments.end(name, lambda: self._documents.delete(name))

    def move(self, name: str, status: str, **members: Any) -> None:
        """Change an endpoint's status, or only its members when the status is empty: the one way to."""
        if status:
            members["EndpointStatus"] = status
        self._documents.update(name, **members)

    def start(self) -> None:
        """Give the endpoints of an earlier server their servers again."""
        for endpoint in self._documents.all():
            name, status = endpoint["EndpointName"], endpoint["EndpointStatus"]
            if status == "Creating":
                self._create(endpoint)
            elif status == "Deleting":
                self._documents.delete(name)
            elif status != "Failed":
                self._restore(endpoint, interrupted=status in ("Updating", "RollingBack"))

    def stop(self) -> None:
        """End every server; the next one of ours starts them again."""
        self._deployments.close()

    def _create(self, endpoint: dict[str, Any], reason: str | None = None) -> None:
        name = endpoint["EndpointName"]
        self._deployments.deploy(
            Deployment(
                name,
                endpoint["EndpointConfigName"],
                _variants(endpoint),
                lambda why: self.move(name, "Failed", FailureReason=why),
                reason=reason,
            )
        )

    def _restore(self, endpoint: dict[str, Any], *, interrupted: bool) -> None:
        reason = RESTARTED if interrupted else endpoint.get("FailureReason")
        self.move(endpoint["EndpointName"], "SystemUpdating", PendingDeploymentSummary=None)
        self._create(endpoint, reason)

    def _rolled_back(self, name: str, reason: str) -> None:
        """The new servers are gone and the old ones serve; the endpoint says why."""
        self.move(name, "InService", PendingDeploymentSummary=None, FailureReason=reason)


def _variants(endpoint: dict[str, Any]) -> list[Variant]:
    return [Variant.load(stored) for stored in endpoint["_Variants"]]


def _retained(variants: list[Variant], now: list[Variant], excluded: list[str]) -> list[Variant]:
    """New variants with the weights, instance counts and capture that variants of their name have now."""
    old = {variant.name: variant for variant in now}
    kept = []
    for variant in variants:
        before = old.get(variant.name, variant)
        weight = variant.weight if "DesiredWeight" in excluded else before.weight
        count = variant.count if "DesiredInstanceCount" in excluded else before.count
        capture = variant.capture if "DataCaptureConfig" in excluded else before.capture
        kept.append(replace(variant, weight=weight, count=count, capture=capture))
    return kept
