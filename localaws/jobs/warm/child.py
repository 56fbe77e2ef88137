"""A forked child on its way to being what a new interpreter would be.

All that a new interpreter takes from its command, its variables and its open files is given to this one; what
libraries remembered from the zygote's start is forgotten.
"""

from __future__ import annotations

import fcntl
import gc
import io
import logging
import os
import random
import signal
import site
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from localaws.jobs.warm import namespaces, shadows, threads
from localaws.jobs.warm.order import NUMBER, Order
from localaws.jobs.warm.program import PythonProgram

CANNOT_ENTER = 126  # what a shell says of a command it found and could not start


def become(
    order: Order, zygote: int, received: list[int], report: int, blas: Iterable[Callable[[int], object]]
) -> None:
    """Turn this process into the order's program, up to its first line.

    Args:
        order: What is asked for.
        zygote: The process this one was forked from.
        received: The open files that came with it: its output, then its descriptors.
        report: Where the process id is told, once the process leads its own session.
        blas: Set the threads of each OpenBLAS.
    """
    os.setsid()
    os.write(report, NUMBER.pack(os.getpid()))
    _take_files(received, order.descriptors)
    _restore_signals()
    os.environ.clear()
    os.environ.update(order.environment)
    try:
        namespaces.enter(order.entry)
        namespaces.end_with_parent(zygote)
    except OSError as error:
        os.write(2, f"cannot enter the job's host: {error}\n".encode())
        os._exit(CANNOT_ENTER)
    program = order.program
    first = _front(program)
    _forget_localaws()
    if _needs_cold(program, first):
        _start_cold(order)
    sys.path[:] = _path(first, sys.path)
    sys.executable = program.executable
    sys.orig_argv[:] = program.words
    sys.argv[:] = [{"module": "-m", "code": "-c"}.get(program.kind, program.target), *program.arguments]
    sys.stdin, sys.stdout, sys.stderr = _streams(program)
    sys.__dict__.update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)
    _forget_zygote()
    wanted = threads.blas_threads(order.environment)
    for set_threads in blas if wanted > 1 else ():
        set_threads(wanted)
    gc.enable()


def _take_files(received: list[int], numbers: Iterable[int]) -> None:
    """Put the received files where the program expects them, and close all others."""
    numbers = [1, *numbers]
    null = os.open(os.devnull, os.O_RDONLY)
    above = 1 + max(*numbers, *(int(entry.name) for entry in Path("/proc/self/fd").iterdir()))
    null, *moved = [fcntl.fcntl(file, fcntl.F_DUPFD, above) for file in (null, *received)]
    os.closerange(3, above)
    os.dup2(null, 0)
    for file, number in zip(moved, numbers, strict=True):
        os.dup2(file, number)
    os.dup2(1, 2)
    for file in (null, *moved):
        os.close(file)


def _restore_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_IGN)  # as every Python sets them
        elif number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
        elif signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)


def _front(program: PythonProgram) -> list[str]:
    """What stands on ``sys.path`` before the standard library: the program's folder, then PYTHONPATH."""
    script = str(Path(program.target).resolve().parent)
    own = {"script": script, "module": str(Path.cwd()), "code": ""}
    entries = os.environ.get("PYTHONPATH", "")
    added = [os.path.abspath(entry) for entry in entries.split(os.pathsep)] if entries else []  # noqa: PTH100
    return [own[program.kind], *dict.fromkeys(added)]


def _path(first: list[str], zygote: list[str]) -> list[str]:
    """The whole ``sys.path``; ``site`` drops what PYTHONPATH names already, but not the program's folder."""
    return [*first, *(entry for entry in zygote if entry not in first[1:])]


def _needs_cold(program: PythonProgram, first: list[str]) -> bool:
    """Whether only a new interpreter does what is asked for."""
    if program.kind == "script" and not os.path.isfile(program.target):  # noqa: PTH113
        return True
    if program.kind == "module" and program.target in sys.modules:
        return True
    if site.ENABLE_USER_SITE is not False and Path(_user_site()).is_dir():
        return True
    return shadows.shadowed([entry or "." for entry in first])


def _start_cold(order: Order) -> None:
    """Start a new interpreter in this process, which is inside its host already."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execve(order.program.executable, order.program.words, order.environment)  # noqa: S606


def _streams(program: PythonProgram) -> tuple[IO[str], IO[str], IO[str]]:
    """Standard streams on the descriptors of now, made as the interpreter makes them."""
    names = (("<stdin>", "r", sys.stdin), ("<stdout>", "w", sys.stdout), ("<stderr>", "w", sys.stderr))
    unbuffered = program.unbuffered or bool(os.environ.get("PYTHONUNBUFFERED"))
    made = [_stream(number, *each, unbuffered=unbuffered) for number, each in enumerate(names)]
    return made[0], made[1], made[2]


def _stream(number: int, name: str, mode: str, before: Any, *, unbuffered: bool) -> IO[str]:
    raw = unbuffered and mode == "w"
    binary: Any = open(number, f"{mode}b", buffering=0 if raw else -1, closefd=False)  # noqa: SIM115
    (binary if raw else binary.raw).name = name
    text = io.TextIOWrapper(
        binary,
        encoding=before.encoding,
        errors=before.errors,
        newline="\n",
        line_buffering=not unbuffered and (number == 2 or os.isatty(number)),
        write_through=unbuffered,
    )
    text.mode = mode  # type: ignore[misc]
    return text


def _forget_localaws() -> None:
    """Take our own modules out of sight; what runs still holds what it needs."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "localaws"]:
        del sys.modules[name]


def _forget_zygote() -> None:
    """Make libraries forget what they remember of the zygote's start."""
    time.tzset()
    random.seed()
    whole = isinstance(logging._startTime, int)  # type: ignore[attr-defined]  # since Python 3.13
    logging._startTime = time.time_ns() if whole else time.time()  # type: ignore[attr-defined]
    site.USER_BASE = site.USER_SITE = None
    site.getusersitepackages()
    modules: Mapping[str, Any] = sys.modules
    if "tempfile" in modules:
        modules["tempfile"].tempdir = None
    if "numpy.random" in modules:
        modules["numpy.random"].seed()
    if "multiprocessing.process" in modules:
        process = modules["multiprocessing.process"]
        process.ORIGINAL_DIR = str(Path.cwd())
        process.current_process().authkey = os.urandom(32)
    if "multiprocessing.spawn" in modules:
        modules["multiprocessing.spawn"].set_executable(sys.executable)


def _user_site() -> str:
    """The folder of packages a user installed, as a new interpreter would look for it."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return os.path.expanduser(f"~/.local/lib/{version}/site-packages")  # noqa: PTH111
