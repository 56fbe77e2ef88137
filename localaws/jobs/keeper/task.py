"""The programs of one run at work: started together, watched, ended by SIGTERM and then SIGKILL."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from localaws.jobs.keeper.programs import Programs, kill_group, send
from localaws.jobs.keeper.run import Ended, Result, Run
from localaws.jobs.launch import Launch, Started
from localaws.jobs.leftovers import ProcessRecords


class Task:
    """One run.

    Args:
        run: Its folder.
        programs: Starts its programs.
        records: Notes the process groups that run.
        done: Called once, after the result is written.
    """

    def __init__(
        self, run: Run, programs: Programs, records: ProcessRecords, done: Callable[[], None]
    ) -> None:
        self._run = run
        self._programs = programs
        self._records = records
        self._done = done
        self._lock = threading.Lock()
        self._running: dict[int, Started] = {}
        self._codes: list[tuple[int, int]] = []
        self._timers: list[threading.Timer] = []
        self._ended = Ended.BY_THEMSELVES
        self._dropped = False
        self._grace = 0.0
        self._began = time.monotonic()

    def start(self) -> None:
        """Start every program, or none: if one cannot be started those before it are killed."""
        try:
            request = self._run.request()
            self._run.mark_started()
            with self._lock:
                self._grace = request.grace
                for number, launch in enumerate(request.launches):
                    self._running[number] = self._launch(number, launch)
                started = list(self._running.items())
                self._later(request.max_seconds, lambda: self.stop(Ended.OUT_OF_TIME))
                if request.interrupt_after is not None:
                    self._later(request.interrupt_after, lambda: self.stop(Ended.INTERRUPTED))
        except (OSError, ValueError) as error:  # ValueError: a word or a variable with a zero in it
            self._give_up(error)
            return
        for number, program in started:
            threading.Thread(target=self._attend, args=(number, program), daemon=True).start()

    def stop(self, why: Ended) -> None:
        """Ask the programs to end, as ``docker stop`` does: SIGTERM to each, SIGKILL after the grace time."""
        with self._lock:
            if self._ended is Ended.BY_THEMSELVES:
                self._ended = why
            for program in self._running.values():
                send(program, signal.SIGTERM)
            if self._running:
                self._later(self._grace, self._kill)

    def drop(self) -> None:
        """Kill the programs and write no result: the keeper goes down."""
        with self._lock:
            self._dropped = True
            for program in self._running.values():
                kill_group(program)

    def _kill(self) -> None:
        with self._lock:
            for program in self._running.values():
                kill_group(program)

    def _launch(self, number: int, launch: Launch) -> Started:
        path = self._run.log(number, launch.instance.name)
        output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            program = self._programs.start(launch, output)
        finally:
            os.close(output)
        self._records.add(program.pid)
        return program

    def _give_up(self, error: OSError | ValueError) -> None:
        with self._lock:
            for program in self._running.values():
                kill_group(program)
                program.wait()
                self._records.remove(program.pid)
            self._running.clear()
        self._finish(str(error))

    def _attend(self, number: int, program: Started) -> None:
        """Wait for one program; the last one to end leaves the result."""
        code = program.wait()
        with self._lock:  # nobody sends a signal to a number that may be another's by now
            kill_group(program)
            del self._running[number]
            self._records.remove(program.pid)
            self._codes.append((number, code))
            last = not self._running
        if last:
            self._finish()
        elif code and self._ended is Ended.BY_THEMSELVES:
            self.stop(Ended.HOST_FAILED)

    def _finish(self, problem: str = "") -> None:
        """Leave the result and tell; without the lock, as whoever is told has locks of its own.

        A result that cannot be written, the disk being full or the folder gone, is told as none: the job then
        fails as if this process had been killed.
        """
        for timer in self._timers:
            timer.cancel()
        if not self._dropped:
            seconds = time.monotonic() - self._began
            try:
                self._run.end(Result(self._ended, time.time(), seconds, self._codes, problem))
            except OSError as error:
                sys.stderr.write(f"the end of {self._run.folder} cannot be written: {error}\n")
        self._done()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, action)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
