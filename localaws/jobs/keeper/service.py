"""The keeper at work: servers connect, ask for runs, and hear when they have ended."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localaws.jobs.keeper.place import KeeperPlace, remove_socket
from localaws.jobs.keeper.programs import Programs
from localaws.jobs.keeper.run import Ended, Run
from localaws.jobs.keeper.task import Task

LAST_WORDS_SECONDS = 5.0  # how long what a dead server had still said may take


def messages(connection: socket.socket) -> Iterator[dict[str, Any]]:
    """What the other side says, one JSON document for each line, until it is gone."""
    try:
        with connection.makefile("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield json.loads(line)
    except OSError:
        return


def say(connection: socket.socket, **message: Any) -> None:
    """Send one message.

    Raises:
        OSError: The other side is gone.
    """
    connection.sendall(json.dumps(message).encode() + b"\n")


class Keeper:
    """Runs until it has neither a run nor a server, or is told to quit."""

    def __init__(self, place: KeeperPlace) -> None:
        self._place = place
        self._programs = Programs()
        self._lock = threading.RLock()
        self._tasks: dict[Path, Task] = {}
        self._servers: set[socket.socket] = set()
        self._listeners: list[threading.Thread] = []
        self.done = threading.Event()

    def serve(self, first: socket.socket) -> None:
        """Serve the server that started this process, and those that come later, until all is done."""
        path = Path(tempfile.mkdtemp(prefix="localaws-")) / "keeper"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            self._place.publish(path)
            self._welcome(first)
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
            self.done.wait()
            self._place.withdraw()
            remove_socket(path)
        self._programs.close()

    def quit(self) -> None:
        """Kill every program, and end."""
        with self._lock:
            self._servers.clear()  # the last task to end finds nobody to stay for
            tasks = [*self._tasks.values()]
            self._end_if_idle()
        for task in tasks:
            task.drop()

    def _accept(self, listening: socket.socket) -> None:
        while not self.done.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self._welcome(connection)

    def _welcome(self, connection: socket.socket) -> None:
        """Tell a server which runs go on, all those included that the servers before it had asked for."""
        for listener in self._listeners:  # a new server means that the one before it is dead
            listener.join(LAST_WORDS_SECONDS)
        listener = threading.Thread(target=self._listen, args=(connection,), daemon=True)
        self._listeners = [listener]
        with self._lock:
            self._servers.add(connection)
            self._tell(connection, runs=[str(folder) for folder in self._tasks])
        listener.start()

    def _listen(self, connection: socket.socket) -> None:
        for message in messages(connection):
            self._obey(message)
        with self._lock:
            self._servers.discard(connection)
            self._end_if_idle()

    def _obey(self, message: dict[str, Any]) -> None:
        if message["do"] == "quit":
            self.quit()
            return
        folder = Path(message["folder"])
        with self._lock:  # only to look: a task has a lock of its own, and calls back
            task = self._tasks.get(folder)
            if message["do"] == "run" and task is None:
                new = Task(Run(folder), self._programs, self._place.records, lambda: self._ended(folder))
                self._tasks[folder] = new
        if message["do"] == "run" and task is None:
            new.start()
        elif message["do"] == "stop" and task is not None:
            task.stop(Ended(message["why"]))

    def _ended(self, folder: Path) -> None:
        with self._lock:
            del self._tasks[folder]
            for connection in [*self._servers]:
                self._tell(connection, ended=str(folder))
            self._end_if_idle()

    def _tell(self, connection: socket.socket, **message: Any) -> None:
        try:
            say(connection, **message)
        except OSError:  # its listener finds out too
            self._servers.discard(connection)

    def _end_if_idle(self) -> None:
        if not self._tasks and not self._servers:
            self.done.set()
