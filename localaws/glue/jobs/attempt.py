"""One run of a job, from its slot to its end: script and modules in, process, bookmark and last words out.

The process belongs to the keeper and outlives the server: a run whose script has been started is gone on with
by the next server, from its folder.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localaws.glue.jobs.arguments import argv, merged
from localaws.glue.jobs.bookmarks import Bookmarks
from localaws.glue.jobs.environment import RUNTIME, environment
from localaws.glue.jobs.libraries import LibraryError, bring, fetch
from localaws.glue.jobs.rules import Document
from localaws.jobs.failure import reason_of
from localaws.jobs.follower import Follower
from localaws.jobs.keeper.run import Ended, Run, RunRequest
from localaws.jobs.launch import Launch
from localaws.jobs.machine import Machine, ServerStopping
from localaws.jobs.processes import Outcome, Processes
from localaws.jobs.sandbox import Instance

# -B keeps scripts out of the warm runtime: few would gain, and this keeper would have to warm up for them.
COLD_PYTHON = (sys.executable, "-B")
MINUTE = 60.0
MAX_MESSAGE = 2048  # characters kept of an ErrorMessage
FOLDERS = ("work", "scripts", "libraries", "home", "tmp", "stage")
FAULTS = {
    "capacity": "Resource unavailable: there is not enough capacity for the run. Try again later.",
    "internal": "InternalServiceException: An internal service error occurred. Try again.",
}


@dataclass(frozen=True)
class End:
    """How a run ended: its last state, why when it failed, and how long its script ran."""

    state: str
    message: str | None = None
    seconds: float = 0.0


@dataclass
class Attempt:
    """A run that has its slot.

    Attributes:
        machine: Where it runs; its keeper has the process.
        bookmarks: Where what it commits is kept.
        run: Its document, with the definition of its job as it was when the run was asked for.
        folder: Its work folder; nothing is left of it after the run.
        running: Called when the script is about to start; tells the run's state.
        settle: Called once with how the run ended; not when the server goes down.
    """

    machine: Machine
    bookmarks: Bookmarks
    run: Document
    folder: Path
    running: Callable[[], str]
    settle: Callable[[End], None]
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._processes = Processes(self.machine, f"{self.run['LogGroupName']}/output")
        self._kept = Run(self.folder / "keeper")

    @staticmethod
    def under_way(folder: Path) -> bool:
        """Whether the script of the run with this folder has been started."""
        return Run(folder / "keeper").started

    def stop(self) -> None:
        """Ask the run to end."""
        self._cancelled.set()
        self._processes.stop()

    def abandon(self) -> None:
        """Write nothing more: the server goes down."""
        self._cancelled.set()

    def __call__(self) -> None:
        """Run to the end."""
        try:
            end = self._finished(self._resumed() if self._kept.started else self._started())
        except ServerStopping:
            return
        except LibraryError as error:
            end = End("FAILED", str(error))
        except Exception as error:
            end = End("FAILED", reason_of(error))
        self.settle(end)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _started(self) -> Outcome | End:
        """Bring in what the script needs and run it."""
        world, job = self.machine.world, self.run["Definition"]
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True)
        fault = world.faults.on_job("glue", self.run["JobName"])
        world.pace.pause("glue.Starting", self._cancelled)
        self.machine.check_open()
        if fault is not None and fault.effect in FAULTS:
            return End("FAILED", FAULTS[fault.effect])
        arguments = merged(job, self.run)
        location = arguments.get("--scriptLocation") or job["Command"].get("ScriptLocation")
        if not location:
            return End("FAILED", "The job has no script: its Command has no ScriptLocation.")
        script = fetch(world.objects, location, self.folder / "scripts")
        paths = bring(world.objects, arguments, self.folder / "libraries")
        words = [*COLD_PYTHON, str(RUNTIME / "runscript.py"), str(self.folder), str(script)]
        words += argv(job, self.run, arguments)
        if fault is not None and fault.effect == "bad_container":
            words = ["sh", "-c", "exit 127"]
        variables = environment(world, self.run, self.folder, paths, self.machine.slots.share())
        if arguments.get("--job-bookmark-option") == "job-bookmark-enable":
            states = self.bookmarks.states(self.run["JobName"])
            (self.folder / "bookmarks.json").write_text(json.dumps(states))
            variables["LOCALAWS_GLUE_BOOKMARKS"] = str(self.folder)
        if self.running() != "RUNNING":
            self._processes.stop()
        host = Instance("host", self.folder, None)
        launch = Launch(tuple(words), variables, host, str(self.folder / "work"))
        seconds = self.run["Timeout"] * float(os.environ.get("LOCALAWS_GLUE_MINUTE") or MINUTE)
        request = RunRequest([launch], [self.run["Id"]], seconds, self.machine.grace)
        return self._with_errors(lambda look: self._processes.run(self._kept, request, tick=look))

    def _resumed(self) -> Outcome:
        """Join the script that an earlier server started."""
        return self._with_errors(lambda look: self._processes.resume(self._kept, tick=look))

    def _finished(self, outcome: Outcome | End) -> End:
        """Keep what the script has committed; how the run ended."""
        if isinstance(outcome, End):
            return outcome
        committed, said = self.folder / "committed.json", self.folder / "error"
        if committed.is_file():
            self.bookmarks.commit(self.run["JobName"], self.run, json.loads(committed.read_text()))
        if outcome.ended is Ended.ON_REQUEST:
            return End("STOPPED", seconds=outcome.seconds)
        if outcome.ended is Ended.OUT_OF_TIME:
            text = f"The job run exceeded its timeout of {self.run['Timeout']} minutes."
            return End("TIMEOUT", text, outcome.seconds)
        if not outcome.code:
            return End("SUCCEEDED", seconds=outcome.seconds)
        text = f"Command failed with exit code {outcome.code}"
        if said.is_file():
            text = said.read_text(errors="replace")[:MAX_MESSAGE]
        return End("FAILED", text, outcome.seconds)

    def _with_errors(self, run: Callable[[Callable[[], None]], Outcome]) -> Outcome:
        """Run the script while its standard error, too, goes to a stream: one of its own."""
        group = f"{self.run['LogGroupName']}/error"
        errors = Follower(self.folder / "stderr", self.machine.world.logs, group, self.run["Id"])

        def look() -> None:
            errors.read()

        try:
            return run(look)
        finally:
            errors.finish()
