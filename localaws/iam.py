"""IAM: roles are remembered, none restricts anything; a role nobody created answers as SageMaker's would."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any
from urllib.parse import quote

from localaws.errors import AwsError
from localaws.world import World

ROLE = "iam.role"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


class Iam:
    """Identity and Access Management, as far as the SDKs ask for roles."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store

    def CreateRole(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remember a role."""
        try:
            json.loads(request["AssumeRolePolicyDocument"])
        except ValueError as error:
            raise AwsError(
                "MalformedPolicyDocument", f"This policy contains invalid Json: {error}"
            ) from error
        name = request["RoleName"]
        role = self._role(name, request.get("Path", "/"), request["AssumeRolePolicyDocument"])
        role |= {key: request[key] for key in ("Description", "MaxSessionDuration", "Tags") if key in request}
        role |= {"CreateDate": time.time(), "policies": {}, "attached": {}}
        if not self._store.create(ROLE, name, role):
            raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
        return {"Role": role}

    def GetRole(self, request: dict[str, Any]) -> dict[str, Any]:
        """A role; one that nobody created trusts SageMaker."""
        name = request["RoleName"]
        return {"Role": self._store.get(ROLE, name) or self._role(name, "/", json.dumps(TRUST))}

    def ListRoles(self, request: dict[str, Any]) -> dict[str, Any]:
        """The roles that were created."""
        prefix = request.get("PathPrefix", "/")
        roles = [role for role in self._store.all(ROLE) if role["Path"].startswith(prefix)]
        return {"Roles": roles, "IsTruncated": False}

    def DeleteRole(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a role without policies."""
        name = request["RoleName"]
        role = self._created(name)
        if role["policies"] or role["attached"]:
            raise AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
        self._store.delete(ROLE, name)
        return {}

    def PutRolePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remember an inline policy of a role."""
        with self._store.transaction():
            role = self._created(request["RoleName"])
            policies = role["policies"] | {request["PolicyName"]: request["PolicyDocument"]}
            self._store.update(ROLE, request["RoleName"], policies=policies)
        return {}

    def GetRolePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """An inline policy of a role."""
        name, policy = request["RoleName"], request["PolicyName"]
        document = self._created(name)["policies"].get(policy)
        if document is None:
            raise _missing(f"The role policy with name {policy} cannot be found.")
        return {"RoleName": name, "PolicyName": policy, "PolicyDocument": quote(document)}

    def ListRolePolicies(self, request: dict[str, Any]) -> dict[str, Any]:
        """The names of a role's inline policies."""
        return {"PolicyNames": list(self._created(request["RoleName"])["policies"]), "IsTruncated": False}

    def DeleteRolePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget an inline policy."""
        with self._store.transaction():
            policies = self._created(request["RoleName"])["policies"]
            if policies.pop(request["PolicyName"], None) is None:
                raise _missing(f"The role policy with name {request['PolicyName']} cannot be found.")
            self._store.update(ROLE, request["RoleName"], policies=policies)
        return {}

    def AttachRolePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remember a managed policy attached to a role."""
        with self._store.transaction():
            arn = request["PolicyArn"]
            attached = self._created(request["RoleName"])["attached"] | {arn: arn.rpartition("/")[2]}
            self._store.update(ROLE, request["RoleName"], attached=attached)
        return {}

    def DetachRolePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget an attached policy."""
        with self._store.transaction():
            attached = self._created(request["RoleName"])["attached"]
            if attached.pop(request["PolicyArn"], None) is None:
                raise _missing(f"Policy {request['PolicyArn']} was not found.")
            self._store.update(ROLE, request["RoleName"], attached=attached)
        return {}

    def ListAttachedRolePolicies(self, request: dict[str, Any]) -> dict[str, Any]:
        """The managed policies attached to a role."""
        attached = self._created(request["RoleName"])["attached"]
        policies = [{"PolicyName": name, "PolicyArn": arn} for arn, name in attached.items()]
        return {"AttachedPolicies": policies, "IsTruncated": False}

    def SimulatePrincipalPolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Refused: nothing here denies anything, so nothing is to simulate; clients go on without."""
        caller = f"arn:aws:iam::{self._world.account}:root"
        action, source = "iam:SimulatePrincipalPolicy", request["PolicySourceArn"]
        raise AwsError(
            "AccessDenied",
            f"User: {caller} is not authorized to perform: {action} on resource: {source}",
            403,
        )

    def _role(self, name: str, path: str, trust: str) -> dict[str, Any]:
        return {
            "Path": path,
            "RoleName": name,
            "RoleId": "AROA" + hashlib.sha256(name.encode()).hexdigest()[:16].upper(),
            "Arn": f"arn:aws:iam::{self._world.account}:role{path}{name}",
            "CreateDate": 0.0,
            "AssumeRolePolicyDocument": quote(trust),
            "MaxSessionDuration": 3600,
        }

    def _created(self, name: str) -> dict[str, Any]:
        role = self._store.get(ROLE, name)
        if role is None:
            raise _missing(f"The role with name {name} cannot be found.")
        return role


def _missing(message: str) -> AwsError:
    return AwsError("NoSuchEntity", message, 404)
