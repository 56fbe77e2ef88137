"""The local endpoint's state folder: where it is, and how to forget it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from foldline.errors import ConfigError, EnvironmentFault
from foldline.project import project_root

KEEPER_SECONDS = 10.0  # how long a keeper may take to end its jobs


def state_folder(folder: Path | None = None) -> Path:
    """The state folder: as given, else ``FOLDLINE_STATE``, else ``.foldline/localaws`` of the project.

    Outside a project (no ``infra/`` here or above) it is ``.foldline/localaws`` in the current folder.
    """
    if chosen := folder or os.environ.get("FOLDLINE_STATE"):
        return Path(chosen).expanduser().resolve()
    try:
        root = project_root()
    except ConfigError:
        root = Path.cwd()
    return root / ".foldline" / "localaws"


def delete_state(folder: Path) -> None:
    """Delete a state folder with everything in it; no matter if there is none.

    Raises:
        EnvironmentFault: A server uses it, it is not a state folder, or something in it cannot be deleted.
    """
    if not folder.exists():
        return
    if not (folder / "state.db").is_file():
        raise EnvironmentFault(
            f"{folder} is not a state folder of the local endpoint; nothing was deleted",
            mend="give the right folder with --state, or delete this one by hand",
        )
    with _unused(folder):
        _end_keepers(folder)
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise EnvironmentFault(
                f"the state folder could not be deleted: {error.strerror}",
                where=str(error.filename or folder),
                mend="delete it by hand with the rights it needs",
            ) from error


def _end_keepers(folder: Path) -> None:
    """End the processes that keep jobs running after their server was killed, and their jobs with them."""
    for address in (*folder.glob("keeper/address.json"), *folder.glob("*/keeper/address.json")):
        with suppress(OSError, ValueError, KeyError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(KEEPER_SECONDS)
            connection.connect(json.loads(address.read_text())["socket"])
            connection.sendall(b'{"do": "quit"}\n')
            while connection.recv(4096):
                pass  # it closes the connection when it goes


@contextmanager
def _unused(folder: Path) -> Iterator[None]:
    """Hold the state folder's lock, so that no server may start meanwhile."""
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise EnvironmentFault(
                f"the state folder {folder} is in use by process {lock.read().strip()}; nothing is deleted",
                mend="stop the local endpoint first: foldline local stop",
            ) from None
        yield
