"""Athena's workgroups: where results go, and what a query may scan."""

from __future__ import annotations

import time
from typing import Any

from localaws.athena.tags import Tags
from localaws.errors import AwsError
from localaws.glue.paging import page
from localaws.world import World

KIND = "athena.workgroup"
PRIMARY = "primary"
ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
DEFAULTS: dict[str, Any] = {
    "ResultConfiguration": {},
    "EnforceWorkGroupConfiguration": True,
    "PublishCloudWatchMetricsEnabled": True,
    "RequesterPaysEnabled": False,
    "EnableMinimumEncryptionConfiguration": False,
    "EngineVersion": ENGINE,
}
# What belongs to a workgroup beside its queries: kind, the member that names the workgroup, and its own name.
HELD = (
    ("athena.prepared", "WorkGroupName", "StatementName"),
    ("athena.namedquery", "WorkGroup", "NamedQueryId"),
)
NOT_SERVED = ("ManagedQueryResultsConfiguration", "IdentityCenterConfiguration", "ExecutionRole")


def invalid(message: str, code: str = "INVALID_INPUT") -> AwsError:
    """Athena's InvalidRequestException."""
    return AwsError("InvalidRequestException", message, AthenaErrorCode=code, ErrorCode=code)


class WorkGroups:
    """CreateWorkGroup and its like; ``primary`` is always there."""

    def __init__(self, world: World, tags: Tags) -> None:
        self.store = world.store
        self.tags = tags
        primary = {
            **DEFAULTS,
            "EnforceWorkGroupConfiguration": False,
            "PublishCloudWatchMetricsEnabled": False,
        }
        self.store.create(KIND, PRIMARY, _body(PRIMARY, "", primary))

    def workgroup(self, name: str) -> dict[str, Any]:
        """One workgroup.

        Raises:
            AwsError: InvalidRequestException.
        """
        found = self.store.get(KIND, name)
        if found is None:
            raise invalid("WorkGroup is not found.")
        return found

    def CreateWorkGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a workgroup."""
        name = request["Name"]
        configuration = {**DEFAULTS, **_served(request.get("Configuration") or {}), "EngineVersion": ENGINE}
        if not self.store.create(KIND, name, _body(name, request.get("Description", ""), configuration)):
            raise invalid("WorkGroup is already created")
        self.tags.put("workgroup", name, request.get("Tags") or [])
        return {}

    def GetWorkGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """One workgroup."""
        body = self.workgroup(request["WorkGroup"])
        return {"WorkGroup": {**body, "Description": body["Description"] or None}}

    def ListWorkGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the workgroups, by name."""
        bodies = sorted(self.store.all(KIND), key=lambda body: str(body["Name"]))
        found, token = page(
            bodies, request, limit=50, code="InvalidRequestException", message=_bad_token(request)
        )
        shown = [{**body, "EngineVersion": ENGINE} for body in found]
        return {"WorkGroups": shown, "NextToken": token}

    def UpdateWorkGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what is given of a workgroup."""
        with self.store.transaction():
            body = self.workgroup(request["WorkGroup"])
            if "Description" in request:
                body["Description"] = request["Description"]
            body["State"] = request.get("State", body["State"])
            body["Configuration"] = _updated(body["Configuration"], request.get("ConfigurationUpdates") or {})
            self.store.put(KIND, body["Name"], body)
        return {}

    def DeleteWorkGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a workgroup; what it ran must be given up with RecursiveDeleteOption, as in Athena."""
        name = request["WorkGroup"]
        if name == PRIMARY:
            raise invalid("The primary workgroup cannot be deleted.")
        self.workgroup(name)
        ran = any(query["WorkGroup"] == name for query in self.store.all("athena.query"))
        held = [
            (kind, body[identity])
            for kind, member, identity in HELD
            for body in self.store.all(kind)
            if body[member] == name
        ]
        if (ran or held) and not request.get("RecursiveDeleteOption"):
            raise invalid("WorkGroup is not empty")
        with self.store.transaction():
            for kind, own in held:
                self.store.delete(kind, f"{name}/{own}" if kind == "athena.prepared" else own)
            self.store.delete(KIND, name)
            self.tags.forget("workgroup", name)
        return {}

    def ListEngineVersions(self, request: dict[str, Any]) -> dict[str, Any]:
        """The engine versions a workgroup may select: the current one, by either name."""
        named = ENGINE["EffectiveEngineVersion"]
        versions = [
            {"SelectedEngineVersion": word, "EffectiveEngineVersion": named} for word in ("AUTO", named)
        ]
        return {"EngineVersions": versions}


def _body(name: str, description: str, configuration: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": name,
        "State": "ENABLED",
        "Description": description,
        "CreationTime": time.time(),
        "Configuration": configuration,
    }


def _served(configuration: dict[str, Any]) -> dict[str, Any]:
    for name in NOT_SERVED:
        if configuration.get(name):
            raise AwsError(
                "NotImplemented", f"localaws does not implement {name} of Athena's workgroups", 501
            )
    return configuration


def _updated(old: dict[str, Any], updates: dict[str, Any]) -> dict[str, Any]:
    """A configuration after UpdateWorkGroup's changes, removals among them."""
    _served(updates)
    new = dict(old)
    results = dict(old.get("ResultConfiguration") or {})
    for name, value in (updates.get("ResultConfigurationUpdates") or {}).items():
        if name.startswith("Remove"):
            if value:
                results.pop(name.removeprefix("Remove"), None)
        else:
            results[name] = value
    for name, value in updates.items():
        if name == "RemoveBytesScannedCutoffPerQuery":
            if value:
                new.pop("BytesScannedCutoffPerQuery", None)
        elif name not in ("ResultConfigurationUpdates", "EngineVersion"):
            new[name] = value
    return {**new, "ResultConfiguration": results}


def _bad_token(request: dict[str, Any]) -> str:
    return f"The nextPageToken is malformed: {request.get('NextToken')}"
