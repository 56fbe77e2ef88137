"""The programs of one job, run by the keeper and followed from here: started, found again, stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localaws.jobs.failure import MAX_REASON, JobFailure, beginning, bounded
from localaws.jobs.follower import Follower
from localaws.jobs.keeper.client import Kept
from localaws.jobs.keeper.run import Ended, Result, Run, RunRequest
from localaws.jobs.loglines import Observer
from localaws.jobs.machine import Machine

QUICK, SLOW = 0.02, 0.25  # seconds between looks at the output of a program that writes, that does not
STARTS = 3  # times a run is handed to a keeper that dies before it begins
RESTARTED = "the local endpoint was restarted while the job was under way"


@dataclass(frozen=True)
class Outcome:
    """How a job's programs ended.

    Attributes:
        ended: Why; with OUT_OF_TIME, INTERRUPTED and ON_REQUEST the exit codes say nothing.
        code: The first exit code that is not 0, as a container reports it (128 + signal); else 0.
        tail: The last lines of the host that gave that code, or of the first.
        at: When, in epoch seconds; None when they never started.
        seconds: How long they ran.
    """

    ended: Ended
    code: int = 0
    tail: tuple[str, ...] = ()
    at: float | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether a program failed by itself."""
        return bool(self.code) and self.ended in (Ended.BY_THEMSELVES, Ended.HOST_FAILED)


def algorithm_error(outcome: Outcome, files: list[Path], kind: str = "AlgorithmError") -> str:
    """The FailureReason of programs that failed: ``AlgorithmError: <text>, exit code: n``.

    Args:
        outcome: How they ended.
        files: Where a program may have written why; without any the last lines of its output serve.
        kind: Whose error it is.
    """
    kind, ending = f"{kind}: ", f", exit code: {outcome.code}"
    for file in files:
        if file.is_file():
            return bounded(kind + beginning(file), ending)
    room = MAX_REASON - len(kind) - len(ending)
    return kind + "\n".join(outcome.tail)[-room:] + ending


@dataclass
class Processes:
    """The programs of one job; made before they start, so no stop comes too early.

    Attributes:
        machine: Where they run.
        group: The log group their output goes to.
    """

    machine: Machine
    group: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _folder: Path | None = None
    _stopped: bool = False

    def run(
        self,
        run: Run,
        request: RunRequest,
        observe: Observer | None = None,
        tick: Callable[[], None] | None = None,
    ) -> Outcome:
        """Run programs to their end, or to the end of their time; nothing is started after a stop.

        Args:
            run: Its folder.
            request: The programs.
            observe: Hears of each line of their output.
            tick: Called every now and then while they run.

        Raises:
            JobFailure: They could not be started, or the keeper was killed.
            ServerStopping: The server goes down.
        """
        run.ask(request)
        for _ in range(STARTS):
            with self._lock:
                if self._stopped:
                    return Outcome(Ended.ON_REQUEST)
                self.machine.check_open()
                kept = self.machine.keeper.run(run.folder)
                self._folder = run.folder
            outcome = self._follow(run, request, kept, observe, tick)
            if outcome is not None:
                return outcome
            if run.started:
                break
        raise JobFailure("InternalServerError", "the process that keeps the job's programs was killed")

    def resume(
        self,
        run: Run,
        observe: Observer | None = None,
        tick: Callable[[], None] | None = None,
    ) -> Outcome:
        """Go on with programs that an earlier server had started; arguments and errors as in ``run``."""
        with self._lock:
            kept = self.machine.keeper.find(run.folder)
            self._folder = run.folder
        if kept is not None and self._stopped:
            self.machine.keeper.stop(run.folder, Ended.ON_REQUEST)
        outcome = self._follow(run, run.request(), kept, observe, tick)
        if outcome is None:
            raise JobFailure("InternalServerError", RESTARTED)
        return outcome

    def stop(self) -> None:
        """Ask the programs to end: SIGTERM to each, SIGKILL after the grace time."""
        with self._lock:
            self._stopped = True
            folder = self._folder
        if folder is not None:
            self.machine.keeper.stop(folder, Ended.ON_REQUEST)

    def _follow(
        self,
        run: Run,
        request: RunRequest,
        kept: Kept | None,
        observe: Observer | None,
        tick: Callable[[], None] | None,
    ) -> Outcome | None:
        """Bring the output to its streams until the programs end; None when nobody knows how they did."""
        logs = self.machine.world.logs
        followers = [
            Follower(run.log(number, launch.instance.name), logs, self.group, stream, observe)
            for number, (launch, stream) in enumerate(zip(request.launches, request.streams, strict=True))
        ]
        try:
            self._bring_output(kept, followers, tick)
        except BaseException:
            self.machine.keeper.stop(run.folder, Ended.ON_REQUEST)  # nobody follows the programs any more
            raise
        result = run.result()
        if result is None:
            self.machine.check_open()
            if not run.started:
                return None
        for follower in followers:
            follower.finish()
        return _outcome(result, followers) if result is not None else None

    def _bring_output(
        self, kept: Kept | None, followers: list[Follower], tick: Callable[[], None] | None
    ) -> None:
        """Bring output to its streams, and tick, until the programs have ended."""
        pause = QUICK
        while kept is not None and not kept.over.wait(pause):
            news = [follower.read() for follower in followers]
            pause = QUICK if any(news) else min(2 * pause, SLOW)
            if tick is not None:
                tick()


def _outcome(result: Result, followers: list[Follower]) -> Outcome:
    if result.problem:
        raise JobFailure("InternalServerError", f"the program could not be started: {result.problem}")
    number, code = next((pair for pair in result.codes if pair[1]), result.codes[0])
    code = code if code >= 0 else 128 - code
    return Outcome(result.ended, code, followers[number].tail, result.at, result.seconds)
