"""The server's side of the keeper: found again or started on demand, asked for runs, listened to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import localaws
from localaws.jobs.keeper.place import KeeperPlace
from localaws.jobs.keeper.run import Ended
from localaws.jobs.keeper.service import messages, say

HELLO_SECONDS = 10.0  # a keeper that says nothing for so long is taken for dead
QUIT_SECONDS = 10.0  # how long a stop waits for the keeper's last program


@dataclass(frozen=True)
class Kept:
    """A run in the keeper's hands.

    Attributes:
        folder: The run's.
        over: Set when the run has ended, or the keeper has; the run's folder says which.
    """

    folder: Path
    over: threading.Event = field(default_factory=threading.Event)


class KeeperClient:
    """The connection to a state folder's keeper; any thread may call.

    Args:
        state: The state folder.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._place = KeeperPlace(state)
        self._lock = threading.RLock()
        self._connection: socket.socket | None = None
        self._kept: dict[Path, Kept] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._closing = False
        self._find()

    def _find(self) -> None:
        """Connect to the keeper of an earlier server; without one end what it left."""
        connection = self._place.connect()
        if connection is not None:
            connection.settimeout(HELLO_SECONDS)
            said = messages(connection)
            hello = next(said, None)
            if hello is not None:
                connection.settimeout(None)
                folders = [Path(folder) for folder in hello["runs"]]
                self._kept = {folder: Kept(folder) for folder in folders}
                self._listen_to(connection, said)
                return
            connection.close()
        self._place.clear()

    def kept(self) -> list[Path]:
        """The folders of the runs that go on."""
        with self._lock:
            return [*self._kept]

    def find(self, folder: Path) -> Kept | None:
        """A run that goes on; None when the keeper does not have it, or not any more."""
        with self._lock:
            return self._kept.get(folder)

    def run(self, folder: Path) -> Kept:
        """Have a run started whose request is written; a keeper is started when there is none."""
        kept = Kept(folder)
        with self._lock:
            if self._connection is None:
                self._start()
            assert self._connection is not None
            self._kept[folder] = kept
            with suppress(OSError):  # the keeper was killed: the listener finds out and says the run is over
                say(self._connection, do="run", folder=str(folder))
        return kept

    def stop(self, folder: Path, why: Ended) -> None:
        """Ask a run's programs to end; nothing happens to a run that is over."""
        with self._lock:
            if self._connection is not None and folder in self._kept:
                with suppress(OSError):  # as in run
                    say(self._connection, do="stop", folder=str(folder), why=why.value)

    def close(self) -> None:
        """End every run and the keeper; returns when they are gone."""
        with self._lock:
            self._closing = True
            connection, listener = self._connection, self._listener
            if connection is not None:
                with suppress(OSError):
                    say(connection, do="quit")
        if listener is not None:
            listener.join(QUIT_SECONDS)

    def _start(self) -> None:
        """Start a keeper in a session of its own; it need not be ready to be spoken to."""
        if self._closing:
            raise RuntimeError("the server is stopping: no keeper is started")
        lock = self._place.lock()
        mine, theirs = socket.socketpair()
        packages = str(Path(localaws.__file__).parent.parent)
        inherited = os.environ.get("PYTHONPATH")
        path = packages if not inherited else os.pathsep.join([packages, inherited])
        numbers = [theirs.fileno(), lock]
        words = [str(self._state), *map(str, numbers)]
        try:
            with theirs, self._place.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "localaws.jobs.keeper", *words],
                    env={**os.environ, "PYTHONPATH": path},
                    cwd=self._state,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=numbers,
                    start_new_session=True,
                )
        finally:
            os.close(lock)  # the keeper has it now
        self._listen_to(mine, messages(mine))

    def _listen_to(self, connection: socket.socket, said: Iterator[dict[str, Any]]) -> None:
        self._connection = connection
        self._listener = threading.Thread(
            target=self._listen, args=(connection, said), name="keeper", daemon=True
        )
        self._listener.start()

    def _listen(self, connection: socket.socket, said: Iterator[dict[str, Any]]) -> None:
        """Hear of runs that ended, until the keeper ends; whatever it ran then is ended too."""
        for message in said:
            if "ended" in message:
                with self._lock:
                    kept = self._kept.pop(Path(message["ended"]), None)
                if kept is not None:
                    kept.over.set()
        with self._lock:
            connection.close()
            self._connection = None
            lost, self._kept = self._kept, {}
            try:
                if self._process is not None:
                    self._process.wait()
                    self._process = None
                self._place.clear()
            finally:
                for kept in lost.values():
                    kept.over.set()
