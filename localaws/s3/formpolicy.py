"""The policy of a browser's upload: which form it lets through, and how long."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localaws.errors import AwsError

UNCHECKED = ("file", "policy", "signature", "x-amz-signature", "awsaccesskeyid", "bucket")
LENGTH = "content-length-range"


@dataclass(frozen=True)
class SizeRange:
    """How large the file may be, in bytes."""

    least: int
    most: int

    def check(self, size: int) -> None:
        """Refuse a file that is too small or too large.

        Raises:
            AwsError: EntityTooSmall or EntityTooLarge.
        """
        if size < self.least:
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise AwsError("EntityTooSmall", message, ProposedSize=size, MinSizeAllowed=self.least)
        if size > self.most:
            message = "Your proposed upload exceeds the maximum allowed size"
            raise AwsError("EntityTooLarge", message, ProposedSize=size, MaxSizeAllowed=self.most)


def check_policy(text: str, fields: Mapping[str, str], bucket: str) -> SizeRange | None:
    """Hold a form's fields against its policy; the sizes the policy allows, when it says.

    Args:
        text: The policy, as base64.
        fields: The form's fields, by name in lower case.
        bucket: The bucket of the request.

    Raises:
        AwsError: AccessDenied or InvalidPolicyDocument.
    """
    policy = _decoded(text)
    if _moment(policy["expiration"]) < time.time():
        raise _denied("Policy expired.")
    values = {**fields, "bucket": bucket}
    covered, sizes = set(UNCHECKED), None
    for condition in policy["conditions"]:
        if isinstance(condition, list) and str(condition[0]).lower() == LENGTH:
            sizes = SizeRange(int(condition[1]), int(condition[2]))
            continue
        for kind, name, wanted in _tests(condition):
            covered.add(name)
            value = values.get(name, "")
            if not (value == wanted if kind == "eq" else value.startswith(wanted)):
                raise _denied(f"Policy Condition failed: {json.dumps([kind, '$' + name, wanted])}")
    extra = [name for name in fields if name not in covered and not name.startswith("x-ignore-")]
    if extra:
        raise _denied(f"Extra input fields: {', '.join(extra)}")
    return sizes


def _decoded(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from error
    if not isinstance(policy, dict) or not isinstance(policy.get("expiration"), str):
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Policy missing expiration.")
    if not isinstance(policy.get("conditions"), list):
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Policy missing conditions.")
    return policy


def _tests(condition: Any) -> list[tuple[str, str, str]]:
    """A condition as kind, field and wanted value."""
    if isinstance(condition, dict):
        return [("eq", str(name).lower(), str(value)) for name, value in condition.items()]
    if isinstance(condition, list) and len(condition) == 3:
        kind, name, value = (str(item) for item in condition)
        if kind.lower() in ("eq", "starts-with") and name.startswith("$"):
            return [(kind.lower(), name[1:].lower(), value)]
    raise AwsError("InvalidPolicyDocument", f"Invalid Policy: Invalid condition {json.dumps(condition)}.")


def _moment(text: str) -> float:
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise AwsError("InvalidPolicyDocument", f"Invalid Policy: Invalid 'expiration' value: '{text}'")


def _denied(why: str) -> AwsError:
    return AwsError("AccessDenied", f"Invalid according to Policy: {why}", 403)
