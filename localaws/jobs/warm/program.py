"""Which commands a warm interpreter can run as a new one would, and what it must have been started with."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PYTHON = re.compile(r"python(3(\.\d+)?)?")
# Read by native libraries when they load, or by a library's import: part of what a zygote is started with.
READ_AT_LOAD = re.compile(
    r"(OMP|GOMP|KMP|MKL|OPENBLAS|GOTO|BLIS|ARROW|NPY|NUMPY|SCIPY|SKLEARN|JOBLIB|LOKY|NUMEXPR)_\w+"
)
# They change the interpreter, the loader or the allocator before any code of ours: never warm.
ONLY_COLD = re.compile(r"(PYTHON|LD_|LC_|MALLOC_|JE_|GLIBC_|COV_|COVERAGE_)\w*|LANG|LANGUAGE")
HARMLESS = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
LANG = "C.UTF-8"


@dataclass(frozen=True)
class PythonProgram:
    """A plain Python command: ``python3 [-u] script.py …``, ``-m module …`` or ``-c code …``.

    Attributes:
        words: The whole command, its first word as given.
        executable: The path the interpreter would find itself under.
        kind: What ``target`` is.
        target: The script's path, the module's name, or the code.
        arguments: What follows the target.
        unbuffered: Whether ``-u`` is given.
    """

    words: tuple[str, ...]
    executable: str
    kind: Literal["script", "module", "code"]
    target: str
    arguments: tuple[str, ...]
    unbuffered: bool


def python_program(argv: Sequence[str], environment: Mapping[str, str]) -> PythonProgram | None:
    """The plain Python command some words are, run by this interpreter; None for any other."""
    executable = _this_interpreter(argv[0], environment) if argv else None
    if executable is None or not _plain(environment):
        return None
    rest = list(argv[1:])
    unbuffered = bool(rest) and rest[0] == "-u"
    if unbuffered:
        rest.pop(0)
    kinds: dict[str, Literal["module", "code"]] = {"-m": "module", "-c": "code"}
    if len(rest) > 1 and rest[0] in kinds:
        kind, target, *arguments = rest
        return PythonProgram(tuple(argv), executable, kinds[kind], target, tuple(arguments), unbuffered)
    if rest and not rest[0].startswith("-") and rest[0].endswith(".py"):
        target, *arguments = rest
        return PythonProgram(tuple(argv), executable, "script", target, tuple(arguments), unbuffered)
    return None


def zygote_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables a zygote must be started with to serve a command; equal ones mean the same zygote."""
    needed = {name: value for name, value in environment.items() if READ_AT_LOAD.fullmatch(name)}
    if environment.get("PYTHONDONTWRITEBYTECODE"):
        needed["PYTHONDONTWRITEBYTECODE"] = "1"
    return needed


def _plain(environment: Mapping[str, str]) -> bool:
    """Whether no variable asks for an interpreter that differs from a zygote's."""
    return environment.get("LANG") == LANG and not any(
        ONLY_COLD.fullmatch(name) and name != "LANG" and name not in HARMLESS for name in environment
    )


def _this_interpreter(word: str, environment: Mapping[str, str]) -> str | None:
    """The path a first word leads to, when that is this process's own interpreter, in the same folder."""
    if not PYTHON.fullmatch(Path(word).name):
        return None
    found = word if "/" in word else shutil.which(word, path=environment.get("PATH", ""))
    if not found or not Path(found).is_absolute():
        return None
    own = Path(sys.executable)
    same = Path(found).parent == own.parent and Path(found).resolve() == own.resolve()
    return found if same else None
