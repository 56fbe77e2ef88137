"""STS: who the caller is (everyone is the one account's root) and roles to take on."""

from __future__ import annotations

import time
import uuid
from typing import Any

from localaws.world import World


class Sts:
    """The Security Token Service."""

    def __init__(self, world: World) -> None:
        self._world = world

    def GetCallerIdentity(self, request: dict[str, Any]) -> dict[str, Any]:
        """The account, whoever asks."""
        account = self._world.account
        return {"Account": account, "UserId": account, "Arn": f"arn:aws:iam::{account}:root"}

    def AssumeRole(self, request: dict[str, Any]) -> dict[str, Any]:
        """Credentials that are good for the asked time; they open nothing that was closed before."""
        role, session = request["RoleArn"], request["RoleSessionName"]
        path = role.rpartition(":role/")[2]
        return {
            "Credentials": {
                "AccessKeyId": "ASIA" + uuid.uuid4().hex[:16].upper(),
                "SecretAccessKey": uuid.uuid4().hex,
                "SessionToken": uuid.uuid4().hex * 4,
                "Expiration": time.time() + request.get("DurationSeconds", 3600),
            },
            "AssumedRoleUser": {
                "AssumedRoleId": f"AROALOCALAWS00000000:{session}",
                "Arn": f"arn:aws:sts::{self._world.account}:assumed-role/{path.rpartition('/')[2]}/{session}",
            },
        }
