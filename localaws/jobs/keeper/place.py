"""Where a state folder's keeper is found: its lock, its address, the process groups it runs.

A Unix socket's path holds about 100 bytes and a state folder's may be longer, so the socket lies in a short
folder of its own under the system's temporary folder, closed to other users; ``address.json`` names it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from localaws.jobs.leftovers import ProcessRecords

UNREACHABLE_SECONDS = 0.5  # of a keeper that says where it listens, and does not
LOCK_SECONDS = 10.0  # how long a keeper may take to begin, or to end


class KeeperPlace:
    """The folder ``keeper`` of a state folder."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "keeper"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.records = ProcessRecords(self.folder / "processes")
        self.log = self.folder / "log"
        self._address = self.folder / "address.json"

    def publish(self, path: Path) -> None:
        """Say where this process, the keeper, listens."""
        new = self._address.with_suffix(".new")
        new.write_text(json.dumps({"pid": os.getpid(), "socket": str(path)}))
        new.rename(self._address)

    def withdraw(self) -> None:
        """Say that no keeper listens."""
        self._address.unlink(missing_ok=True)

    def connect(self) -> socket.socket | None:
        """A connection to the keeper that runs; None when there is none, or none that can be reached.

        A keeper that has only just been started, and so has not said where it listens, is waited for.
        """
        began = time.monotonic()
        while time.monotonic() - began < LOCK_SECONDS:
            connection = self._connect()
            if connection is not None:
                return connection
            free = self._try_lock()
            if free is not None:
                os.close(free)
                return None
            if self._published() is not None and time.monotonic() - began > UNREACHABLE_SECONDS:
                return None
            time.sleep(0.01)
        return None

    def clear(self) -> None:
        """End what a keeper that was killed ran, and remove its socket; one that cannot be reached is killed.

        Raises:
            TimeoutError: It does not die.
        """
        found, lock = self._published(), self._try_lock()
        if lock is None:
            if found is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(found["pid"], signal.SIGKILL)
            lock = self.lock()
        try:
            self.records.end_all()
            if found is not None:
                remove_socket(Path(found["socket"]))
            self.withdraw()
        finally:
            os.close(lock)

    def lock(self) -> int:
        """The lock only one keeper has, as an open file; an older keeper that is about to end is waited for.

        Raises:
            TimeoutError: It does not end.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        while (held := self._try_lock()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"another keeper of jobs holds {self.folder / 'lock'} and does not end; see "
                    f"{self._address} for its process, and {self.log} for what it says"
                )
            time.sleep(0.01)
        return held

    def _connect(self) -> socket.socket | None:
        found = self._published()
        if found is None:
            return None
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(found["socket"])
        except OSError:
            connection.close()
            return None
        return connection

    def _try_lock(self) -> int | None:
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _published(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._address.read_bytes())
        except FileNotFoundError:
            return None
        return found


def remove_socket(path: Path) -> None:
    """Remove a keeper's socket with its folder."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
