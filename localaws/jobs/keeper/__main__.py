"""``python -m localaws.jobs.keeper STATE SOCKET LOCK``: keep a state folder's jobs; started by the server.

SOCKET and LOCK are numbers of open files: a socket to the server that starts it, and the lock that only one
keeper of a state folder has. The server takes the lock for its keeper, so there is no moment at which a
keeper that is about to run jobs holds no lock.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from pathlib import Path

from localaws.jobs.keeper.place import KeeperPlace
from localaws.jobs.keeper.service import Keeper


def main() -> int:
    """Keep; the exit code."""
    place = KeeperPlace(Path(sys.argv[1]))
    first = socket.socket(fileno=int(sys.argv[2]))
    first.set_inheritable(False)
    os.set_inheritable(int(sys.argv[3]), False)
    keeper = Keeper(place)
    for number in (signal.SIGINT, signal.SIGHUP):  # caught and not ignored: programs would inherit that
        signal.signal(number, lambda *_: None)
    # In a thread of its own: the handler may interrupt whoever holds the lock it needs.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=keeper.quit).start())
    keeper.serve(first)
    return 0


if __name__ == "__main__":
    sys.exit(main())
