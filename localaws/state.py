"""The state folder: held by one server at a time, and writable, before anything is built on it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROBE_BYTES = 1 << 20


class StateLocked(Exception):
    """Another server holds the folder."""


class StateUnusable(Exception):
    """The folder cannot be written, or its disk is full."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the state folder for this process, having tried that it can be written.

    The lock ends with the process, however it ends.

    Raises:
        StateLocked: Another process holds it; names its pid.
        StateUnusable: Names the fault and the mend.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StateUnusable(
            f"{error.strerror}; choose another folder (--state), or mend its rights"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 100, 0).decode(errors="replace").strip() or "unknown"
            raise StateLocked(
                f"the state folder {folder} is locked by another server (process {holder}); stop it with "
                "`foldline local stop`, or choose another folder with --state"
            ) from None
        _probe(folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _probe(folder: Path) -> None:
    path = folder / "probe"
    try:
        with path.open("wb") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StateUnusable(
            f"writing 1 MiB into it failed ({error.strerror}); free some disk space, or choose another "
            "folder (--state)"
        ) from error
    finally:
        path.unlink(missing_ok=True)
