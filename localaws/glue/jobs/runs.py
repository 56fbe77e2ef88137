"""Glue's operations on job runs, and the threads the runs live in."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from localaws.errors import AwsError
from localaws.glue.jobs.arguments import check_arguments, merged
from localaws.glue.jobs.attempt import Attempt, End, refuse_without_spark
from localaws.glue.jobs.bookmarks import Bookmarks
from localaws.glue.jobs.definitions import KIND, Definitions
from localaws.glue.jobs.ledger import ENDED, Ledger, new_id, retry_of
from localaws.glue.jobs.rules import CAPACITY, INVALID, SPARK, Document, capacity, check_timeout
from localaws.glue.paging import page
from localaws.jobs.leftovers import ProcessRecords
from localaws.jobs.machine import cores
from localaws.jobs.slots import Slots
from localaws.world import World

RESTARTED = "InternalServiceException: the local endpoint was stopped while the job ran"
FROM_THE_JOB = ("Timeout", "SecurityConfiguration", "NotificationProperty", "GlueVersion", "ExecutionClass")
FROM_THE_RUN = ("Timeout", "SecurityConfiguration", "NotificationProperty", "ExecutionClass", "Arguments")
ABANDON_SECONDS = 5.0


class Runs:
    """StartJobRun and its like.

    Runs have slots of their own, not those of SageMaker's jobs: a script that starts a training job and waits
    for it must not keep the slot it waits for. ``LOCALAWS_GLUE_SLOTS`` overrides the number of cores.
    """

    def __init__(self, world: World, definitions: Definitions, bookmarks: Bookmarks) -> None:
        self.world = world
        self.definitions = definitions
        self.bookmarks = bookmarks
        self.ledger = Ledger(world.store)
        self.records = ProcessRecords(world.state / "glue" / "processes")
        self.slots = Slots(int(os.environ.get("LOCALAWS_GLUE_SLOTS") or cores()))
        self._changed = threading.Condition()
        self._live: dict[str, Attempt] = {}
        self._running: set[str] = set()

    def start(self) -> None:
        """Go on where an earlier server ended: what had not begun is queued again, what had has failed."""
        self.records.end_all()
        for run in self.ledger.live():
            if run["JobRunState"] == "STARTING" and not run.get("Begun"):
                self._submit(run)
            elif run["JobRunState"] != "WAITING":
                self._settle(run, End("FAILED", RESTARTED))
        for job in {run["JobName"] for run in self.ledger.live()}:
            self._promote(job)

    def stop(self) -> None:
        """End what runs; the next server says so."""
        self.slots.close()
        with self._changed:
            live = list(self._live.values())
        for attempt in live:
            attempt.abandon()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, ABANDON_SECONDS)

    def StartJobRun(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write the run down and queue it; over the job's limit it waits, or is refused."""
        job = self.world.store.get(KIND, request["JobName"])
        if job is None:
            message = "Failed to start job run due to missing metadata."
            raise AwsError("EntityNotFoundException", message)
        run = self._new_run(job, request)
        check_arguments(merged(job, run))
        if job["Command"]["Name"] == SPARK:
            refuse_without_spark()
        with self.world.store.transaction():
            if self.ledger.active(run["JobName"]) >= job["ExecutionProperty"]["MaxConcurrentRuns"]:
                if not run["JobRunQueuingEnabled"]:
                    message = f"Concurrent runs exceeded for {run['JobName']}"
                    raise AwsError("ConcurrentRunsExceededException", message)
                run["JobRunState"] = "WAITING"
            self.ledger.add(run)
        if run["JobRunState"] == "STARTING":
            self._submit(run)
        return {"JobRunId": run["Id"]}

    def GetJobRun(self, request: dict[str, Any]) -> dict[str, Any]:
        """One run."""
        return {"JobRun": _shown(self.ledger.need(request["JobName"], request["RunId"]))}

    def GetJobRuns(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of a job's runs, the newest first."""
        runs = self.ledger.of(request["JobName"])
        if not runs:
            self.definitions.need(request["JobName"])
        found, token = page(runs, request, limit=200, code=INVALID)
        return {"JobRuns": [_shown(run) for run in found], "NextToken": token}

    def BatchStopJobRun(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask runs to end; those that cannot are named in the answer."""
        done, errors = [], []
        for run in request["JobRunIds"]:
            entry = {"JobName": request["JobName"], "JobRunId": run}
            try:
                self._stop(request["JobName"], run)
                done.append(entry)
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({**entry, "ErrorDetail": detail})
        return {"SuccessfulSubmissions": done, "Errors": errors}

    def _new_run(self, job: Document, request: Document) -> Document:
        """The document of a run that is asked for."""
        now, name, kind = time.time(), request["JobName"], job["Command"]["Name"]
        own = {key: request[key] for key in CAPACITY if key in request}
        identity: Document = {"Id": new_id(), "Attempt": 0}
        arguments = {}
        if request.get("JobRunId"):
            before = self.ledger.need(name, request["JobRunId"])
            if before["JobRunState"] not in ENDED:
                raise AwsError(
                    INVALID, f"Job Run {before['Id']} is {before['JobRunState']} and cannot be retried."
                )
            identity = {**retry_of(before), "Id": new_id()}
            arguments = {"Arguments": before["Arguments"]} if "Arguments" in before else {}
        run = {
            **{key: job[key] for key in FROM_THE_JOB if key in job},
            **(capacity(own, kind) if own else {key: job[key] for key in CAPACITY if key in job}),
            **arguments,
            **{key: request[key] for key in FROM_THE_RUN if key in request},
            **identity,
            "JobName": name,
            "JobMode": job["JobMode"],
            "JobRunState": "STARTING",
            "JobRunQueuingEnabled": request.get("JobRunQueuingEnabled", job["JobRunQueuingEnabled"]),
            "StartedOn": now,
            "LastModifiedOn": now,
            "ExecutionTime": 0,
            "PredecessorRuns": [],
            "LogGroupName": "/aws-glue/jobs" if kind == SPARK else "/aws-glue/python-jobs",
            "Definition": job,
        }
        check_timeout(run["Timeout"])
        return run

    def _stop(self, job: str, run: str) -> None:
        state = self.ledger.need(job, run)["JobRunState"]
        if state in ENDED:
            message = f"Job Run {run} is {state} and cannot be stopped."
            raise AwsError("JobRunInTerminalStateException", message)
        if state == "WAITING" or self.slots.withdraw(run):
            self.ledger.move(job, run, "STOPPED")
            with self._changed:
                self._live.pop(run, None)
            self._promote(job)
            return
        self.ledger.move(job, run, "STOPPING")
        with self._changed:
            attempt = self._live.get(run)
        if attempt is not None:
            attempt.stop()

    def _submit(self, run: Document) -> None:
        folder = self.world.state / "glue" / "runs" / run["Id"]
        attempt = Attempt(self.world, self.bookmarks, run["Definition"], run, folder, self.records)
        with self._changed:
            self._live[run["Id"]] = attempt
        self.slots.submit(run["Id"], 1, lambda: self._run(run, attempt))

    def _run(self, run: Document, attempt: Attempt) -> None:
        """A run in its slot, to its end; the body of its thread."""
        job, number = run["JobName"], run["Id"]
        with self._changed:
            self._running.add(number)
        try:
            attempt.threads = self.slots.share()
            if self.ledger.move(job, number, "STARTING", Begun=True) == "STOPPING":
                attempt.stop()
            end = attempt(lambda: self.ledger.move(job, number, "RUNNING"))
            if end is not None:
                self._settle(run, end)
        except Exception as error:
            self._settle(run, End("FAILED", f"InternalServiceException: {type(error).__name__}: {error}"))
            raise
        finally:
            with self._changed:
                self._live.pop(number, None)
                self._running.discard(number)
                self._changed.notify_all()

    def _settle(self, run: Document, end: End) -> None:
        """Write down how a run ended, together with the attempt that follows a failure."""
        message = {"ErrorMessage": end.message} if end.message else {}
        again: Document | None = None
        with self.world.store.transaction():
            state = self.ledger.move(run["JobName"], run["Id"], end.state, **message)
            if state == "FAILED" and run["Attempt"] < run["Definition"]["MaxRetries"]:
                again = self._next_attempt(run)
                self.ledger.add(again)
        if again is not None:
            self._submit(again)
        else:
            self._promote(run["JobName"])

    def _next_attempt(self, run: Document) -> Document:
        now = time.time()
        ended = ("Begun", "ProgramStarted", "CompletedOn", "ErrorMessage")
        kept = {key: value for key, value in run.items() if key not in ended}
        return {**kept, **retry_of(run), "JobRunState": "STARTING", "StartedOn": now, "LastModifiedOn": now}

    def _promote(self, job: str) -> None:
        """Start runs that wait for an earlier one of the job, as many as its limit allows."""
        started = []
        with self.world.store.transaction():
            waiting = [run for run in self.ledger.live(job) if run["JobRunState"] == "WAITING"]
            for run in waiting:
                if self.ledger.active(job) >= run["Definition"]["ExecutionProperty"]["MaxConcurrentRuns"]:
                    break
                self.ledger.move(job, run["Id"], "STARTING")
                started.append({**run, "JobRunState": "STARTING"})
        for run in started:
            self._submit(run)


def _shown(run: Document) -> Document:
    """A run as GetJobRun shows it: the seconds it has run so far."""
    if run["JobRunState"] in ENDED or "ProgramStarted" not in run:
        return run
    return {**run, "ExecutionTime": int(time.time() - run["ProgramStarted"])}
