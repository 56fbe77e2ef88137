"""The documents of one kind of resource: create once, find or fail in AWS's words, list, tag."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.listing import page
from localaws.world import World

TAGS = "sagemaker:tags"


@dataclass(frozen=True)
class Kind:
    """How AWS speaks of one kind of resource.

    Attributes:
        type: The resource type in its ARN, ``training-job``.
        name: The member that names it, ``TrainingJobName``.
        arn: The member with its ARN.
        exists: AWS's text when there is one already; ``{arn}`` and ``{name}`` are filled in.
        missing: AWS's text when there is none.
        exists_code: The error code that goes with ``exists``.
        status: The member with its status, for lists.
        missing_code: The error code that goes with ``missing``.
    """

    type: str
    name: str
    arn: str
    exists: str
    missing: str
    exists_code: str = "ValidationException"
    status: str = ""
    missing_code: str = "ValidationException"


class Documents:
    """The stored documents of one kind."""

    def __init__(self, world: World, kind: Kind) -> None:
        self.world = world
        self.kind = kind
        self._table = f"sagemaker:{kind.type}"

    def arn(self, name: str) -> str:
        """The ARN a resource of this name has or would have."""
        return self.world.arn("sagemaker", f"{self.kind.type}/{name}")

    def create(self, request: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Store a new document: the request and more members, ARN and times.

        Its tags go to their own place; a job whose ExperimentConfig asks for it gets a trial component.

        Raises:
            AwsError: There is one of this name; or the experiment or trial it names is not there.
        """
        name, now = request[self.kind.name], time.time()
        arn = self.arn(name)
        body = {**request, self.kind.arn: arn, "CreationTime": now, "LastModifiedTime": now, **members}
        tags = body.pop("Tags", [])
        with self.world.store.transaction():
            if not self.world.store.create(self._table, name, body):
                raise AwsError(self.kind.exists_code, self.kind.exists.format(arn=arn, name=name))
            self.world.store.put(TAGS, arn, {tag["Key"]: tag["Value"] for tag in tags})
            if "ExperimentConfig" in body:
                self._record(body)
        return body

    def _record(self, job: dict[str, Any]) -> None:
        """Make the trial component a job asks for, in the transaction that stores the job."""
        from localaws.sagemaker.experiments.jobs import record_job  # which stores documents, too

        record_job(self.world, self.kind.type, job)

    def find(self, name: str) -> dict[str, Any] | None:
        """A document, None when there is none."""
        return self.world.store.get(self._table, name)

    def need(self, name: str) -> dict[str, Any]:
        """A document.

        Raises:
            AwsError: There is none.
        """
        body = self.find(name)
        if body is None:
            raise AwsError(self.kind.missing_code, self.kind.missing.format(arn=self.arn(name), name=name))
        return body

    def update(self, name: str, **changes: Any) -> dict[str, Any]:
        """Replace members of a document, and its time of last change; the new document."""
        return self.world.store.update(self._table, name, LastModifiedTime=time.time(), **changes)

    def all(self) -> list[dict[str, Any]]:
        """Every document, oldest first."""
        return self.world.store.all(self._table)

    def delete(self, name: str) -> None:
        """Forget a document and its tags.

        Raises:
            AwsError: There is none.
        """
        with self.world.store.transaction():
            self.need(name)
            self.world.store.delete(self._table, name)
            self.world.store.delete(TAGS, self.arn(name))

    def list(self, request: dict[str, Any], member: str) -> dict[str, Any]:
        """The answer of a List operation, its page under a member."""
        return self.page(self.all(), request, member)

    def page(
        self, documents: Sequence[dict[str, Any]], request: dict[str, Any], member: str
    ) -> dict[str, Any]:
        """The answer of a List operation over some of the documents."""
        return page(documents, request, member, name=self.kind.name, status=self.kind.status)
