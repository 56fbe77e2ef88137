"""Programs forked from warm interpreters, for whoever starts programs: the keeper.

Warm-ups run in the background: nobody waits for one, and what is asked for meanwhile starts cold.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from localaws.jobs.launch import Launch
from localaws.jobs.warm.order import NUMBER, READY, RETIRE, START, Order
from localaws.jobs.warm.program import LANG, python_program, zygote_environment
from localaws.jobs.warm.threads import QUIET

MODULES = (
    "numpy,pandas,pyarrow.parquet,scipy.sparse,scipy.stats,joblib,xgboost,sklearn.base,sklearn.cluster,"
    "sklearn.compose,sklearn.decomposition,sklearn.ensemble,sklearn.impute,sklearn.linear_model,"
    "sklearn.metrics,sklearn.model_selection,sklearn.neighbors,sklearn.pipeline,sklearn.preprocessing,"
    "sklearn.svm,sklearn.tree"
)
ZYGOTE = str(Path(__file__).with_name("zygote.py"))
KEPT = 3  # zygotes; a fourth set of variables takes the place of the one that was used longest ago
ANSWER_SECONDS = 10.0  # a zygote that does not fork within is ended


class Warm:
    """A program forked from a zygote, leader of a session of its own; any thread may ask for its end."""

    def __init__(self, pid: int, report: int) -> None:
        self._pid = pid
        self._report = open(report, "rb", buffering=0)  # noqa: SIM115  (closed with this object)
        self._lock = threading.Lock()
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """Its process id, also its process group's."""
        return self._pid

    def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        _readable(self._report, None)
        code = self.poll()
        assert code is not None
        return code

    def poll(self) -> int | None:
        """The exit code if it has ended."""
        with self._lock:
            if self._code is None and _readable(self._report, 0):
                self._code = self._told()
            return self._code

    def _told(self) -> int:
        told = self._report.read(NUMBER.size)
        if told:
            return int(NUMBER.unpack(told)[0])
        with suppress(ProcessLookupError):  # its zygote was killed, and it with it
            os.killpg(self._pid, signal.SIGKILL)
        return -signal.SIGKILL


class WarmUpFailed(Exception):
    """A zygote ended before it was ready; it has said why on standard error."""


class Zygote:
    """A warm interpreter, from the pool's side."""

    def __init__(self, variables: dict[str, str], modules: str) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.was_ready = False
        environment = {"PATH": os.defpath, "HOME": "/nonexistent", "LANG": LANG, **variables, **QUIET}
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, ZYGOTE, str(theirs.fileno()), modules],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def ready(self) -> bool:
        """Whether its modules are loaded; never waits.

        Raises:
            WarmUpFailed: It ended before they were.
        """
        if not self.was_ready and _readable(self._orders, 0):
            self.was_ready = self._orders.recv(16) == READY
            if not self.was_ready:
                raise WarmUpFailed
        return self.was_ready

    def start(self, order: Order, output: int, descriptors: tuple[int, ...]) -> Warm | None:
        """Have a child forked; None when the zygote died before it did."""
        document = os.memfd_create("order", os.MFD_CLOEXEC)
        report, theirs = os.pipe()
        try:
            with os.fdopen(os.dup(document), "wb") as file:
                file.write(order.dumps())
            socket.send_fds(self._orders, [START], [document, theirs, output, *descriptors])
        except OSError:  # it is gone
            os.close(report)
            return None
        finally:
            os.close(document)
            os.close(theirs)
        if not _readable(report, ANSWER_SECONDS):
            self.process.kill()
        told = os.read(report, NUMBER.size)
        if told:
            return Warm(NUMBER.unpack(told)[0], report)
        os.close(report)
        return None

    def retire(self) -> None:
        """Have it end after its last program."""
        if not self.was_ready:
            self.process.kill()  # it has no programs, and its imports may take seconds yet
        with suppress(OSError):
            self._orders.send(RETIRE)

    def close(self) -> None:
        """End it at once, with its programs."""
        self.retire()
        self._orders.close()
        self.process.wait()


class WarmPool:
    """The zygotes of this process, one for each set of variables that libraries read as they load.

    Args:
        modules: What they import, comma-separated, or ``off``; by default what ``LOCALAWS_WARM`` says.
    """

    def __init__(self, modules: str = "") -> None:
        self._modules = modules or os.environ.get("LOCALAWS_WARM") or MODULES
        self._lock = threading.Lock()
        self._zygotes: dict[tuple[tuple[str, str], ...], Zygote] = {}
        self._retired: list[Zygote] = []
        self._open = sys.platform == "linux" and self._modules != "off"

    def launch(self, launch: Launch, output: int, descriptors: tuple[int, ...] = ()) -> Warm | None:
        """Start a program warm; None where it cannot be warm, or not yet.

        Args:
            launch: The program.
            output: An open file, for standard output and error.
            descriptors: Further open files, which the program finds under the same numbers.
        """
        program = python_program(launch.argv, launch.environment)
        if program is None:
            return None
        order = Order(program, launch.environment, launch.instance.entry(launch.folder), descriptors)
        with self._lock:
            zygote = self._zygote(zygote_environment(launch.environment))
            try:
                if zygote is None or not zygote.ready():
                    return None
            except WarmUpFailed:
                self._open = False
                return None
            return zygote.start(order, output, descriptors)

    def retire(self) -> None:
        """Start no more programs; every zygote ends after its last one."""
        with self._lock:
            self._open = False
            for zygote in self._zygotes.values():
                zygote.retire()

    def close(self) -> None:
        """End every zygote and what runs from it."""
        with self._lock:
            self._open = False
            for zygote in (*self._zygotes.values(), *self._retired):
                zygote.close()

    def _zygote(self, variables: dict[str, str]) -> Zygote | None:
        """The zygote for some variables, started if there is none; None when the pool is off."""
        if not self._open:
            return None
        key = tuple(sorted(variables.items()))
        zygote = self._zygotes.pop(key, None)
        if zygote is None or (zygote.was_ready and not zygote.alive):
            zygote = Zygote(variables, self._modules)
        self._zygotes[key] = zygote  # the last of the dict is the one used last
        self._retired = [one for one in self._retired if one.alive]
        if len(self._zygotes) > KEPT:
            oldest = self._zygotes.pop(next(iter(self._zygotes)))
            oldest.retire()
            self._retired.append(oldest)
        return zygote


def _readable(file: int | IO[bytes] | socket.socket, seconds: float | None) -> bool:
    """Whether a file has something to read, or an end, within some seconds; None waits for it."""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
