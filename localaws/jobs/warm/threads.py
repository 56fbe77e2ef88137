"""Threads of native libraries: none may run in a zygote, and a child has as many as its variables say.

OpenMP starts its threads when they are first needed, with what the variables said when it loaded: a zygote is
loaded with the very variables of its programs. OpenBLAS starts them as it loads: a zygote loads it with one
thread, and a child asks for more.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from localaws.jobs.warm.libraries import libraries

# Held to one thread, or to none in the background, while a zygote loads them.
QUIET = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
SETTERS = [
    f"{prefix}openblas_set_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "", "_64")
]


def running() -> int:
    """The threads of this process, native ones too."""
    return len(list(Path("/proc/self/task").iterdir()))


def blas_setters() -> list[Callable[[int], object]]:
    """What sets the number of threads of each OpenBLAS in this process."""
    found: list[Callable[[int], object]] = []
    for path in sorted(path for path in libraries() if "openblas" in path):
        library = ctypes.CDLL(path)  # loaded already: the same one
        found += [getattr(library, name) for name in SETTERS if hasattr(library, name)][:1]
    return found


def blas_threads(environment: Mapping[str, str]) -> int:
    """The threads OpenBLAS would take when it loads under these variables."""
    cores = len(os.sched_getaffinity(0))
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        number = re.match(r"\s*\d+", environment.get(name, ""))
        if number and int(number[0]) > 0:
            return min(int(number[0]), cores)
    return cores
