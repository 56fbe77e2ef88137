"""Every run of every job, and the one way its state changes.

A run is a document of kind ``glue.run:<job>``, named by its id; while it is not ended there is also a note of
kind ``glue.live``, so that what is under way is found without reading the history.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.jobs.rules import Document
from localaws.store import Store

LIVE = "glue.live"
ACTIVE = ("STARTING", "RUNNING", "STOPPING")
ENDED = ("STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR")


class Ledger:
    """The runs, durable."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add(self, run: Document) -> None:
        """Write down a new run."""
        with self.store.transaction():
            self.store.put(_kind(run["JobName"]), run["Id"], run)
            self.store.put(LIVE, run["Id"], {"Id": run["Id"], "JobName": run["JobName"]})

    def need(self, job: str, run: str) -> Document:
        """One run.

        Raises:
            AwsError: EntityNotFoundException.
        """
        found = self.store.get(_kind(job), run)
        if found is None:
            raise AwsError("EntityNotFoundException", f"Job Run with id {run} of job {job} not found.")
        return found

    def of(self, job: str) -> list[Document]:
        """The runs of a job, the newest first."""
        return self.store.all(_kind(job))[::-1]

    def found(self, run: str) -> Document:
        """A run that has not ended, by its id alone."""
        note = self.store.get(LIVE, run)
        assert note is not None, "asked for by whoever has not let it end yet"
        return self.need(note["JobName"], run)

    def live(self, job: str | None = None) -> list[Document]:
        """The runs that have not ended, of one job or all, the oldest first."""
        notes = self.store.all(LIVE)
        return [self.need(note["JobName"], note["Id"]) for note in notes if job in (None, note["JobName"])]

    def active(self, job: str) -> int:
        """How many runs of a job count against its limit of concurrent runs."""
        return sum(run["JobRunState"] in ACTIVE for run in self.live(job))

    def move(self, job: str, run: str, state: str, **members: Any) -> str:
        """Change a run's state; tells the state it then has.

        An ended run stays as it ended. One that is stopping ends as STOPPED, whatever its script says.
        """
        with self.store.transaction():
            body = self.need(job, run)
            if body["JobRunState"] in ENDED:
                return str(body["JobRunState"])
            if body["JobRunState"] == "STOPPING" and state not in ENDED:
                state = "STOPPING"
            elif body["JobRunState"] == "STOPPING":
                state, members = "STOPPED", {k: v for k, v in members.items() if k != "ErrorMessage"}
            now = time.time()
            members["LastModifiedOn"] = now
            if state == "RUNNING":
                members["ProgramStarted"] = now
            if state in ENDED:
                members["CompletedOn"] = now
                self.store.delete(LIVE, run)
            self.store.update(_kind(job), run, JobRunState=state, **members)
        return state


def new_id() -> str:
    """The id of a first attempt."""
    return f"jr_{secrets.token_hex(32)}"


def retry_of(run: Document) -> Document:
    """What the next attempt after a run has of its own: id, number and predecessor."""
    attempt = run["Attempt"] + 1
    first = run["Id"].partition("_attempt_")[0]
    return {"Id": f"{first}_attempt_{attempt}", "Attempt": attempt, "PreviousRunId": run["Id"]}


def _kind(job: str) -> str:
    return f"glue.run:{job}"
