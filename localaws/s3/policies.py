"""Bucket policies: checked as AWS checks them, kept and given back; they deny nothing here."""

from __future__ import annotations

import json
import re
from typing import Any

from localaws.errors import AwsError
from localaws.s3 import documents
from localaws.s3.acl import blocked
from localaws.s3.blobs import Objects
from localaws.s3.place import Place
from localaws.wire import Request, Response

SETTING = "policy"
LIMIT = 20 << 10  # bytes
VERSIONS = ("2012-10-17", "2008-10-17")


class Policies:
    """The operations on a bucket's policy."""

    def __init__(self, objects: Objects) -> None:
        self._index = objects.index

    def get(self, request: Request, place: Place) -> Response:
        """GetBucketPolicy: the text as it came."""
        return Response(200, {"Content-Type": "application/json"}, self._text(place.bucket).encode())

    def put(self, request: Request, place: Place) -> Response:
        """PutBucketPolicy."""
        self._index.need_bucket(place.bucket)
        body = request.body.read(LIMIT + 1)
        if len(body) > LIMIT:
            raise _malformed("The policy is larger than 20 KB")
        statements = _statements(body)
        for statement in statements:
            _check(statement, place.bucket)
        if any(_is_public(statement) for statement in statements) and self._blocked(place.bucket):
            raise blocked("policies", "BlockPublicPolicy")
        self._index.set_setting(place.bucket, SETTING, body.decode())
        return Response(204)

    def delete(self, request: Request, place: Place) -> Response:
        """DeleteBucketPolicy."""
        self._index.need_bucket(place.bucket)
        self._index.clear_setting(place.bucket, SETTING)
        return Response(204)

    def status(self, request: Request, place: Place) -> Response:
        """GetBucketPolicyStatus: whether the policy lets in everyone."""
        public = any(_is_public(statement) for statement in _statements(self._text(place.bucket).encode()))
        return documents.answer("PolicyStatus", ("IsPublic", public))

    def _text(self, bucket: str) -> str:
        self._index.need_bucket(bucket)
        text = self._index.setting(bucket, SETTING)
        if text is None:
            message = "The bucket policy does not exist"
            raise AwsError("NoSuchBucketPolicy", message, 404, BucketName=bucket)
        return text

    def _blocked(self, bucket: str) -> bool:
        block = self._index.setting(bucket, "publicAccessBlock")
        return block is None or bool(re.search(r"<BlockPublicPolicy>\s*true", block, re.IGNORECASE))


def _statements(body: bytes) -> list[dict[str, Any]]:
    """A policy's statements.

    Raises:
        AwsError: MalformedPolicy.
    """
    try:
        policy = json.loads(body) if body[:1] == b"{" else None
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise _malformed("The policy must contain a valid version string")
    statements = policy.get("Statement")
    if statements is None:
        raise _malformed("Missing required field Statement")
    statements = statements if isinstance(statements, list) else [statements]
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        raise _malformed("Could not parse the policy: Statement is empty!")
    return statements


def _check(statement: dict[str, Any], bucket: str) -> None:
    """Refuse a statement that AWS would not take for this bucket."""
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {statement.get('Effect')}")
    for name in ("Principal", "Action", "Resource"):
        if not (statement.get(name) or statement.get(f"Not{name}")):
            raise _malformed(f"Missing required field {name}")
    for action in _list(statement.get("Action") or statement.get("NotAction")):
        if action != "*" and not action.lower().startswith("s3:"):
            raise _malformed("Policy has invalid action")
    arn = re.compile(rf"arn:aws[\w-]*:s3:::({re.escape(bucket)}|\*|{re.escape(bucket)}/.+|[^/]*[*?].*)")
    for resource in _list(statement.get("Resource") or statement.get("NotResource")):
        if resource != "*" and not arn.fullmatch(resource):
            raise _malformed("Policy has invalid resource")


def _list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _is_public(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    people = principal.get("AWS", ()) if isinstance(principal, dict) else principal
    everyone = people == "*" or (isinstance(people, list) and "*" in people)
    return everyone and statement.get("Effect") == "Allow" and not statement.get("Condition")


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message)
