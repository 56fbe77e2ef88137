"""What the runs of training and processing jobs share: attempts, faults, and going on after a restart.

How far a job came is told by its work folder (``localaws/jobs/keeper/run.py``): without a request in it the
job is staged, from empty; with programs started it is joined again, never started twice; with a result it is
finished, and finishing may be repeated. The member ``_Attempt`` of the description says which attempt counts,
so that the folder of an older one is not taken for it.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localaws.faults.rules import JobFault
from localaws.jobs.failure import JobFailure, reason_of
from localaws.jobs.keeper.run import Run
from localaws.jobs.launch import Launch
from localaws.jobs.machine import Machine, ServerStopping
from localaws.jobs.processes import Processes
from localaws.jobs.sandbox import Instance, clear

CAPACITY = (
    "Unable to provision requested ML compute capacity. Please retry using a different ML instance type or "
    "after some time."
)
INTERNAL = "We encountered an internal error.  Please try again."
NO_PROGRAM = ("/bin/sh", "-c", "exit 127")  # what is left of a container whose program is not there


class JobRun(ABC):
    """One job that has its slots, run by calling it.

    Args:
        machine: Where it runs.
        job: Its document.
        processes: Its programs, not started yet.
        move: Changes its status; tells the primary one it then has.
    """

    kind: str
    name_member: str

    def __init__(
        self, machine: Machine, job: dict[str, Any], processes: Processes, move: Callable[..., str]
    ) -> None:
        self.machine = machine
        self.job = job
        self.processes = processes
        self.move = move
        self.cancelled = threading.Event()

    @property
    def name(self) -> str:
        """The job's name."""
        return str(self.job[self.name_member])

    def __call__(self) -> None:
        """Run the job to its last status, or to where the server goes down."""
        folder = self.folder(self.machine, self.job)
        try:
            while self._attempt(folder):
                clear(folder)
        except ServerStopping:
            return  # the next server goes on
        except Exception as error:
            if self.machine.closing.is_set():
                return
            self.move(self.name, "Failed", FailureReason=reason_of(error))
        clear(folder)

    @classmethod
    def folder(cls, machine: Machine, job: dict[str, Any]) -> Path:
        """Where a job works."""
        return machine.job_folder(cls.kind, job[cls.name_member], job["CreationTime"])

    @classmethod
    def under_way(cls, machine: Machine, job: dict[str, Any]) -> bool:
        """Whether programs of the attempt that counts may have been started."""
        return _current(Run(cls.folder(machine, job) / "run"), job)

    def stop(self) -> None:
        """Ask the programs to end; the run goes on to write its results."""
        self.cancelled.set()
        self.processes.stop()

    def abandon(self) -> None:
        """The server goes down: wait for nothing more."""
        self.cancelled.set()

    def _attempt(self, folder: Path) -> bool:
        """Run the job once, or go on with it; whether it must be run again."""
        run = Run(folder / "run")
        if _current(run, self.job):
            return self.finish_resumed(folder, run)
        clear(folder)
        folder.mkdir(parents=True)
        return self.attempt(folder, run)

    @abstractmethod
    def attempt(self, folder: Path, run: Run) -> bool:
        """Stage, run and finish the job; whether it must be run again."""

    @abstractmethod
    def finish_resumed(self, folder: Path, run: Run) -> bool:
        """Join the programs an earlier server started, and finish; whether the job must be run again."""

    def fault(self) -> JobFault | None:
        """What strikes the programs, asked once for each attempt.

        Raises:
            JobFailure: It ends the job before they start.
        """
        return strike(self.machine.world.faults.on_job(self.kind, self.name))

    def pause(self, stage: str) -> None:
        """Wait as long as AWS takes for a stage, when asked to be realistic."""
        self.machine.world.pace.pause(f"{self.kind}.{stage}", self.cancelled)
        self.machine.check_open()


def strike(fault: JobFault | None) -> JobFault | None:
    """A fault that lets the programs start.

    Raises:
        JobFailure: It does not.
    """
    if fault is not None and fault.effect == "capacity":
        raise JobFailure("CapacityError", CAPACITY)
    if fault is not None and fault.effect == "internal":
        raise JobFailure("InternalServerError", INTERNAL)
    return fault


def launch(argv: list[str], environment: dict[str, str], host: Instance, folder: str) -> Launch:
    """One program of a host, its words translated for it."""
    return Launch(tuple(host.translate(word) for word in argv), environment, host, folder)


def struck(launches: list[Launch], fault: JobFault | None) -> list[Launch]:
    """The programs, or with a bad container what runs instead of them."""
    if fault is None or fault.effect != "bad_container":
        return launches
    return [Launch(NO_PROGRAM, one.environment, one.instance, one.instance.seen) for one in launches]


def _current(run: Run, job: dict[str, Any]) -> bool:
    return run.asked and run.started and run.request().attempt == job.get("_Attempt", 0)
