"""The zygote: imports what jobs usually import, then forks a child for each order; run by its path.

Its arguments are the number of its socket and the modules to import, comma-separated. It stays in one thread:
a process that has several cannot fork safely. It ends when its socket does, and its programs with it.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":  # started by its path, so that path is all there is to find the rest by
    sys.path[0] = str(Path(__file__).parents[3])

from localaws.jobs.warm import threads
from localaws.jobs.warm.child import become
from localaws.jobs.warm.main import Loaded, run
from localaws.jobs.warm.order import NUMBER, READY, RETIRE, Order
from localaws.jobs.warm.program import PythonProgram

MOST_FILES = 32  # that come with one order


class Zygote:
    """Serves orders that come through a socket; each brings its document, a report pipe, and open files."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._blas = threads.blas_setters()
        self._children: dict[int, tuple[int, int]] = {}  # by pidfd: process id, report
        self._poll = select.poll()
        self._retired = False

    def serve(self) -> PythonProgram | None:
        """Fork for each order until there is nobody to serve; a program in the child it is to run in."""
        self._poll.register(self._orders, select.POLLIN)
        while not (self._retired and not self._children):
            for descriptor, _ in self._poll.poll():
                if descriptor != self._orders.fileno():
                    self._reap(descriptor)
                    continue
                data, files = self._receive()
                if not data:
                    self._end_all()
                    return None
                self._retired = self._retired or data == RETIRE
                program = self._fork(files) if files else None
                if program is not None:
                    return program
        return None

    def _receive(self) -> tuple[bytes, list[int]]:
        """The next message; nothing when whoever gives orders is gone."""
        try:
            data, files, _, _ = socket.recv_fds(self._orders, 16, MOST_FILES)
        except ConnectionResetError:
            return b"", []
        return data, files

    def _fork(self, files: list[int]) -> PythonProgram | None:
        """Fork for one order; its program in the child, None in the zygote.

        Where a fork is not possible the report is closed unwritten.
        """
        document, report, *received = files
        zygote = os.getpid()
        order = Order.loads(os.pread(document, os.fstat(document).st_size, 0))
        try:
            child = os.fork() if threads.running() == 1 else None
        except OSError:
            child = None
        if child == 0:
            self._orders.detach()  # or it would close its number, which may be a file of the program by then
            become(order, zygote, received, report, self._blas)
            return order.program
        for number in (document, *received) if child is not None else files:
            os.close(number)
        if child is not None:
            watch = os.pidfd_open(child)
            self._children[watch] = (child, report)
            self._poll.register(watch, select.POLLIN)
        return None

    def _reap(self, descriptor: int) -> None:
        """Tell how a child ended."""
        child, report = self._children.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(child, 0)
        with suppress(BrokenPipeError):
            os.write(report, NUMBER.pack(os.waitstatus_to_exitcode(status)))
        os.close(report)

    def _end_all(self) -> None:
        for child, _ in self._children.values():
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)


def load(names: list[str]) -> None:
    """Import what is installed of some modules."""
    for name in names:
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)


def main() -> tuple[PythonProgram, Loaded] | None:
    """Load, say so, serve; in a child, the program to run and what was loaded before."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    orders.set_inheritable(False)
    load([name for name in sys.argv[2].split(",") if name])
    if threads.running() != 1:
        sys.exit("the warm runtime is off: a library that is imported for it starts threads")
    gc.collect()
    gc.disable()
    gc.freeze()
    loaded = Loaded.now()
    with suppress(BrokenPipeError):  # nobody is left to be told, as the first message will say
        orders.send(READY)
    program = Zygote(orders).serve()
    return None if program is None else (program, loaded)


if __name__ == "__main__":
    del sys.path[0]
    found = main()
    if found is not None:
        run(*found)
