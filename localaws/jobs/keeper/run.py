"""The folder of one run of a job's programs: what the server asks for, and what the keeper says became of it.

The files of this folder are how a run is remembered when server, keeper or both are gone. The server writes
``run.json``; the keeper writes ``started`` before the first program starts, each program's output as
``<host>.log``, and ``result.json`` when the last one has ended. No file is ever seen half-written.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from localaws.jobs.launch import Launch

REQUEST, STARTED, RESULT = "run.json", "started", "result.json"


class Ended(Enum):
    """Why the programs of a job ended."""

    BY_THEMSELVES = "by themselves"
    ON_REQUEST = "on request"
    OUT_OF_TIME = "out of time"
    INTERRUPTED = "interrupted"
    HOST_FAILED = "a host failed"


@dataclass(frozen=True)
class RunRequest:
    """The programs of one job, one for each host, and the rules of their end.

    Attributes:
        launches: The programs.
        streams: The log stream of each.
        max_seconds: The time they get; then they are stopped.
        grace: Seconds between SIGTERM and SIGKILL.
        interrupt_after: Seconds after which the instances are taken away, as from a managed spot job.
        attempt: Which attempt of the job this is, from 0.
    """

    launches: list[Launch]
    streams: list[str]
    max_seconds: float
    grace: float
    interrupt_after: float | None = None
    attempt: int = 0


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        ended: Why; unless the programs ended by themselves the exit codes say nothing.
        at: When, in epoch seconds.
        seconds: How long the programs ran.
        codes: Exit codes in the order the programs ended: (number of the program, code; negative: signal).
        problem: Why the programs could not be started, empty when they were.
    """

    ended: Ended
    at: float
    seconds: float
    codes: list[tuple[int, int]] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True)
class Run:
    """One run, by its folder."""

    folder: Path

    def log(self, number: int, host: str) -> Path:
        """The file one program's output goes to."""
        return self.folder / f"{number}-{host}.log"

    def ask(self, request: RunRequest) -> None:
        """Write what is to be run; only the owner may read it, as it may hold secrets."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        members = {**vars(request), "launches": [launch.document() for launch in request.launches]}
        self._write(REQUEST, members)

    def request(self) -> RunRequest:
        """What is to be run."""
        members = json.loads((self.folder / REQUEST).read_bytes())
        launches = [Launch.read(document) for document in members.pop("launches")]
        return RunRequest(launches=launches, **members)

    @property
    def asked(self) -> bool:
        """Whether the request is complete."""
        return (self.folder / REQUEST).exists()

    @property
    def started(self) -> bool:
        """Whether a program may have been started."""
        return (self.folder / STARTED).exists()

    def mark_started(self) -> None:
        """Say that programs are about to be started."""
        (self.folder / STARTED).touch()

    def end(self, result: Result) -> None:
        """Write how the run ended."""
        self._write(RESULT, {**vars(result), "ended": result.ended.value})

    def result(self) -> Result | None:
        """How the run ended; None when nobody knows yet."""
        try:
            members = json.loads((self.folder / RESULT).read_bytes())
        except FileNotFoundError:
            return None
        codes = [(number, code) for number, code in members["codes"]]
        return Result(Ended(members["ended"]), members["at"], members["seconds"], codes, members["problem"])

    def _write(self, name: str, document: dict[str, Any]) -> None:
        path = self.folder / name
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file)
        new.rename(path)
