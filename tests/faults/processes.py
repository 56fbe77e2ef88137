"""Processes of a test's own, by pid and by session, never by name; and ports for them."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

ENDS_WITH_PARENT = ("setpriv", "--pdeathsig")
"""In front of a signal and a command: the kernel sends the signal when the process that started it is gone.

A killed pytest runs no fixture's end, and would leave all of Airflow behind.
"""


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def parent_of(pid: int) -> int:
    """The parent's pid, from /proc."""
    return int(_stat(pid)[1])


def is_alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    """Pids of a process's children."""
    return [found for found in _pids() if _parent_or_none(found) == pid]


def in_sessions(sessions: Collection[int]) -> list[int]:
    """Pids of all living processes of sessions; what a role forks stays in its session, whatever it is called."""
    found = []
    for pid in _pids():
        with suppress(OSError):
            state, _, _, session, *_ = _stat(pid)
            if int(session) in sessions and state != "Z":
                found.append(pid)
    return found


def end_all(sessions: Collection[int], patience: float = 1) -> None:
    """End all processes of sessions: asked first, then killed; returns when none is left."""
    for kind, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        end = time.monotonic() + seconds
        sent: set[int] = set()
        while (left := in_sessions(sessions)) and time.monotonic() < end:
            for pid in set(left) - sent:
                with suppress(ProcessLookupError):
                    os.kill(pid, kind)
            sent |= set(left)
            time.sleep(0.1)


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _parent_or_none(pid: int) -> int | None:
    try:
        return parent_of(pid)
    except OSError:
        return None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; the program's name before it may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
