"""Endpoints: the resource and its status machine. Where its servers come from is in ``deployments.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from localaws.jobs.machine import Machine
from localaws.sagemaker.deployments import Deployments, pending
from localaws.sagemaker.documents import Documents, Kind
from localaws.sagemaker.endpoint_configs import KIND as CONFIG_KIND
from localaws.sagemaker.refusals import invalid, refuse, refuse_value
from localaws.sagemaker.variants import Variant, variants_of

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

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._documents = Documents(machine.world, KIND)
        self._configs = Documents(machine.world, CONFIG_KIND)
        self._deployments = Deployments(machine, self.move)
        for endpoint in self._documents.all():
            if endpoint.get("_Route"):  # an earlier server's ports say nothing now
                self.move(endpoint["EndpointName"], "", _Route=None)

    def CreateEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store the endpoint and start its servers."""
        _check_deployment_config(request)
        config = self._configs.need(request["EndpointConfigName"])
        variants = variants_of(self._machine.world, config)
        endpoint = self._documents.create(
            {key: value for key, value in request.items() if key != "DeploymentConfig"},
            EndpointStatus="Creating",
            _Variants=[variant.stored() for variant in variants],
        )
        self._create(endpoint)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def DescribeEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        """The endpoint."""
        return self._documents.need(request["EndpointName"])

    def ListEndpoints(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of endpoints."""
        return self._documents.list(request, "Endpoints")

    def UpdateEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change to another configuration all at once; if its servers do not answer the old serve on."""
        _check_deployment_config(request)
        name, config = request["EndpointName"], request["EndpointConfigName"]
        endpoint = self._documents.need(name)
        variants = variants_of(self._machine.world, self._configs.need(config))
        if request.get("RetainAllVariantProperties"):
            excluded = [
                entry["VariantPropertyType"] for entry in request.get("ExcludeRetainedVariantProperties", [])
            ]
            variants = _retained(variants, endpoint, excluded)
        with self._machine.world.store.transaction():
            self._require_settled(self._documents.need(name), for_update=True)
            members = (
                {"LastDeploymentConfig": request["DeploymentConfig"]} if "DeploymentConfig" in request else {}
            )
            self.move(name, "Updating", PendingDeploymentSummary=pending(config, variants), **members)
        self._deployments.deploy(
            name, config, variants, on_failure=lambda reason: self._roll_back(name, reason)
        )
        return {"EndpointArn": endpoint["EndpointArn"]}

    def UpdateEndpointWeightsAndCapacities(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change variants' weights and instance counts; it is done when this answers."""
        name = request["EndpointName"]
        with self._machine.world.store.transaction():
            endpoint = self._documents.need(name)
            self._require_settled(endpoint, for_update=True)
            variants = {stored["name"]: Variant.load(stored) for stored in endpoint["_Variants"]}
            for wanted in request["DesiredWeightsAndCapacities"]:
                refuse("DesiredWeightsAndCapacities", wanted, ("ServerlessUpdateConfig",))
                if wanted["VariantName"] not in variants:
                    raise invalid(f"The endpoint {name} has no variant {wanted['VariantName']}")
                old = variants[wanted["VariantName"]]
                weight = wanted.get("DesiredWeight", old.weight)
                count = wanted.get("DesiredInstanceCount", old.count)
                variants[old.name] = replace(old, weight=weight, count=count)
            self.move(
                name,
                "InService",
                ProductionVariants=[variant.summary() for variant in variants.values()],
                _Variants=[variant.stored() for variant in variants.values()],
            )
        return {"EndpointArn": endpoint["EndpointArn"]}

    def DeleteEndpoint(self, request: dict[str, Any]) -> None:
        """End an endpoint's servers and forget it."""
        name = request["EndpointName"]
        with self._machine.world.store.transaction():
            self._require_settled(self._documents.need(name), for_update=False)
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
            name,
            endpoint["EndpointConfigName"],
            [Variant.load(stored) for stored in endpoint["_Variants"]],
            on_failure=lambda why: self.move(name, "Failed", FailureReason=why),
            reason=reason,
        )

    def _restore(self, endpoint: dict[str, Any], *, interrupted: bool) -> None:
        reason = RESTARTED if interrupted else endpoint.get("FailureReason")
        self.move(endpoint["EndpointName"], "SystemUpdating", PendingDeploymentSummary=None)
        self._create(endpoint, reason)

    def _roll_back(self, name: str, reason: str) -> None:
        """The new servers do not serve: the old ones never stopped, and the endpoint says why."""
        self.move(name, "RollingBack", FailureReason=reason)
        self.move(name, "InService", PendingDeploymentSummary=None)

    def _require_settled(self, endpoint: dict[str, Any], *, for_update: bool) -> None:
        status = endpoint["EndpointStatus"]
        if status == "Failed" and for_update:
            raise invalid(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}": it is Failed and can only be deleted.'
            )
        if status not in ("InService", "Failed"):
            raise invalid(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')


def _retained(variants: list[Variant], endpoint: dict[str, Any], excluded: list[str]) -> list[Variant]:
    """New variants with the weights and instance counts that variants of their name have now."""
    now = {stored["name"]: stored for stored in endpoint["_Variants"]}
    kept = []
    for variant in variants:
        old = now.get(variant.name)
        if old and "DesiredWeight" not in excluded:
            variant = replace(variant, weight=old["weight"])  # noqa: PLW2901  # the same variant, changed
        if old and "DesiredInstanceCount" not in excluded:
            variant = replace(variant, count=old["count"])  # noqa: PLW2901
        kept.append(variant)
    return kept


def _check_deployment_config(request: dict[str, Any]) -> None:
    """Take blue/green all-at-once, whose waiting times have no effect here; refuse the rest by name.

    Raises:
        AwsError: NotImplemented.
    """
    config = request.get("DeploymentConfig", {})
    refuse("DeploymentConfig", config, ("RollingUpdatePolicy", "AutoRollbackConfiguration"))
    routing = config.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    where = "DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type"
    refuse_value(where, routing.get("Type", "ALL_AT_ONCE"), ("ALL_AT_ONCE",))
