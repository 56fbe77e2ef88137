"""Glue's operations on job runs, and the queue the runs stand in."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from localaws.errors import AwsError
from localaws.glue.jobs.arguments import check_arguments, merged
from localaws.glue.jobs.attempt import Attempt, End
from localaws.glue.jobs.bookmarks import Bookmarks
from localaws.glue.jobs.definitions import KIND, Definitions
from localaws.glue.jobs.environment import refuse_without_spark
from localaws.glue.jobs.ledger import ENDED, Ledger, new_id, retry_of
from localaws.glue.jobs.rules import CAPACITY, INVALID, SPARK, Document, capacity, check_timeout
from localaws.glue.paging import page
from localaws.jobs.job_queue import JobQueue
from localaws.jobs.keeper.client import KeeperClient
from localaws.jobs.leftovers import ProcessRecords
from localaws.jobs.machine import Machine, cores
from localaws.jobs.sandbox import Sandbox
from localaws.jobs.slots import Slots
from localaws.world import World

GRACE = 10.0  # seconds between SIGTERM and SIGKILL when a run is stopped
FROM_THE_JOB = ("Timeout", "SecurityConfiguration", "NotificationProperty", "GlueVersion", "ExecutionClass")
FROM_THE_RUN = ("Timeout", "SecurityConfiguration", "NotificationProperty", "ExecutionClass", "Arguments")


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
        self._folder = world.state / "glue"
        self._machine = Machine(
            world=world,
            slots=Slots(int(os.environ.get("LOCALAWS_GLUE_SLOTS") or cores()), held=True),
            sandbox=Sandbox(None),
            keeper=KeeperClient(self._folder),
            records=ProcessRecords(self._folder / "processes"),
            grace=GRACE,
        )
        self._queue = JobQueue(self._machine.slots, "glue", self._attempt)

    def start(self) -> None:
        """Go on where an earlier server ended: scripts that run are joined, what had not begun is queued."""
        live = self.ledger.live()
        for folder in (self._folder / "runs").glob("*"):
            if folder.name not in {run["Id"] for run in live}:
                shutil.rmtree(folder, ignore_errors=True)
        for run in live:
            stopping = run["JobRunState"] == "STOPPING"
            if Attempt.under_way(self._work_folder(run)):
                self._queue.resume(run["Id"], 1, stopped=stopping)
            elif stopping:
                self._settle(run, End("STOPPED"))
            elif run["JobRunState"] != "WAITING":
                self._submit(run)
        for job in {run["JobName"] for run in live}:
            self._promote(job)
        self._machine.start()

    def stop(self) -> None:
        """End what runs; the next server says so."""
        self._machine.stop()
        self._queue.close()

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

    def _stop(self, job: str, number: str) -> None:
        with self.world.store.transaction():
            run = self.ledger.need(job, number)
            if run["JobRunState"] in ENDED:
                message = f"Job Run {number} is {run['JobRunState']} and cannot be stopped."
                raise AwsError("JobRunInTerminalStateException", message)
            waited = run["JobRunState"] == "WAITING"
            self.ledger.move(job, number, "STOPPED" if waited else "STOPPING")
        if not waited and self._queue.stop(number):
            self._settle(run, End("STOPPED"))

    def _submit(self, run: Document) -> None:
        self._queue.submit(run["Id"], 1, run["StartedOn"])

    def _attempt(self, number: str) -> Attempt:
        """What runs a run that has its slot."""
        run = self.ledger.found(number)
        return Attempt(
            self._machine,
            self.bookmarks,
            run,
            self._work_folder(run),
            lambda: self.ledger.move(run["JobName"], number, "RUNNING"),
            lambda end: self._settle(run, end),
        )

    def _work_folder(self, run: Document) -> Path:
        return self._folder / "runs" / str(run["Id"])

    def _settle(self, run: Document, end: End) -> None:
        """Write down how a run ended, together with the attempt that follows a failure."""
        members: Document = {"ExecutionTime": round(end.seconds)}
        if end.message:
            members["ErrorMessage"] = end.message
        again: Document | None = None
        with self.world.store.transaction():
            state = self.ledger.move(run["JobName"], run["Id"], end.state, **members)
            if state == "FAILED" and run["Attempt"] < run["Definition"]["MaxRetries"]:
                again = self._next_attempt(run)
                self.ledger.add(again)
        if again is not None:
            self._submit(again)
        else:
            self._promote(run["JobName"])

    def _next_attempt(self, run: Document) -> Document:
        now = time.time()
        ended = ("ProgramStarted", "CompletedOn", "ErrorMessage")
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
