"""Glue's operations on policies and encryption: kept and given back, never acted on."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.catalog import Document, not_found
from localaws.glue.paging import page
from localaws.world import World

POLICIES, CONFIGURATIONS, SETTINGS = "glue.policy", "glue.securityconfiguration", "glue.encryption"
INVALID = "InvalidInputException"
PLAIN = {
    "EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"},
    "ConnectionPasswordEncryption": {"ReturnConnectionPasswordEncrypted": False},
}


class Security:
    """PutResourcePolicy, CreateSecurityConfiguration, PutDataCatalogEncryptionSettings and their like.

    Args:
        world: The services' common ground.
    """

    def __init__(self, world: World) -> None:
        self.store = world.store
        self.catalog_arn = world.arn("glue", "catalog")

    def PutResourcePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a policy, if the one there is as expected."""
        name, text = request.get("ResourceArn", self.catalog_arn), request["PolicyInJson"]
        try:
            json.loads(text)
        except ValueError as error:
            raise AwsError(INVALID, f"The policy is not JSON: {error}") from error
        with self.store.transaction():
            old = self.store.get(POLICIES, name)
            wanted = request.get("PolicyExistsCondition", "NONE")
            if (wanted == "MUST_EXIST" and old is None) or (wanted == "NOT_EXIST" and old is not None):
                raise AwsError("ConditionCheckFailureException", f"The policy's state is not {wanted}.")
            _see_hash(old, request)
            now = time.time()
            mark = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            times = {"CreateTime": old["CreateTime"] if old else now, "UpdateTime": now}
            self.store.put(POLICIES, name, {"PolicyInJson": text, "PolicyHash": mark, **times})
        return {"PolicyHash": mark}

    def GetResourcePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """One policy, by default the catalogue's."""
        found = self.store.get(POLICIES, request.get("ResourceArn", self.catalog_arn))
        if found is None:
            raise AwsError("EntityNotFoundException", "Policy not found")
        return found

    def DeleteResourcePolicy(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a policy, if it is as expected."""
        with self.store.transaction():
            _see_hash(self.GetResourcePolicy(request), request)
            self.store.delete(POLICIES, request.get("ResourceArn", self.catalog_arn))
        return {}

    def CreateSecurityConfiguration(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep a security configuration."""
        name, now = request["Name"], time.time()
        encryption = request["EncryptionConfiguration"]
        body = {"Name": name, "CreatedTimeStamp": now, "EncryptionConfiguration": encryption}
        if not self.store.create(CONFIGURATIONS, name, body):
            raise AwsError("AlreadyExistsException", f"Security configuration {name} already exists.")
        return {"Name": name, "CreatedTimestamp": now}

    def GetSecurityConfiguration(self, request: dict[str, Any]) -> dict[str, Any]:
        """One security configuration."""
        found = self.store.get(CONFIGURATIONS, request["Name"])
        if found is None:
            raise not_found(f"Security configuration {request['Name']}")
        return {"SecurityConfiguration": found}

    def GetSecurityConfigurations(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the security configurations."""
        listed, token = page(self.store.all(CONFIGURATIONS), request, limit=100, code=INVALID)
        return {"SecurityConfigurations": listed, "NextToken": token}

    def DeleteSecurityConfiguration(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a security configuration."""
        self.GetSecurityConfiguration(request)
        self.store.delete(CONFIGURATIONS, request["Name"])
        return {}

    def PutDataCatalogEncryptionSettings(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keep the catalogue's encryption settings."""
        self.store.put(SETTINGS, "catalog", PLAIN | request["DataCatalogEncryptionSettings"])
        return {}

    def GetDataCatalogEncryptionSettings(self, request: dict[str, Any]) -> dict[str, Any]:
        """The catalogue's encryption settings."""
        return {"DataCatalogEncryptionSettings": self.store.get(SETTINGS, "catalog") or PLAIN}

    def GetCatalogImportStatus(self, request: dict[str, Any]) -> dict[str, Any]:
        """There is no older catalogue to import: it has been done."""
        return {"ImportStatus": {"ImportCompleted": True}}


def _see_hash(old: Document | None, request: Document) -> None:
    wanted = request.get("PolicyHashCondition")
    if wanted and (old is None or old["PolicyHash"] != wanted):
        raise AwsError("ConditionCheckFailureException", "The policy's hash is another one.")
