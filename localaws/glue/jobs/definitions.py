"""Glue's operations on job definitions."""

from __future__ import annotations

import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.jobs import bookmarks
from localaws.glue.jobs.rules import INVALID, Document, definition
from localaws.glue.paging import page
from localaws.glue.tags import Tags
from localaws.world import World

KIND = "glue.job"


class Definitions:
    """CreateJob and its like; the runs ask it for the definition they run."""

    def __init__(self, world: World, tags: Tags) -> None:
        self.world = world
        self.store = world.store
        self.tags = tags

    def CreateJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a job; a second one of the same name is refused, differently if it differs."""
        name, now = request["Name"], time.time()
        body = definition(request)
        with self.store.transaction():
            old = self.store.get(KIND, name)
            if old is not None:
                if _same(old, body):
                    raise AwsError("AlreadyExistsException", "Job already exists.")
                message = f"Job with name '{name}' already submitted with different configuration"
                raise AwsError("IdempotentParameterMismatchException", message)
            self.store.put(KIND, name, {**body, "Name": name, "CreatedOn": now, "LastModifiedOn": now})
            self.tags.put(self.arn(name), request.get("Tags") or {})
        return {"Name": name}

    def GetJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """One job."""
        return {"Job": self.need(request["JobName"])}

    def GetJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the jobs, by name."""
        found, token = page(self._all(), request, limit=100, code=INVALID)
        return {"Jobs": found, "NextToken": token}

    def ListJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of the jobs' names, of those that carry the given tags."""
        wanted = request.get("Tags") or {}
        names = [body["Name"] for body in self._all()]
        names = [name for name in names if wanted.items() <= self.tags.get(self.arn(name)).items()]
        found, token = page(names, request, limit=100, code=INVALID)
        return {"JobNames": found, "NextToken": token}

    def BatchGetJobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """Several jobs; those that are not there are named."""
        found = {name: self.store.get(KIND, name) for name in request["JobNames"]}
        return {
            "Jobs": [body for body in found.values() if body],
            "JobsNotFound": [name for name, body in found.items() if not body],
        }

    def UpdateJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a job's definition; what the update leaves out is Glue's default again."""
        name = request["JobName"]
        with self.store.transaction():
            old = self.need(name)
            kept = {"Name": name, "CreatedOn": old["CreatedOn"], "LastModifiedOn": time.time()}
            self.store.put(KIND, name, {**definition(request["JobUpdate"]), **kept})
        return {"JobName": name}

    def DeleteJob(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a job; no matter if there is none. Runs under way go on."""
        name = request["JobName"]
        with self.store.transaction():
            self.store.delete(KIND, name)
            self.store.delete(bookmarks.KIND, name)
            self.tags.forget(self.arn(name))
        return {"JobName": name}

    def need(self, name: str) -> Document:
        """A job's definition.

        Raises:
            AwsError: EntityNotFoundException.
        """
        found = self.store.get(KIND, name)
        if found is None:
            raise AwsError("EntityNotFoundException", "Job not found.")
        return found

    def arn(self, name: str) -> str:
        """A job's ARN."""
        return self.world.arn("glue", f"job/{name}")

    def _all(self) -> list[Document]:
        return sorted(self.store.all(KIND), key=lambda body: str(body["Name"]))


def _same(old: Document, new: Document) -> bool:
    """Whether two definitions ask for the same, whatever Glue filled in."""
    return {
        key: value for key, value in old.items() if key not in ("Name", "CreatedOn", "LastModifiedOn")
    } == new
