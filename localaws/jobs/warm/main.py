"""The program itself, run and ended as ``python3`` runs and ends it.

The interpreter's own end, and that of the native libraries, take tens of milliseconds for what only the
zygote loaded: so what the program made is taken down here, in the interpreter's order, and the rest is left
to the system. A program that leaves threads behind is given to the interpreter's own end, one that loaded
native libraries to theirs.
"""

from __future__ import annotations

import _thread
import atexit
import ctypes
import gc
import importlib.machinery
import linecache
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType, TracebackType

from localaws.jobs.warm.libraries import libraries
from localaws.jobs.warm.program import PythonProgram


@dataclass(frozen=True)
class Loaded:
    """What a zygote had loaded before it forked.

    Attributes:
        modules: The names of its modules.
        libraries: The paths of its shared libraries.
    """

    modules: frozenset[str]
    libraries: frozenset[str]

    @classmethod
    def now(cls) -> Loaded:
        """What this process has loaded."""
        return cls(frozenset(sys.modules), libraries())


def run(program: PythonProgram, loaded: Loaded) -> None:
    """Run a program in this process and end the process with it.

    Args:
        program: What to run; ``sys.argv`` and the rest are set.
        loaded: What the zygote had.
    """
    code, interrupted = _outcome(_beginning(program))
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if _thread._count() or not _flushed():
        sys.exit(code)
    _take_down(loaded.modules)
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    system = ctypes.PyDLL(None)  # holds the interpreter's lock: libraries may call it as they end
    if libraries() - loaded.libraries:
        system.exit(code & 0xFF)
    system.fflush(None)
    os._exit(code & 0xFF)


def _beginning(program: PythonProgram) -> Callable[[], object]:
    """What a new interpreter calls first, with ``__main__`` ready for it."""
    main = ModuleType("__main__")
    main.__dict__.update(__annotations__={}, __builtins__=sys.modules["builtins"])
    main.__loader__ = importlib.machinery.BuiltinImporter
    sys.modules["__main__"] = main
    if "__mp_main__" in sys.modules:  # what multiprocessing's processes call it
        sys.modules["__mp_main__"] = main
    if program.kind == "module":
        return partial(runpy._run_module_as_main, program.target)  # type: ignore[attr-defined]
    if program.kind == "code":
        return partial(_execute, lambda: program.target, "<string>", main)
    path = os.path.abspath(program.target)  # noqa: PTH100
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    main.__dict__.update(__loader__=loader, __file__=path, __cached__=None)
    return partial(_execute, lambda: loader.get_data(path), path, main)


def _execute(read: Callable[[], str | bytes], path: str, main: ModuleType) -> None:
    source = read()
    code = compile(source, path, "exec", dont_inherit=True)
    if isinstance(source, str) and sys.version_info >= (3, 13):  # which shows the lines of -c
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    exec(code, main.__dict__)  # noqa: S102  (the program)


def _outcome(begin: Callable[[], object]) -> tuple[int, bool]:
    """The exit code of a program, and whether it was interrupted; an uncaught exception is printed."""
    try:
        begin()
    except SystemExit as end:
        return _exit_code(end), False
    except BaseException as error:
        uncaught = error.with_traceback(_of_program(error.__traceback__))
    else:
        return 0, False
    return _print(uncaught), isinstance(uncaught, KeyboardInterrupt)


def _exit_code(end: SystemExit) -> int:
    """The exit code ``sys.exit`` asks for; anything but a number is printed."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    _flushed()
    print(end.code, file=sys.stderr)  # noqa: T201
    return 1


def _print(error: BaseException) -> int:
    """Show an uncaught exception by the program's own hook; the exit code."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit as end:
        return _exit_code(end)
    except BaseException as other:
        other.with_traceback(_of_program(other.__traceback__))
        print("Error in sys.excepthook:", file=sys.stderr)  # noqa: T201
        traceback.print_exception(other)
        print("\nOriginal exception was:", file=sys.stderr)  # noqa: T201
        traceback.print_exception(error)
    return 1


def _of_program(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this file."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _flushed() -> bool:
    """Write what Python's streams hold; False when one cannot take it."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except (AttributeError, OSError, ValueError):
        return False
    return True


def _take_down(loaded: frozenset[str]) -> None:
    """Let go of all modules of the program, so that its objects are finalized and its files written."""
    main = sys.modules["__main__"]
    own = [main, *(module for name, module in list(sys.modules.items()) if name not in loaded)]
    for name in [name for name in sys.modules if name not in loaded]:
        del sys.modules[name]
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        sys.__dict__.pop(name, None)
    gc.collect()
    for module in own:
        _clear(module)
    gc.collect()


def _clear(module: ModuleType) -> None:
    """Empty a module as the interpreter does: names with one underscore first, ``__builtins__`` never."""
    names = module.__dict__
    for private in (True, False):
        for name in list(names):
            if name != "__builtins__" and private == (name[:1] == "_" and name[1:2] != "_"):
                names[name] = None
