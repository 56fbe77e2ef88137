"""What one task must remember between its attempts: small JSON documents in S3, the first writer wins.

Jobs need no memory, their names are computed. This is for what no name can tell: what an endpoint served
before it was changed, when a crawl was asked for, which config a run began with.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foldline.layout import S3Uri
from foldline.remote.calls import error_code

LOST = ("PreconditionFailed", "ConditionalRequestConflict")
"""Codes with which a conditional put says that somebody else was first."""
MOMENT = "$moment"
"""Key of a date and time, which JSON lacks and AWS's descriptions are full of."""


@dataclass(frozen=True)
class Memory:
    """Documents by name below one prefix.

    Attributes:
        client: boto3 S3 client, which retries by itself.
        prefix: Where they lie.
        owner: Account that must own the bucket.
    """

    client: Any
    prefix: S3Uri
    owner: str

    def get(self, name: str) -> Any | None:
        """The document, or None when there is none."""
        at = self._at(name)
        try:
            answer = self.client.get_object(**at)
        except Exception as error:
            if error_code(error) in ("NoSuchKey", "404", "NotFound"):
                return None
            raise
        return json.loads(answer["Body"].read(), object_hook=_decoded)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """The document that whoever came first left; ``make()`` when nobody has."""
        if (there := self.get(name)) is not None:
            return there
        document = make()
        try:
            self._put(name, document, IfNoneMatch="*")
            return document
        except Exception as error:
            if error_code(error) not in LOST:
                raise
        return self.get(name)

    def put(self, name: str, document: Any) -> None:
        """Leave ``document``, whatever was there."""
        self._put(name, document)

    def _put(self, name: str, document: Any, **condition: str) -> None:
        body = json.dumps(document, sort_keys=True, allow_nan=False, default=_encoded).encode()
        request = {**self._at(name), "Body": body, "ContentType": "application/json", **condition}
        self.client.put_object(**request)

    def _at(self, name: str) -> dict[str, Any]:
        uri = self.prefix / f"{name}.json"
        return {"Bucket": uri.bucket, "Key": uri.key, "ExpectedBucketOwner": self.owner}


def _encoded(value: Any) -> dict[str, str]:
    if isinstance(value, dt.datetime):
        return {MOMENT: value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be remembered; use JSON's types and dates")


def _decoded(document: dict[str, Any]) -> Any:
    return dt.datetime.fromisoformat(document[MOMENT]) if document.keys() == {MOMENT} else document
