"""Job bookmarks: how far a job has read its sources, as its last committed run left it.

The script commits (``job.commit()``) into a file of its work folder; the run stores it when the script has
ended, however it ended: what is committed is committed.
"""

from __future__ import annotations

import json
from typing import Any

from localaws.errors import AwsError
from localaws.glue.jobs.rules import Document
from localaws.store import Store

KIND = "glue.bookmark"
ENTRY = ("JobName", "Version", "Run", "Attempt", "PreviousRunId", "RunId", "JobBookmark")


class Bookmarks:
    """GetJobBookmark and ResetJobBookmark, and what runs read and write."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def GetJobBookmark(self, request: dict[str, Any]) -> dict[str, Any]:
        """A job's bookmark: the state of each source, as JSON in ``JobBookmark``."""
        _refuse_run(request)
        return {"JobBookmarkEntry": self._need(request["JobName"])}

    def ResetJobBookmark(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget how far a job has read; its next run reads everything."""
        _refuse_run(request)
        with self.store.transaction():
            old = self._need(request["JobName"])
            body = {"JobName": old["JobName"], "Version": old["Version"] + 1, "Run": 0, "Attempt": 0}
            self.store.put(KIND, old["JobName"], {**body, "JobBookmark": "{}"})
        return {"JobBookmarkEntry": body}

    def states(self, job: str) -> Document:
        """The state of each source, by its transformation context."""
        found = self.store.get(KIND, job)
        states: Document = json.loads(found["JobBookmark"]) if found else {}
        return states

    def commit(self, job: str, run: Document, states: Document) -> None:
        """Keep what a run has committed; once, though it may be said again after a restart."""
        with self.store.transaction():
            old = self.store.get(KIND, job) or {"Version": 0, "Run": 0}
            if old.get("RunId") == run["Id"]:
                return
            body = {
                "JobName": job,
                "Version": old["Version"] + 1,
                "Run": old["Run"] + 1,
                "Attempt": run["Attempt"],
                "RunId": run["Id"],
                "JobBookmark": json.dumps(states),
            }
            if "RunId" in old:
                body["PreviousRunId"] = old["RunId"]
            self.store.put(KIND, job, body)

    def _need(self, job: str) -> Document:
        found = self.store.get(KIND, job)
        if found is None:
            raise AwsError("EntityNotFoundException", f"Continuation for job {job} not found")
        return {key: found[key] for key in ENTRY if key in found}


def _refuse_run(request: Document) -> None:
    if request.get("RunId"):
        raise AwsError("NotImplemented", "localaws does not implement the RunId of a Glue job bookmark", 501)
